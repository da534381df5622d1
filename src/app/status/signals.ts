import { formatDuration } from '../../core/fields.ts';
import type { SignalDefinition, SourceStatus } from '../../core/sample.ts';
import type { SignalView } from '../../rules/signal-view.ts';
import { nothingWords, sourceWords } from '../status.ts';
import { type Iso, isoOrNull, lengthWords } from './page-time.ts';

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

  return signals.map(signal => {
    const { definition, value, good, quality, at } = signal;
    const address = addressOf(definition.name);
    return {
      name: definition.name,
      value,
      ...(definition.unit !== undefined && { unit: definition.unit }),
      good,
      quality,
      reason: reasonOf(signal),
      at: isoOrNull(at, iso),
      age: at === null ? null : lengthWords(now - at),
      definition: { ...definitionStatus(definition), ...(address !== undefined && { address }) },
    };
  });
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
