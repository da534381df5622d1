import type { CounterDefinition } from '../../core/sample.ts';
import { difference, isStrictStep, movement, type Reading } from './movement.ts';

/** After so many doubted readings the first of them is believed: a device that shows anything at all must not hold the count for ever. */
export const MOST_DOUBTED = 4;

/**
 * Which reading a new one goes on from. `base`: the last believed one, so all doubted ones were wrong. A number: that doubted one,
 * so it was right. `stays`: it shows again what is doubted. `none`: it goes on from none of them and is doubted too.
 */
export type GoesOnFrom = 'base' | number | 'stays' | 'none';

/** A reading with the time (ms) before it that was not used up; doubted ones also with what they would count. */
type Known = { readonly reading: Reading; readonly spare: number };
type Doubtful = Known & { readonly moved: number };

/**
 * Judges a new reading. Anything but a plain step is doubted until the next reading: devices show 0 or anything else for a moment
 * when they start or lose their own device.
 *
 * - It goes on from the reading that it is a plausible step from; the doubted ones after that reading were wrong.
 * - When it is one from several, a 0 counts for nothing unless the counter shows 1 now, as it does after a reset; nor does a reading
 *   count that it only follows with an allowance for late stamps: the newest of the others, else the oldest of all.
 * - What counts nothing either way stays doubted as long as it stands: a counter that was reset to 0, or an impossible value.
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
