import type { JSONValue } from 'json-p3';

/** The zone is required, because a local time without a zone means another instant on every host. */
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/;

/** Seconds since 1970 stay below this until the year 5138. Milliseconds have been above it since 1973. */
const SECONDS_BELOW = 100_000_000_000;

/** The time in a payload (ms since 1970): ISO text with zone, or seconds or milliseconds since 1970. */
export function payloadTime(raw: JSONValue): number | undefined {
  if (typeof raw === 'string' && ISO.test(raw)) {
    const at = Date.parse(raw.replace(',', '.'));
    return Number.isNaN(at) ? undefined : at;
  }
  const number = typeof raw === 'string' && /^\d+(?:\.\d+)?$/.test(raw) ? Number(raw) : raw;
  if (typeof number !== 'number' || !Number.isFinite(number) || number <= 0) return undefined;
  return number < SECONDS_BELOW ? number * 1000 : number;
}

/** The range in which a message's own time is used (ms since 1970). */
export type Believed = { readonly from: number; readonly to: number };

/**
 * A live message is about as old as its receipt. A queued message may be as old as the last committed message. Without a committed message
 * it may be as old as the session that kept it.
 */
export function believed(facts: {
  readonly receivedAt: number;
  readonly maxSkew: number;
  readonly queued: boolean;
  readonly lastCommit: number | undefined;
  readonly sessionExpiry: number;
}): Believed {
  const oldest = facts.queued ? (facts.lastCommit ?? facts.receivedAt - facts.sessionExpiry) : facts.receivedAt;
  return { from: oldest - facts.maxSkew, to: facts.receivedAt + facts.maxSkew };
}
