import { StartError } from '../core/errors.ts';

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

// Offsets change on quarter hours everywhere since 1970, so one look-up serves a quarter of an hour.
const QUARTER = 15 * 60_000;
const DAY = 24 * 3_600_000;
const MOST_CACHED = 10_000;
const TIME =
  /^(?<date>\d{4}-\d\d-\d\d)[T ](?<minute>\d\d:\d\d)(?::(?<second>\d\d)(?:\.(?<fraction>\d{1,9}))?)?\s*(?<offset>Z|[+-]\d\d:?\d\d)?$/;

/** Throws StartError for a name that is no IANA time zone. */
export function createSiteZone(name: string): SiteZone {
  const formatter = formatterOf(name);
  const offsets = new Map<number, number>();

  function offset(at: number): number {
    const quarter = Math.floor(at / QUARTER);
    const known = offsets.get(quarter);
    if (known !== undefined) return known;
    const found = localAsUtc(formatter, quarter * QUARTER) - quarter * QUARTER;
    if (offsets.size >= MOST_CACHED) offsets.clear();
    offsets.set(quarter, found);
    return found;
  }

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

  /** The instants at which the site's clock shows this, as if that were UTC; earliest first. */
  function instantsOf(local: number): readonly number[] {
    // Whatever changed near this time, the offsets a day before and a day after are the two that can hold.
    const candidates = new Set([offset(local - DAY), offset(local + DAY)]);
    return [...candidates]
      .map(candidate => local - candidate)
      .filter(at => at + offset(at) === local)
      .sort((a, b) => a - b);
  }

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
    parse(text) {
      const local = parseLocal(text);
      if (!local) return [];
      return local.offset === undefined ? instantsOf(local.at) : [local.at - local.offset];
    },
  };
}

/** A time that L2L writes in UTC (`created`, `lastupdated`); undefined when it is none. */
export function parseUtc(text: string): number | undefined {
  const local = parseLocal(text);
  return local && local.at - (local.offset ?? 0);
}

function parseLocal(text: string): { readonly at: number; readonly offset: number | undefined } | undefined {
  const parts = TIME.exec(text.trim())?.groups;
  if (!parts) return undefined;
  const { date, minute, second = '00', fraction = '', offset } = parts;
  const whole = Date.parse(`${date}T${minute}:${second}Z`);
  // Date.parse takes 30 February for 2 March; such a text is no time.
  if (Number.isNaN(whole) || new Date(whole).toISOString().slice(0, 10) !== date) return undefined;
  return { at: whole + Number(`0.${fraction}0`) * 1000, offset: offsetOf(offset) };
}

function offsetOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === 'Z') return 0;
  const sign = text.startsWith('-') ? -1 : 1;
  return sign * (Number(text.slice(1, 3)) * 60 + Number(text.slice(-2))) * 60_000;
}

function formatterOf(name: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new StartError(`"${name}" is no time zone; write the site's IANA name, such as America/Denver or Etc/GMT-4`, {
      cause,
    });
  }
}

function localAsUtc(formatter: Intl.DateTimeFormat, at: number): number {
  const parts = new Map(formatter.formatToParts(at).map(part => [part.type, Number(part.value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}
