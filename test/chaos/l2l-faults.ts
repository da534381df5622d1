import type { Random } from '../../src/simulation/random.ts';
import type { WorldTime } from './virtual-time.ts';

export const L2L_FAULTS = [
  'refused', // no server listens
  'late', // the request hangs beyond the time-out, and then L2L applies it
  'lost', // the request hangs, and L2L never applies it
  'reset', // the connection ends, before or after L2L applied the request
  'server', // 500 or 502, before or after L2L applied it
  'page', // a page of some proxy, before or after L2L applied it
  'slow_down', // 429
  'no', // success:false for every write
  'key', // 401 or 403
  'slow',
] as const;
export type L2lFault = (typeof L2L_FAULTS)[number];

/** A time in which L2L fails in one way, for a `share` of the requests. */
export type L2lWindow = {
  readonly from: number;
  readonly to: number;
  readonly fault: L2lFault;
  readonly share: number;
};

export type L2lTroubles = {
  readonly windows: readonly L2lWindow[];
  /** The chance of a fault for a request outside of every window, until `noFaultsAfter`. */
  readonly background: number;
  readonly noFaultsAfter: number;
};

const RARE: readonly L2lFault[] = ['refused', 'late', 'lost', 'reset', 'server', 'page', 'slow_down', 'slow'];

/** How the next request fails; null: it does not. Each request draws its chance in its turn. */
export function drawFault(
  { windows, background, noFaultsAfter }: L2lTroubles,
  world: WorldTime,
  random: Random,
  isWrite: boolean,
): L2lFault | null {
  const now = world.now();
  for (const { from, to, fault, share } of windows) {
    if (now < from || now >= to || random() >= share) continue;
    if (fault !== 'no' || isWrite) return fault;
  }
  if (now >= noFaultsAfter || random() >= background) return null;
  return RARE[Math.floor(random() * RARE.length)] ?? null;
}
