import { createTimeZone, parseLocal, QUARTER } from '../core/time-zone.ts';

/**
 * The site's clock. L2L takes and prints local times without an offset, so the hour repeated in autumn is ambiguous:
 * `text` of two instants may be the same, and `parse` gives both.
 */
export interface SiteZone {
  readonly name: string;
  /** `2026-03-02 06:01:00`; parts of a second are cut off. */
  text(at: number): string;
  /** Like `text`, with `.ffffff` when the instant has parts of a second. */
  exact(at: number): string;
  /**
   * Like `exact`, and rising with time also through the hour that comes twice: both passes share its text, the first has its first
   * half and the second its second, each at half speed. So two spans that don't overlap never read as if they did.
   */
  rising(at: number): string;
  /** `2026-03-02 06:01`. */
  minute(at: number): string;
  /** The instants a text can mean, earliest first: two in the repeated hour, none in the skipped one or when it is no time. */
  parse(text: string): readonly number[];
}

/** Throws StartError for a name that is no IANA time zone. */
export function createSiteZone(name: string): SiteZone {
  const { offset, instantsOf, parse } = createTimeZone(name);

  const plain = (at: number) => {
    const second = Math.floor(at / 1000) * 1000;
    return new Date(second + offset(second)).toISOString().slice(0, 19).replace('T', ' ');
  };

  const exact = (at: number) => {
    const second = Math.floor(at / 1000) * 1000;
    // Rounded: a double holds today's instants to a quarter of a microsecond.
    const micros = Math.min(Math.round((at - second) * 1000), 999_999);
    return micros === 0 ? plain(at) : `${plain(at)}.${String(micros).padStart(6, '0')}`;
  };

  return {
    name,
    text: plain,
    exact,
    rising(at) {
      const [first, second] = instantsOf(at + offset(at));
      if (first === undefined || second === undefined) return exact(at);
      let change = Math.ceil(second / QUARTER) * QUARTER;
      while (offset(change - QUARTER) === offset(second)) change -= QUARTER;
      // Both passes are as long as the clock is set back.
      const begin = change - (second - first);
      return exact(begin + (at - begin) / 2);
    },
    minute: at => plain(at).slice(0, 16),
    parse,
  };
}

/** A time that L2L writes in UTC (`created`, `lastupdated`); undefined when it is none. */
export function parseUtc(text: string): number | undefined {
  const local = parseLocal(text);
  return local && local.at - (local.offset ?? 0);
}
