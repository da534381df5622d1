import { createTimeZone, type TimeZone } from '../core/time-zone.ts';
import { ianaZone } from './zone-names.ts';

/** How two time zones compare; `unknown`: L2L's text is no zone that can be compared. */
export type ZoneMatch = 'same' | 'different' | 'unknown';

const HOUR = 3_600_000;
const YEAR = 366 * 24 * HOUR;
/** Daylight saving lasts for months, so one comparison every few hours finds each change. */
const STEP = 3 * HOUR;

/**
 * Compares the zone of the config with the one L2L gives for its site. Aliases, and other zones with the same offsets through the
 * year that begins `now`, are the same. A text such as `GMT+4` is the same or unknown: it is not documented whether it is ahead of
 * UTC or behind. Pure.
 */
export function compareZones(config: string, site: string, now: number): ZoneMatch {
  const zone = ianaZone(site);
  if (zone !== undefined) {
    // Nearly always the names are the same, and then the offsets of a year need no comparison.
    const same = zone === ianaZone(config) || hasOffsets(config, at => offsetOf(zone, at), now);
    return same ? 'same' : 'different';
  }
  const [, sign, hours, minutes = '0'] = /^(?:GMT|UTC)?\s*([+-])(\d{1,2})(?::?(\d\d))?$/i.exec(site.trim()) ?? [];
  if (sign === undefined) return 'unknown';
  const size = Number(hours) * HOUR + Number(minutes) * 60_000;
  return [size, -size].some(offset => hasOffsets(config, () => offset, now)) ? 'same' : 'unknown';
}

function hasOffsets(config: string, wanted: (at: number) => number, now: number): boolean {
  for (let at = now; at < now + YEAR; at += STEP) if (offsetOf(config, at) !== wanted(at)) return false;
  return true;
}

/** Cached, because it takes long to create one. */
const zones = new Map<string, TimeZone>();

function offsetOf(name: string, at: number): number {
  const zone = zones.get(name) ?? createTimeZone(name);
  zones.set(name, zone);
  return zone.offset(at);
}
