/**
 * Time as L2L reads and shows it. It shares nothing with the gateway's own conversion (src/l2l/site-time.ts) on purpose: a mistake
 * that both made alike would prove itself.
 */

/** The forms of time L2L takes in calls, all in the site's zone and without an offset. */
export type TimeForm = 'minute' | 'second' | 'fraction';

const FORMS: Record<TimeForm, { readonly pattern: RegExp; readonly shown: string }> = {
  minute: { pattern: /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d)$/, shown: '%Y-%m-%d %H:%M' },
  second: { pattern: /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/, shown: '%Y-%m-%d %H:%M:%S' },
  fraction: { pattern: /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(\.\d{1,6})$/, shown: '%Y-%m-%d %H:%M:%S.%f' },
};

/** The forms in strptime's words, for refusals. */
export function formsShown(forms: readonly TimeForm[]): string {
  return forms.map(form => `"${FORMS[form].shown}"`).join(' or ');
}

const formatters = new Map<string, Intl.DateTimeFormat>();
const FIXED_ZONE = /^(?:GMT|UTC)([+-]\d{1,2})?$/;

/** The zone's distance from UTC at a moment (ms); east is positive. Throws RangeError for a zone nobody knows. */
function offsetAt(at: number, zone: string): number {
  const fixed = FIXED_ZONE.exec(zone);
  // Sites may carry "GMT+4". The reference leaves the sign open; here it is read as people write it: four hours ahead.
  if (fixed) return Number(fixed[1] ?? 0) * 3_600_000;
  let formatter = formatters.get(zone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(zone, formatter);
  }
  const second = Math.floor(at / 1000) * 1000;
  const parts = new Map(formatter.formatToParts(second).map(part => [part.type, Number(part.value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - second;
}

/**
 * Reads a site-local time; undefined when it has none of the forms or names no real time. No rule is documented for the
 * repeated and the skipped hour: as in Django's default, both mean standard time.
 */
export function parseSiteTime(text: string, forms: readonly TimeForm[], zone: string): number | undefined {
  for (const form of forms) {
    const match = FORMS[form].pattern.exec(text);
    if (!match) continue;
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
    const local = Date.UTC(year, month - 1, day, hour, minute, second);
    if (plain(local, 0) !== `${match.slice(1, 4).join('-')} ${pad(hour)}:${pad(minute)}:${pad(second)}`)
      return undefined;
    const fraction = Number(match[7] ?? 0) * 1000;
    return local - standardOffset(local, zone) + fraction;
  }
  return undefined;
}

/** The smaller of the two offsets that may hold around a local time is standard time, wherever both are in play. */
function standardOffset(local: number, zone: string): number {
  const before = offsetAt(local - 86_400_000, zone);
  const after = offsetAt(local + 86_400_000, zone);
  const fits = [Math.min(before, after), Math.max(before, after)].find(
    offset => offsetAt(local - offset, zone) === offset,
  );
  return fits ?? Math.min(before, after);
}

/** A moment as the site's clock shows it; the fraction only when there is one, or always with six digits. */
export function siteTime(at: number, zone: string, microseconds = false): string {
  return shown(at, offsetAt(at, zone), microseconds);
}

/** No single locale knows the abbreviations of all zones. */
const LOCALES = ['en-US', 'en-GB', 'en-CA', 'en-AU', 'en-ZA'];

/** What the zone is called at a moment: `MST`, `CET`, `GMT+4`. */
export function zoneName(at: number, zone: string): string {
  if (FIXED_ZONE.test(zone)) return zone;
  const names = LOCALES.map(locale => {
    const parts = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'short' }).formatToParts(at);
    return parts.find(({ type }) => type === 'timeZoneName')?.value ?? zone;
  });
  return names.find(name => /^[A-Z]{2,5}$/.test(name)) ?? names[0] ?? zone;
}

/** A moment in UTC, in the form of `created` and `lastupdated`. */
export function utcTime(at: number, microseconds = false): string {
  return shown(at, 0, microseconds);
}

function shown(at: number, offset: number, microseconds: boolean): string {
  const micros = Math.round((at - Math.floor(at / 1000) * 1000) * 1000);
  const digits = microseconds ? String(micros).padStart(6, '0') : String(Math.floor(micros / 1000)).padStart(3, '0');
  return plain(at, offset) + (microseconds || micros >= 1000 ? `.${digits}` : '');
}

function plain(at: number, offset: number): string {
  return new Date(Math.floor(at / 1000) * 1000 + offset).toISOString().slice(0, 19).replace('T', ' ');
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
