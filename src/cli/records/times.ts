import { parseDuration } from '../../core/fields.ts';
import { createTimeNotation, type TimeNotation } from '../../core/time-notation.ts';

/** Times as the lists and pages show them and as people of the site write them. */
export interface Times extends Pick<TimeNotation, 'zone' | 'people' | 'iso'> {
  /**
   * The first instant that a text can mean: what `people` and `iso` write, `2026-11-22 06:00`, `2026-11-22`, `06:00` (the
   * last one that has come: today's, else yesterday's), or `2h` for so long ago. undefined: none of them.
   */
  first(text: string): number | undefined;
  /**
   * The last instant of the same text: of the second where it names one, and of the second pass of the repeated hour. With `after`
   * a time without its date is the first one after that instant.
   */
  last(text: string, after?: number): number | undefined;
}

const DAY = 86_400_000;
const DATE = /^\d{4}-\d\d-\d\d$/;
const CLOCK = /^\d\d:\d\d(?::\d\d)?(?!\d)/;
/** What is shown as this second, or as this millisecond, can be anywhere in it. */
const TO_THE_SECOND = /\d\d:\d\d:\d\d(?<fraction>\.\d+)?/;

/** `timezone` null: the site's is not known, all is in UTC. */
export function createTimes(timezone: string | null, now: number): Times {
  const notation = createTimeNotation(timezone ?? 'UTC');

  function instantsOf(text: string, after?: number): readonly number[] {
    const ago = parseDuration(text);
    if (ago !== undefined) return [now - ago];
    if (CLOCK.test(text)) return after === undefined ? lastClock(text) : firstClock(text, after);
    return notation.parse(DATE.test(text) ? `${text} 00:00` : text);
  }

  /** What a time without its date means on the days around an instant, earliest day first. */
  function clockTimes(text: string, around: number): readonly (readonly number[])[] {
    // Days by their dates: a day of the zone can be longer or shorter than 24 hours, and the time can name another zone.
    const date = Date.parse(`${notation.iso(around).slice(0, 10)}T00:00:00Z`);
    return [-2, -1, 0, 1, 2]
      .map(days => notation.parse(`${new Date(date + days * DAY).toISOString().slice(0, 10)} ${text}`))
      .filter(instants => instants.length > 0);
  }

  function lastClock(text: string): readonly number[] {
    return clockTimes(text, now).findLast(([first = Infinity]) => first <= now) ?? [];
  }

  function firstClock(text: string, after: number): readonly number[] {
    return clockTimes(text, after).find(instants => endOf(text, instants.at(-1) ?? -Infinity) > after) ?? [];
  }

  return {
    zone: notation.zone,
    people: notation.people,
    iso: notation.iso,
    first: text => instantsOf(text)[0],
    last(text, after) {
      const at = instantsOf(text, after).at(-1);
      return at === undefined ? undefined : endOf(text, at);
    },
  };
}

function endOf(text: string, at: number): number {
  const shown = TO_THE_SECOND.exec(text);
  if (!shown) return at;
  return at + (shown.groups?.fraction === undefined ? 999.999 : 0.999);
}
