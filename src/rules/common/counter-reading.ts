import type { CounterDefinition, SignalDefinition, Value } from '../../core/sample.ts';

/** Whether a value can be a reading of a counter: an exact whole number, negative only when the counter has a negative half. */
export function isReading(counter: Pick<CounterDefinition, 'wrapsTo'>, value: Value | null): value is number | bigint {
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isSafeInteger(value))) return false;
  return value >= (counter.wrapsTo ?? 0);
}

/** Why a counter can't count with this value; undefined: it can, or the signal is no counter. */
export function readingProblem({ counter }: SignalDefinition, value: Value | null): string | undefined {
  if (counter === undefined || value === null || isReading(counter, value)) return undefined;
  if (typeof value !== 'number' && typeof value !== 'bigint') return `${value} is no number, so it is not counted`;
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER)
    return `${value} is too large to be exact, so it is not counted; let the PLC count in a 32-bit integer`;
  if (typeof value === 'number' && !Number.isInteger(value))
    return `${value} is no whole number, so it is not counted; let the PLC count in an integer, and say with per_count what one count is`;
  return counter.wrapsTo === undefined
    ? `${value} is negative, so it is not counted; where the counter goes on at its negative end write wraps: full or its type, such as wraps: int32`
    : `${value} is below ${counter.wrapsTo}, the lowest value of its type, so it is not counted`;
}
