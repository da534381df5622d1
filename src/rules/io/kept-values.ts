import type { KeptValue } from '../../core/commit.ts';
import type { Sample, SampleBatch } from '../../core/sample.ts';
import type { Engine } from '../engine.ts';

/** An unchanged value is written again so often (ms), so that its age is right after a restart. */
const REFRESH = 10_000;

/** Last values of the signals whose broker keeps a session, because the broker does not send them again. */
export interface KeptValues {
  /** Notes a sample; returns the row to write when it is new, or its age has to be written again. */
  note(sample: Sample, batch: SampleBatch): KeptValue | null;
  /** The values of this source that still hold (good, and not stale at `now`), with the times of their last receipt. */
  of(source: string, now: number): KeptValue[];
  /** The broker lost later messages, so no value of this source holds any more. Returns the rows to write. */
  forget(source: string): KeptValue[];
}

/** `restored`: the rows that earlier processes wrote. */
export function createKeptValues(signal: Engine['signal'], restored: readonly KeptValue[]): KeptValues {
  const last = new Map(restored.map(kept => [kept.signal, { kept, at: kept.at }]));
  return {
    note(sample, batch) {
      const view = signal(sample.signal);
      if (view === undefined || !view.definition.restorable) return null;
      const known = last.get(sample.signal);
      // A broker keeps no QoS 0 messages for an absent gateway, so a later one may be lost [M6].
      const quality = view.good && batch.receipt ? sample.quality : 'bad';
      if (view.value === null) return null;
      if (known?.kept.quality === quality && (quality === 'bad' || known.kept.value === view.value)) {
        known.at = batch.at;
        if (batch.at - known.kept.at < REFRESH) return null;
      }
      const kept: KeptValue = { signal: sample.signal, value: view.value, quality, at: batch.at };
      last.set(sample.signal, { kept, at: batch.at });
      return kept;
    },
    of(source, now) {
      const rows: KeptValue[] = [];
      for (const { kept, at } of last.values()) {
        const view = signal(kept.signal);
        const definition = view?.definition;
        if (!definition?.restorable || definition.source !== source || kept.quality === 'bad') continue;
        if (definition.staleAfter !== undefined && now - at > definition.staleAfter) continue;
        rows.push({ ...kept, at });
      }
      return rows;
    },
    forget(source) {
      const rows: KeptValue[] = [];
      for (const { kept, at } of last.values()) {
        if (kept.quality === 'bad' || signal(kept.signal)?.definition.source !== source) continue;
        rows.push({ ...kept, quality: 'bad', at });
      }
      for (const kept of rows) last.set(kept.signal, { kept, at: kept.at });
      return rows;
    },
  };
}
