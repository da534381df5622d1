import type { Random } from '../../src/simulation/random.ts';

/** The properties of a machine's dispatch rule. */
export type DispatchRule = {
  readonly name: string;
  readonly machine: string;
  readonly type: string;
  /** on_delay and off_delay (ms). */
  readonly delay: number;
  readonly offDelay: number;
  readonly ifFoundOpen: 'leave' | 'adopt' | 'open';
  readonly closeAdopted: boolean;
  readonly whenCleared: 'close' | 'complete' | 'note' | 'leave';
  readonly ifClosedByPerson: 'wait' | 'reopen';
  readonly ifMissed: 'open_and_close' | 'add' | 'nothing';
  /** Its max_age (ms); null: it is sent however late it is. */
  readonly maxAge: number | null;
};

/** The properties of the rule that counts a machine's cycles. */
export type CycleRule = {
  /** Cycles are sent as increments or as a total. */
  readonly mode: 'increment' | 'total';
  readonly maxAge: number | null;
  readonly onUnknown: 'park' | 'repeat' | 'drop';
};

const MINUTE = 60_000;

/** L2L opens only one dispatch of these types on a machine, so the second rule of such a machine is blocked. */
export const SINGLE_TYPES = ['CRASH', 'JAM'] as const;

/** The longest off_delay (ms). */
export const LONGEST_OFF_DELAY = 5 * MINUTE;

/**
 * The dispatch rules of a machine: one, two that share one dispatch, or two of which one blocks the other.
 * @param isKept its source keeps all events, so an off_delay runs by the true times
 */
export function drawDispatchRules(
  random: Random,
  { name, machine }: { readonly name: string; readonly machine: string },
  isKept: boolean,
): DispatchRule[] {
  const chance = (share: number) => random() < share;
  const pick = <const T>(items: readonly [T, ...T[]]): T => items[Math.floor(random() * items.length)] ?? items[0];
  const kind = pick(['one', 'one', 'shared', 'blocked']);
  const delay = pick([15_000, 60_000, 120_000]);
  const draw = (suffix: string, type: string, own: number, offDelay: number): DispatchRule => {
    const base = { name: `${name}_${suffix}`, machine, type, delay: own, offDelay };
    if (chance(0.25)) return { ...base, ...PLAIN };
    const found = pick(['leave', 'open', 'adopt', 'close_adopted']);
    // A dispatch that nobody closes would block the other rule for ever.
    const whenCleared = kind === 'blocked' ? 'close' : pick(['close', 'close', 'complete', 'note', 'leave']);
    return {
      ...base,
      ifFoundOpen: found === 'close_adopted' ? 'adopt' : found,
      closeAdopted: found === 'close_adopted',
      whenCleared,
      ifClosedByPerson: pick(['wait', 'reopen']),
      ifMissed: pick(['open_and_close', 'open_and_close', 'add', 'nothing']),
      maxAge: pick([null, null, 10 * MINUTE, 40 * MINUTE]),
    };
  };
  const isBlocked = kind === 'blocked';
  const first = draw('down', isBlocked ? SINGLE_TYPES[0] : 'DOWN', delay, 0);
  if (kind === 'one') return [first];
  const offDelay = isKept ? pick([0, 150_000, LONGEST_OFF_DELAY]) : 0;
  return [first, draw('long', isBlocked ? SINGLE_TYPES[1] : 'DOWN', delay + pick([30_000, 150_000]), offDelay)];
}

export function drawCycleRule(random: Random): CycleRule {
  const mode = random() < 0.25 ? 'total' : 'increment';
  const unknown = random();
  const onUnknown = unknown < 0.34 ? 'park' : unknown < 0.67 ? 'repeat' : 'drop';
  return { mode, maxAge: mode === 'increment' && random() < 0.2 ? 20 * MINUTE : null, onUnknown };
}

/** The defaults of a rule. */
const PLAIN = {
  ifFoundOpen: 'leave',
  closeAdopted: false,
  whenCleared: 'close',
  ifClosedByPerson: 'wait',
  ifMissed: 'open_and_close',
  maxAge: null,
} as const;
