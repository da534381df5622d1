import { parseDuration } from '../../core/fields.ts';
import { createTimeNotation, type TimeNotation } from '../../core/time-notation.ts';

/** Times as the lists and pages show them and as people of the site write them. */
export interface Times extends Pick<TimeNotation, 'zone' | 'people' | 'iso'> {
  /**
   * The first instant that a text can mean: what `people` and `iso` write, `2026-11-22 06:00`, `2026-11-22`, `06:00` (today), or
   * `2h` for so long ago. undefined: none of them.
   */
  first(text: string): number | undefined;
  /** The last instant of the same text: of the second where it names one, and of the second pass of the repeated hour. */
  last(text: string): number | undefined;
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const CLOCK = /^\d\d:\d\d(?::\d\d)?(?!\d)/;
/** What is shown as this second, or as this millisecond, can be anywhere in it. */
const TO_THE_SECOND = /\d\d:\d\d:\d\d(?<fraction>\.\d+)?/;

/** `timezone` null: the site's is not known, all is in UTC. */
export function createTimes(timezone: string | null, now: number): Times {
  const notation = createTimeNotation(timezone ?? 'UTC');

  function instantsOf(text: string): readonly number[] {
    const ago = parseDuration(text);
    if (ago !== undefined) return [now - ago];
    const today = notation.iso(now).slice(0, 10);
    return notation.parse(CLOCK.test(text) ? `${today} ${text}` : DATE.test(text) ? `${text} 00:00` : text);
  }

  return {
    zone: notation.zone,
    people: notation.people,
    iso: notation.iso,
    first: text => instantsOf(text)[0],
    last(text) {
      const at = instantsOf(text).at(-1);
      const shown = TO_THE_SECOND.exec(text);
      if (at === undefined || !shown) return at;
      return at + (shown.groups?.fraction === undefined ? 999.999 : 0.999);
    },
  };
}
