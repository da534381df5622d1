import type { Random } from '../../src/simulation/random.ts';
import type { WorldTime } from './virtual-time.ts';

export const L2L_FAULTS = [
  'refused', // nobody listens
  'late', // hangs beyond the time-out, then applies it
  'lost', // hangs and never applies it
  'reset', // the connection ends, before or after it was applied
  'server', // 500 or 502, before or after
  'page', // some proxy's page, before or after
  'slow_down', // 429
  'no', // success:false for every write
  'key', // 401 or 403
  'slow',
] as const;
export type L2lFault = (typeof L2L_FAULTS)[number];

/** A time in which L2L fails in one way; `share` of the requests are struck. */
export type L2lWindow = {
  readonly from: number;
  readonly to: number;
  readonly fault: L2lFault;
  readonly share: number;
};

export type L2lTroubles = {
  readonly windows: readonly L2lWindow[];
  /** Chance that a request outside of every window is struck by something, until `noFaultsAfter`. */
  readonly background: number;
  readonly noFaultsAfter: number;
};

const RARE: readonly L2lFault[] = ['refused', 'late', 'lost', 'reset', 'server', 'page', 'slow_down', 'slow'];

/** How the next request fails; null: it does not. Each request draws from chance in its turn. */
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
