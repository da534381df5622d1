import type { JournalPlace } from '../../config/journal-place.ts';
import { parseDuration } from '../../core/fields.ts';

/** Times as the people of the site write them. */
export interface Times {
  /** `2026-11-22 06:01:00 America/Denver (13:01:00 UTC)`, with parts of a second where there are any. */
  full(at: number): string;
  /** `11-22 06:01`, or the date when it is of another year. */
  short(at: number): string;
  /** `2026-11-22 06:01:00`. */
  site(at: number): string;
  /** Whose times the short ones are. */
  readonly name: string;
  /** `2026-11-22 06:00`, `2026-11-22`, `06:00` (today) in site time; `…Z` for UTC; `2h` for so long ago. undefined: none of them. */
  parse(text: string): number | undefined;
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const CLOCK = /^\d\d:\d\d(?::\d\d)?$/;

/** `zone` null: the site's is not known, all is in UTC. */
export function createTimes(zone: JournalPlace['zone'], now: number): Times {
  const utc = (at: number) => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
  const local = (at: number) => zone?.text(at) ?? utc(at);
  const fraction = (at: number) => {
    const ms = Math.floor(((at % 1000) + 1000) % 1000);
    return ms === 0 ? '' : `.${String(ms).padStart(3, '0')}`;
  };
  const name = zone?.name ?? 'UTC';

  return {
    name,
    full(at) {
      const site = local(at);
      if (!zone || name === 'UTC') return `${site}${fraction(at)} UTC`;
      const world = utc(at);
      const sameDay = world.slice(0, 10) === site.slice(0, 10);
      return `${site}${fraction(at)} ${name} (${sameDay ? world.slice(11) : world}${fraction(at)} UTC)`;
    },
    short(at) {
      const text = local(at);
      return text.slice(0, 4) === local(now).slice(0, 4) ? text.slice(5, 16) : text.slice(0, 10);
    },
    site: local,
    parse(text) {
      const ago = parseDuration(text);
      if (ago !== undefined) return now - ago;
      const whole = CLOCK.test(text) ? `${local(now).slice(0, 10)} ${text}` : DATE.test(text) ? `${text} 00:00` : text;
      if (zone) return zone.parse(whole)[0];
      if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(whole)) return undefined;
      const at = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(whole) ? whole : `${whole.replace(' ', 'T')}Z`);
      return Number.isNaN(at) ? undefined : at;
    },
  };
}
