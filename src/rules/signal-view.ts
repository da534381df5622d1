import type { Quality, SignalDefinition, Value } from '../core/sample.ts';
import type { SignalCell } from './common/signal-table.ts';

/** A signal as the status page shows it. */
export type SignalView = {
  readonly definition: SignalDefinition;
  /** The last good value; null: none since the start. */
  readonly value: Value | null;
  readonly good: boolean;
  readonly quality: Quality;
  readonly reason: string | null;
  /** Since when a register has shown nothing but 0 (ms since 1970); null: it showed something else since the start. */
  readonly emptySince: number | null;
  /** Event time of the last sample (ms since 1970). */
  readonly at: number | null;
};

/** A copy of what the engine knows of a signal now. */
export function signalView(cell: SignalCell): SignalView {
  const { definition, value, good, quality, reason, emptySince, at } = cell;
  return { definition, value, good, quality, reason, emptySince, at };
}
