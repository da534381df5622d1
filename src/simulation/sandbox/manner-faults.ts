import { Fault, type FaultInput } from './faults.ts';
import type { Manners } from './manners.ts';

/** One call in so many is too much, where the sandbox limits the rate. */
const ONE_IN = 10;

/** Scattered, so that no client whose reads repeat in a fixed rhythm always meets the limit at the same read. The same in every run. */
function isTooMuch(number: number): boolean {
  const mixed = Math.imul(number ^ (number >>> 15) ^ 0x5bd1e995, 0x2c1b3c6d);
  return ((mixed ^ (mixed >>> 13)) >>> 0) % ONE_IN === 0;
}

const RATE_LIMITS: Readonly<Record<Exclude<Manners['rate_limit'], 'none'>, FaultInput>> = {
  retry_after: { kind: 'status', status: 429, retryAfter: 1 },
  bare: { kind: 'status', status: 429 },
  unavailable: { kind: 'status', status: 503 },
  words: { kind: 'refuse', error: 'Rate limit exceeded, please try again later.' },
};

const MISSING_RIGHTS: Readonly<Record<Manners['missing_right'], FaultInput>> = {
  forbidden: { kind: 'status', status: 403 },
  unauthorized: { kind: 'status', status: 401 },
  words: { kind: 'refuse', error: 'You do not have permission to perform this action.' },
};

/** How a manner keeps the sandbox from running a call; undefined: it runs it. `number`: how many calls came before, and this one. */
export function mannerFault(manners: Manners, method: string, area: string, number: number): Fault | undefined {
  if (manners.rate_limit !== 'none' && isTooMuch(number)) return Fault.parse(RATE_LIMITS[manners.rate_limit]);
  const isDenied = manners.rights === 'write_only' || manners.rights === `no_${area}`;
  return method === 'GET' && isDenied ? Fault.parse(MISSING_RIGHTS[manners.missing_right]) : undefined;
}
