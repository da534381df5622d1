import { StartError } from './errors.ts';

/** A time zone: its offset from UTC, and the instants that a local time can mean. */
export interface TimeZone {
  /** IANA name. */
  readonly name: string;
  /** The local time minus UTC (ms) at an instant. */
  offset(at: number): number;
  /** The instants of a local time, which is given as if it were UTC; earliest first. Two in the repeated hour, none in the skipped one. */
  instantsOf(local: number): readonly number[];
  /** The instants that a text can mean, earliest first: one when the text has an offset, none when it is no time. */
  parse(text: string): readonly number[];
}

// Since 1970, offsets change only on quarter hours, so one look-up is valid for a quarter of an hour.
export const QUARTER = 15 * 60_000;
const DAY = 24 * 3_600_000;
const MOST_CACHED = 10_000;
const TIME =
  /^(?<date>\d{4}-\d\d-\d\d)[T ](?<minute>\d\d:\d\d)(?::(?<second>\d\d)(?:\.(?<fraction>\d{1,9}))?)?\s*(?<offset>Z|[+-]\d\d:?\d\d)?$/;

/** Throws a StartError for a name that is no IANA time zone. */
export function createTimeZone(name: string): TimeZone {
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

  function instantsOf(local: number): readonly number[] {
    // Only the offset of the day before or the day after can be valid, whatever change is near this time.
    const candidates = new Set([offset(local - DAY), offset(local + DAY)]);
    return [...candidates]
      .map(candidate => local - candidate)
      .filter(at => at + offset(at) === local)
      .sort((a, b) => a - b);
  }

  return {
    name,
    offset,
    instantsOf,
    parse(text) {
      const local = parseLocal(text);
      if (!local) return [];
      return local.offset === undefined ? instantsOf(local.at) : [local.at - local.offset];
    },
  };
}

/** The local time of a text as if it were UTC (ms since 1970), and its offset (ms) if it has one; undefined: the text is no time. */
export function parseLocal(text: string): { readonly at: number; readonly offset: number | undefined } | undefined {
  const parts = TIME.exec(text.trim())?.groups;
  if (!parts) return undefined;
  const { date, minute, second = '00', fraction = '', offset } = parts;
  const whole = Date.parse(`${date}T${minute}:${second}Z`);
  // Date.parse reads 30 February as 2 March. Such a text is no time here.
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
