import { formatDuration } from '../../core/fields.ts';
import type { SignalDefinition, SourceStatus } from '../../core/sample.ts';
import type { SignalView } from '../../rules/signal-view.ts';
import { nothingWords, sourceWords } from '../readiness.ts';
import { type Iso, isoOrNull, lengthWords } from './page-time.ts';

/** A number that is 0 for so long (ms) is 0, and not only the first reading of a device that starts. */
const EMPTY_FOR = 60_000;
const EMPTY_WORDS =
  'has been 0 since the gateway started: is the address right (first_register), and the table (holding or input)?';

export type SignalFacts = {
  readonly sources: readonly SourceStatus[];
  /** Where a signal is read, in words; undefined: nobody says. */
  readonly addressOf: (signal: string) => string | undefined;
  readonly now: number;
  readonly iso: Iso;
};

/** Each signal with what it shows, since when, and why it is not good. One that was never received says what its source says. */
export function signalStatus(
  signals: readonly SignalView[],
  { sources, addressOf, now, iso }: SignalFacts,
): readonly object[] {
  const standing = new Map(sources.map(source => [source.source, source]));

  function reasonOf({ good, reason, at, definition }: SignalView): string | null {
    if (good || reason !== null) return reason;
    const source = standing.get(definition.source);
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
      at: isoOrNull(at, iso),
      age: at === null ? null : lengthWords(now - at),
      definition: { ...definitionStatus(definition), ...(address !== undefined && { address }) },
    };
  });
}

/**
 * What to look at, by signal, where a table of a Modbus device answers and every number of it was 0 since the start: a device
 * answers 0 for registers that it does not use. One other value, of any number of the table, says that the table is right.
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

/** As people write it in the config: a counter's rate by the minute, and where it wraps as `wraps`. */
function definitionStatus({
  name,
  source,
  type,
  unit,
  counter,
  staleAfter,
  acceptUncertain,
}: SignalDefinition): object {
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

/** A rate by the millisecond as the config has it, without what doubles leave behind. */
function perMinute(rate: number): number {
  return Number((rate * 60_000).toPrecision(12));
}
