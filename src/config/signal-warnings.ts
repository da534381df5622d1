import { hasWildcard } from '../adapters/mqtt/topics.ts';
import type { SourceConfig } from '../adapters/registry.ts';
import { parseDuration } from '../core/fields.ts';

/** Signals of a broker that would hold their last value for ever; a PLC that is asked is missed at once when it does not answer. */
export function neverStale(source: SourceConfig): readonly string[] {
  if (source.protocol !== 'mqtt') return [];
  return Object.entries(source.signals)
    .filter(([, { stale_after }]) => stale_after === undefined)
    .map(([name]) => name);
}

/** Numbers of a broker that come from several topics, with what is written as their topic: nobody can tell one topic's from another's. */
export function mixedTopics(source: SourceConfig): readonly { readonly signal: string; readonly topic: string }[] {
  if (source.protocol !== 'mqtt') return [];
  return Object.entries(source.signals)
    .filter(([, { topic, as }]) => hasWildcard(topic) && (as === 'number' || as === 'integer'))
    .map(([signal, { topic }]) => ({ signal, topic }));
}

/** Up to here a float of this width (IEEE 754) has every whole number; beyond it, adding 1 leaves it as it is. */
const WHOLE_NUMBERS: Readonly<Record<string, { readonly bits: number; readonly last: number }>> = {
  float32: { bits: 32, last: 2 ** 24 },
  float64: { bits: 64, last: 2 ** 53 },
};

/** A counter that needs longer than this is replaced before it gets there. */
const LONG_LIFE = (parseDuration('1d') ?? 0) * 365 * 30;

type Countable = { readonly as?: string | undefined; readonly counter?: Counter | undefined };
type Counter = { readonly wraps: 'full' | 'never' | number; readonly max_rate: number };

/** Why a counter in a float stands still one day; undefined: it does not. */
export function floatCounterWarning(signal: object): string | undefined {
  const { as, counter } = signal as Countable;
  const whole = WHOLE_NUMBERS[as ?? ''];
  if (whole === undefined || counter === undefined) return undefined;
  const { bits, last } = whole;
  if (typeof counter.wraps === 'number' && counter.wraps <= last) return undefined;
  // The rate is units per millisecond. A 32-bit float is worth a word whatever the rate: the highest plausible one says little of the usual one.
  if (as === 'float64' && last / counter.max_rate > LONG_LIFE) return undefined;
  return `a ${bits}-bit float can't count by ones beyond ${last.toLocaleString('en-US')}: there the counter stands still and counts are lost; let the PLC count in an integer (DINT, UDINT) and read it as int32 or uint32, or write the number after which it starts again at 0, such as wraps: 999999`;
}
