import { createTimeZone, QUARTER, type TimeZone } from './time-zone.ts';

declare const isoTime: unique symbol;

/** An instant as ISO 8601 text with the zone's offset: `2026-03-02T06:01:00.000-07:00`. Only `TimeNotation.iso` makes one. */
export type IsoTime = string & { readonly [isoTime]: true };

/** Writes instants (ms since 1970) in the site's time, for people or for programs. The gateway has no other notation. */
export interface TimeNotation {
  /** IANA name of the zone. */
  readonly zone: string;
  /** `2026-03-02 06:01:00 MST`. A zone without an abbreviation has its offset there: `+05:30`. */
  people(at: number): string;
  iso(at: number): IsoTime;
  /** null: there is no such instant. */
  iso(at: number | null): IsoTime | null;
  /** The instants that a text can mean, earliest first. Reads the texts of `people` and `iso`, with or without their zone. */
  parse(text: string): readonly number[];
}

/** The last instant of a Date (ms since 1970), less the largest offset. A device can send any time, also a later one. */
const LATEST = 8.64e15 - 24 * 3_600_000;
const MINUTE = 60_000;
/** No single locale has the abbreviations of all zones: American, European, Canadian, Australian, South African. */
const LOCALES = ['en-US', 'en-GB', 'en-CA', 'en-AU', 'en-ZA'];
const MOST_CACHED = 1000;
const WITH_ABBREVIATION = /^(?<time>.*\d)\s*(?<abbreviation>[A-Za-z]{2,5})$/;

/** Throws a StartError for a name that is no IANA time zone. */
export function createTimeNotation(name: string): TimeNotation {
  const zone = createTimeZone(name);
  const abbreviationOf = abbreviations(zone);

  function local(at: number): string {
    return new Date(at + zone.offset(at)).toISOString().replace('Z', '');
  }

  function people(at: number): string {
    if (!isInstant(at)) return 'an impossible time';
    const text = local(at)
      .replace('T', ' ')
      .replace(/\.\d+$/, '');
    return `${text} ${abbreviationOf(at)}`;
  }

  function iso(at: number | null): string | null {
    if (at === null) return null;
    if (!isInstant(at)) return 'an impossible time';
    return `${local(at)}${offsetText(zone.offset(at))}`;
  }

  return {
    zone: name,
    people,
    iso: iso as TimeNotation['iso'],
    parse(text) {
      const { time, abbreviation } = WITH_ABBREVIATION.exec(text.trim())?.groups ?? {};
      if (time === undefined || abbreviation === undefined) return zone.parse(text);
      const word = abbreviation.toUpperCase();
      const here = zone.parse(time).filter(at => abbreviationOf(at).toUpperCase() === word);
      return here.length === 0 && word === 'UTC' ? zone.parse(`${time}Z`) : here;
    },
  };
}

/** The notation in the zone of this host, for texts before the config is read, or without one. */
export function hostTimeNotation(): TimeNotation {
  return createTimeNotation(Intl.DateTimeFormat().resolvedOptions().timeZone);
}

function isInstant(at: number): boolean {
  return Math.abs(at) <= LATEST;
}

/** `-07:00`; `+00:00` for UTC. */
function offsetText(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / MINUTE);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Finds the abbreviation of the zone at an instant. Without one it gives the offset. */
function abbreviations(zone: TimeZone): (at: number) => string {
  const formatters = LOCALES.map(
    locale => new Intl.DateTimeFormat(locale, { timeZone: zone.name, timeZoneName: 'short' }),
  );
  // Every log line needs it, so it is kept.
  const known = new Map<number, string>();

  function find(at: number): string {
    for (const formatter of formatters) {
      const word = formatter.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
      // Where a locale has no abbreviation it writes GMT+5:30.
      if (/^[A-Z]{2,5}$/.test(word)) return word;
    }
    return offsetText(zone.offset(at));
  }

  return at => {
    const quarter = Math.floor(at / QUARTER);
    const found = known.get(quarter) ?? find(at);
    if (known.size >= MOST_CACHED) known.clear();
    known.set(quarter, found);
    return found;
  };
}
