import { createTimeZone, parseLocal, QUARTER } from '../core/time-zone.ts';

/**
 * Times in the site's zone, as L2L takes and writes them: without an offset. So the hour that is repeated in autumn is ambiguous:
 * two instants can have the same `text`, and `parse` returns both.
 */
export interface SiteZone {
  readonly name: string;
  /** `2026-03-02 06:01:00`; parts of a second are cut off. */
  text(at: number): string;
  /** Like `text`, with `.ffffff` when the instant has parts of a second. */
  exact(at: number): string;
  /**
   * Like `exact`, but a later instant never has an earlier text. In the repeated hour, the first pass gets the first half of the hour
   * and the second pass gets the second half, each at half speed. So two intervals that do not overlap never look as if they did.
   */
  monotonic(at: number): string;
  /** `2026-03-02 06:01`. */
  minute(at: number): string;
  /** The instants that a text can mean, earliest first: two in the repeated hour; none in the skipped hour, or when the text is no time. */
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
    // A double holds today's instants with an error of up to a quarter of a microsecond.
    const micros = Math.min(Math.round((at - second) * 1000), 999_999);
    return micros === 0 ? plain(at) : `${plain(at)}.${String(micros).padStart(6, '0')}`;
  };

  return {
    name,
    text: plain,
    exact,
    monotonic(at) {
      const [first, second] = instantsOf(at + offset(at));
      if (first === undefined || second === undefined) return exact(at);
      let change = Math.ceil(second / QUARTER) * QUARTER;
      while (offset(change - QUARTER) === offset(second)) change -= QUARTER;
      // The clock is set back by the length of one pass.
      const begin = change - (second - first);
      return exact(begin + (at - begin) / 2);
    },
    minute: at => plain(at).slice(0, 16),
    parse,
  };
}

/** The instant of a field that L2L writes in UTC (`created`, `lastupdated`); undefined: the text is no time. */
export function parseUtc(text: string): number | undefined {
  const local = parseLocal(text);
  return local && local.at - (local.offset ?? 0);
}
