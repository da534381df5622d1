import { formatDuration, formatSeconds } from '../../core/fields.ts';
import type { SignalDefinition, SourceStatus } from '../../core/sample.ts';
import type { TimeNotation } from '../../core/time-notation.ts';
import type { SignalView } from '../../rules/signal-view.ts';
import { nothingWords, sourceWords } from '../readiness.ts';

/** A device that starts may answer 0 at first. A number that is still 0 after this time gets a hint (ms). */
const EMPTY_FOR = 60_000;
const EMPTY_WORDS =
  'has been 0 since the gateway started: is the address right (first_register), and the table (holding or input)?';

export type SignalFacts = {
  readonly sources: readonly SourceStatus[];
  /** Where a signal is read, in words; undefined: it is not known. */
  readonly addressOf: (signal: string) => string | undefined;
  readonly now: number;
  readonly iso: TimeNotation['iso'];
};

/**
 * Each signal: its value, the time of its last sample, and why it is not good. A signal without a sample shows the reason of its source.
 */
export function signalStatus(signals: readonly SignalView[], { sources, addressOf, now, iso }: SignalFacts) {
  const statuses = new Map(sources.map(source => [source.source, source]));

  function reasonOf({ good, reason, at, definition }: SignalView): string | null {
    if (good || reason !== null) return reason;
    const source = statuses.get(definition.source);
    const isUp = !source || source.state === 'connected';
    return isUp ? nothingWords(at) : `nothing received yet: ${sourceWords(source)}`;
  }

  const hints = emptyTables(signals, now);

  return signals.map(signal => {
    const { definition, value, good, quality, at } = signal;
    const address = addressOf(definition.name);
    const hint = hints.get(signal);
    return {
      name: definition.name,
      value,
      ...(definition.unit !== undefined && { unit: definition.unit }),
      good,
      quality,
      reason: reasonOf(signal),
      ...(hint !== undefined && { hint }),
      at: iso(at),
      age: at === null ? null : formatSeconds(now - at),
      definition: { ...definitionStatus(definition), ...(address !== undefined && { address }) },
    };
  });
}

/**
 * A hint for each signal of a Modbus table in which every number was 0 since the start. A device answers 0 for registers that it does not
 * use, so the address or the table may be wrong. A single other value of any number shows that the table is right.
 */
function emptyTables(signals: readonly SignalView[], now: number): ReadonlyMap<SignalView, string> {
  const hints = new Map<SignalView, string>();
  const numbers = signals.filter(({ definition }) => definition.register !== undefined);
  const tables = Map.groupBy(numbers, ({ definition }) => `${definition.source} ${definition.register?.table}`);
  for (const table of tables.values()) {
    if (table.some(({ value, emptySince }) => value !== null && emptySince === null)) continue;
    for (const signal of table) {
      const { good, emptySince, definition } = signal;
      if (!good || emptySince === null || now - emptySince < EMPTY_FOR) continue;
      const subject = definition.register?.empty === 0 ? '' : 'its register ';
      hints.set(signal, `${subject}${EMPTY_WORDS}`);
    }
  }
  return hints;
}

/** The definition in the words of the config: the rate of a counter is per minute. */
function definitionStatus({ name, source, type, unit, counter, staleAfter, acceptUncertain }: SignalDefinition) {
  return {
    name,
    source,
    type,
    ...(unit !== undefined && { unit }),
    ...(counter && { counter: { wraps: counter.wrapsAt ?? 'never', maxPerMinute: perMinute(counter.maxRate) } }),
    ...(staleAfter !== undefined && { badAfterSilenceOf: formatDuration(staleAfter) }),
    ...(acceptUncertain && { uncertain: 'counts as good' }),
  };
}

/** A rate per millisecond as a rate per minute, rounded to the digits that a person wrote. */
function perMinute(rate: number): number {
  return Number((rate * 60_000).toPrecision(12));
}
