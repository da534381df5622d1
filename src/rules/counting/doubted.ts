import type { CounterDefinition } from '../../core/sample.ts';
import { difference, isStrictStep, movement, type Reading } from './movement.ts';

/** After so many doubted readings the first one is believed, so that a device with random readings can't hold the count for ever. */
export const MOST_DOUBTED = 4;

/**
 * Which earlier reading a new one follows. `base`: the last believed one, so all doubted ones were wrong. A number: the doubted one at
 * this index, so that one was right. `stays`: the new reading repeats a doubted one. `none`: it follows none and is doubted too.
 */
export type GoesOnFrom = 'base' | number | 'stays' | 'none';

/** A reading with the time (ms) before it that was not used up; doubted ones also with what they would count. */
type Known = { readonly reading: Reading; readonly spare: number };
type Doubtful = Known & { readonly moved: number };

/**
 * Judges a new reading. A reading that is no plain step is doubted until the next one, because devices show 0 or a random value for a
 * moment when they start or lose their own device.
 *
 * - The new reading follows the one from which it is a plausible step. The doubted ones after that one were wrong.
 * - If it can follow several, it follows the newest that is no weak candidate, or else the oldest of all. Weak are a 0, unless the
 *   counter shows 1 now (as after a reset), and a reading that it can follow only with an allowance for late stamps.
 * - A reading that counts nothing stays doubted as long as it is repeated: a counter that was reset to 0, or an impossible value.
 */
export function goesOnFrom(
  counter: CounterDefinition,
  base: Known,
  doubted: readonly Doubtful[],
  next: Reading,
): GoesOnFrom {
  if (doubted.some(one => one.moved === 0 && difference(one.reading.value, next.value) === 0)) return 'stays';
  const known = [base, ...doubted];
  const follows = known.map(({ reading, spare }) => movement(counter, reading, next, spare).kind === 'step');
  const oldest = follows.indexOf(true);
  if (oldest < 0) return 'none';
  const newest = known.findLastIndex(
    ({ reading }, index) => follows[index] && !isWeak(reading, next) && isStrictStep(counter, reading, next),
  );
  const found = newest < 0 ? oldest : newest;
  return found === 0 ? 'base' : found - 1;
}

function isWeak({ value }: Reading, next: Reading): boolean {
  return difference(value, 0) === 0 && difference(next.value, 1) > 0;
}
