import { parseDuration } from '../core/fields.ts';

/** A float of this width (IEEE 754) has every whole number up to this one. Beyond it, adding 1 changes nothing. */
const WHOLE_NUMBERS: Readonly<Record<string, { readonly bits: number; readonly last: number }>> = {
  float32: { bits: 32, last: 2 ** 24 },
  float64: { bits: 64, last: 2 ** 53 },
};

/** A counter that needs longer than this to reach its last number is replaced before that. */
const LONG_LIFE = (parseDuration('1d') ?? 0) * 365 * 30;

type Countable = { readonly as?: string | undefined; readonly counter?: Counter | undefined };
type Counter = { readonly wraps: 'full' | 'never' | number; readonly max_rate: number };

/** Why a counter in a float will stand still; undefined: it will not. */
export function floatCounterWarning(signal: object): string | undefined {
  const { as, counter } = signal as Countable;
  const whole = WHOLE_NUMBERS[as ?? ''];
  if (whole === undefined || counter === undefined) return undefined;
  const { bits, last } = whole;
  if (typeof counter.wraps === 'number' && counter.wraps <= last) return undefined;
  // The rate is units per millisecond. A 32-bit float gets a warning at every rate, because the highest plausible rate says little about
  // the usual one.
  if (as === 'float64' && last / counter.max_rate > LONG_LIFE) return undefined;
  return `a ${bits}-bit float can't count by ones beyond ${last.toLocaleString('en-US')}: there the counter stands still and counts are lost; let the PLC count in an integer (DINT, UDINT) and read it as int32 or uint32, or write the number after which it starts again at 0, such as wraps: 999999`;
}
