import type { Action } from '../../core/action.ts';
import type { KeptValue, TakenMessage } from '../../core/commit.ts';
import type { Receipt, Sample, SampleBatch } from '../../core/sample.ts';
import type { Engine } from '../engine.ts';
import type { RuleEvent, StepResult } from '../program.ts';

/** A kept value is written again at least so often while it stands (ms), so that its age is right after a restart. */
const REFRESH = 10_000;

/** The next group commit: everything the engine told since the last one. Rule states are read only when it is made. */
export type PendingCommit = {
  readonly rules: Set<string>;
  /** Rules that are done with and whose state goes. */
  readonly forget: Set<string>;
  actions: Action[];
  events: RuleEvent[];
  taken: TakenMessage[];
  /** Acknowledged with this commit, in this order: new messages and duplicates of them. */
  receipts: Receipt[];
  readonly values: Map<string, KeptValue>;
  /** Batches in it. */
  batches: number;
};

export function emptyCommit(): PendingCommit {
  return {
    rules: new Set(),
    forget: new Set(),
    actions: [],
    events: [],
    taken: [],
    receipts: [],
    values: new Map(),
    batches: 0,
  };
}

/** Whether there is anything the journal has to make durable. */
export function hasContent(pending: PendingCommit): boolean {
  const { rules, forget, actions, taken, values } = pending;
  return rules.size + forget.size + actions.length + taken.length + values.size > 0;
}

export function addResult(pending: PendingCommit, result: StepResult): void {
  for (const rule of result.changed) pending.rules.add(rule);
  for (const rule of result.moved) pending.rules.add(rule);
  for (const rule of result.forgotten) pending.forget.add(rule);
  for (const action of result.actions) pending.actions.push(action);
  for (const event of result.events) pending.events.push(event);
}

/** A commit that failed goes in front of what came since: one later commit makes both durable. */
export function mergeCommits(failed: PendingCommit, since: PendingCommit): PendingCommit {
  return {
    rules: new Set([...failed.rules, ...since.rules]),
    forget: new Set([...failed.forget, ...since.forget]),
    actions: [...failed.actions, ...since.actions],
    events: [...failed.events, ...since.events],
    taken: [...failed.taken, ...since.taken],
    receipts: [...failed.receipts, ...since.receipts],
    values: new Map([...failed.values, ...since.values]),
    batches: failed.batches + since.batches,
  };
}

/** Last values of the signals whose broker keeps a session: what the broker will not tell us again. */
export interface KeptValues {
  /** Notes a sample; returns the row to write when it is new, or its age has to be written again. */
  note(sample: Sample, batch: SampleBatch): KeptValue | null;
  /** The values that still hold: of this source, good, not stale at `now`, and with when they were last heard. */
  of(source: string, now: number): KeptValue[];
  /** The broker lost what came since: none of this source's values hold any more. Returns the rows to write. */
  forget(source: string): KeptValue[];
}

export function createKeptValues(engine: Engine, restored: readonly KeptValue[]): KeptValues {
  const last = new Map(restored.map(kept => [kept.signal, { kept, at: kept.at }]));
  return {
    note(sample, batch) {
      const view = engine.signal(sample.signal);
      if (view === undefined || !view.definition.restorable) return null;
      const known = last.get(sample.signal);
      const quality = view.good ? sample.quality : 'bad';
      if (view.value === null) return null;
      if (known && known.kept.value === view.value && known.kept.quality === quality) {
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
        const view = engine.signal(kept.signal);
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
        if (kept.quality === 'bad' || engine.signal(kept.signal)?.definition.source !== source) continue;
        rows.push({ ...kept, quality: 'bad', at });
      }
      for (const kept of rows) last.set(kept.signal, { kept, at: kept.at });
      return rows;
    },
  };
}
