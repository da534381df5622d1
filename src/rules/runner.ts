import type { Action } from '../actions/action.ts';
import type { Clock } from '../core/clock.ts';
import type { KeptValue } from '../core/commit.ts';
import type { Logger } from '../core/logger.ts';
import type { RuleJournal } from '../core/rule-journal.ts';
import type { SampleBatch, SourceStatus } from '../core/sample.ts';
import type { WatchedEpisode } from './common/watched-episode.ts';
import { createEngine } from './engine.ts';
import { createAbsences } from './io/absences.ts';
import { createCommitter, type Health } from './io/committer.ts';
import { createKeptValues } from './io/kept-values.ts';
import { addResult, type PendingCommit } from './io/pending-commit.ts';
import { createRecorder } from './io/recorder.ts';
import { watchStandstill } from './io/standstill.ts';
import { createTakenMessages } from './io/taken-messages.ts';
import { createWakeTimer } from './io/wake-timer.ts';
import type { EngineInput, Program, RuleEvent } from './program.ts';
import type { RuleView } from './rule-view.ts';
import type { SignalView } from './signal-view.ts';
import { reportUnfoundedRenames } from './stored/unfounded-renames.ts';

export type RunnerOptions = {
  readonly program: Program;
  readonly journal: RuleJournal;
  readonly clock: Clock;
  readonly log: Logger;
  /** The clock is not believed, so nobody knows how long the gateway was away before the start. Left out: it is believed. */
  readonly doubted?: boolean;
  /** The clock is about to be replaced: messages are not taken and not acknowledged, because they would get its time. Left out: never. */
  readonly isLeft?: () => boolean;
  /** Receives the events after their commit. Must not throw. */
  readonly onEvents?: (events: readonly RuleEvent[]) => void;
  /** The journal has new actions, which are not on the disk yet. Calls may be built now, and sent after that commit. Must not throw. */
  readonly onWritten?: () => void;
  /** Actions that are durable now. Must not throw. */
  readonly onCommitted?: (actions: readonly Action[]) => void;
  /**
   * How many batches may wait for a commit while the journal takes none. Default 100,000. Beyond that, batches are refused, except
   * those that the source waits to have acknowledged: a source sends only so many of them, and would send them again later.
   */
  readonly mostPending?: number;
};

/** Connects the sources, the rules and the journal. It takes everything at once, in the order in which it comes. */
export interface Runner {
  /** Starts from the states in the journal. Signals count as unknown since the gateway was last alive. */
  start(): void;
  samples(batch: SampleBatch): void;
  status(status: SourceStatus): void;
  /** Whether a broker kept the session. Kept: the last values still hold. Not kept: its old packet ids mean nothing any more. */
  session(source: string, present: boolean): void;
  /**
   * A person ended the dispatch of this episode at `at` (ms since 1970; null: L2L does not say when), while its condition holds. A
   * second call changes nothing. When a crash loses the first call, the episode is still in `watchedEpisodes`.
   */
  closedByPerson(chain: string, at: number | null): void;
  /** Open episodes whose dispatch has to be watched, because a person may close it. */
  watchedEpisodes(): readonly WatchedEpisode[];
  /** Takes nothing more. Resolves when everything is durable and acknowledged; rejects when the journal refuses it. */
  stop(): Promise<void>;
  health(): Health;
  signals(): SignalView[];
  rules(): RuleView[];
  /** Stored states of rules that are not in the config, by name. */
  readonly orphans: ReadonlyMap<string, string>;
}

/** How long a counter's raw value waits for a commit (ms). */
const LAZY = 1000;

const ORPHAN =
  'a rule that is not configured any more left a dispatch open, or a state of another version; see to it in L2L, or configure the rule again';

/**
 * The only impure part of the rules. While the journal refuses commits, the engine still gets every sample, but nothing is acknowledged
 * and no action leaves. Beyond `mostPending` batches nothing more is taken: it is not acknowledged, and its signals become unknown
 * instead of silently old.
 */
export function createRunner(options: RunnerOptions): Runner {
  const { program, journal, clock, log, doubted = false, isLeft = () => false, mostPending = 100_000 } = options;
  const states = journal.ruleStates();
  const engine = createEngine(program, states);
  const kept = createKeptValues(engine.signal, journal.keptValues());
  const absences = createAbsences(program, journal);
  const taken = createTakenMessages(journal);
  const recorder = createRecorder();
  const { stateOf } = engine;
  const committer = createCommitter({ journal, clock, log, stateOf, away: absences.all, recorder, written, release });
  const wakeTimer = createWakeTimer(clock, () => step({ kind: 'tick', at: clock.now() }));
  const standstill = watchStandstill(clock, log, (from, to) => take({ kind: 'standstill', from, to }));
  let stopped = false;

  const isClosed = () => stopped || isLeft();

  function step(input: EngineInput, mustCommit = false): void {
    standstill.noteAwake();
    take(input, mustCommit);
  }

  function take(input: EngineInput, mustCommit = false): void {
    const result = engine.step(input);
    addResult(committer.pending, result);
    if (result.events.length > 0) recorder.note(result.events, clock.now());
    if (mustCommit || result.changed.length > 0 || result.actions.length > 0) committer.soon();
    else if (result.moved.length > 0) committer.by(clock.now() + LAZY);
    wakeTimer.by(result.wakeAt);
  }

  function written(commit: PendingCommit): void {
    if (commit.actions.length > 0) options.onWritten?.();
  }

  function release(commit: PendingCommit): void {
    taken.committed(commit.taken);
    for (const receipt of commit.receipts) receipt.committed();
    if (commit.events.length > 0) options.onEvents?.(commit.events);
    if (commit.actions.length > 0) options.onCommitted?.(commit.actions);
  }

  function keep(value: KeptValue): void {
    committer.pending.values.set(value.signal, value);
    // After a crash its kept value must not come back as if it still held.
    if (value.quality === 'bad') committer.soon();
  }

  return {
    start() {
      const now = clock.now();
      reportUnfoundedRenames(program.rules, states, log);
      committer.pending.away = true;
      step({ kind: 'restart', at: now, lastAlive: journal.lastAlive ?? now, doubted }, true);
      standstill.start(now);
      for (const rule of engine.orphans.keys()) log.warn({ rule }, ORPHAN);
    },
    samples(batch) {
      if (isClosed()) return;
      if (!batch.receipt && !committer.health.healthy && committer.pending.batches >= mostPending) {
        step({ kind: 'samples', batch: refusedBatch(batch) });
        return;
      }
      committer.pending.batches++;
      if (batch.receipt && !taken.take(batch.source, batch.receipt, committer.pending)) {
        committer.soon();
        return;
      }
      if (batch.receipt && !batch.retained && absences.took(batch.source)) committer.pending.away = true;
      step({ kind: 'samples', batch }, batch.receipt !== undefined);
      for (const sample of batch.samples) {
        const value = kept.note(sample, batch);
        if (value) keep(value);
      }
    },
    status({ source, state, at }) {
      if (isClosed()) return;
      const isNew = absences.became(source, state, at);
      if (isNew) committer.pending.away = true;
      step({ kind: 'source', source, state, at }, isNew);
    },
    session(source, present) {
      if (isClosed()) return;
      if (present) {
        const now = clock.now();
        const batch = restoredBatch(source, kept.of(source, now), now);
        if (batch) step({ kind: 'samples', batch });
        return;
      }
      if (absences.beganAnew(source)) committer.pending.away = true;
      for (const value of kept.forget(source)) keep(value);
      taken.forget(source, committer.pending);
    },
    closedByPerson(chain, at) {
      if (isClosed()) return;
      // L2L's clock may be ahead: a time that has not come yet by the gateway's would fire every timer that is due until then.
      const now = clock.now();
      const byL2l = at !== null && at <= now;
      step({ kind: 'closed_by_person', chain, at: byL2l ? at : now, byL2l });
    },
    watchedEpisodes: () => engine.watchedEpisodes(),
    async stop() {
      stopped = true;
      standstill[Symbol.dispose]();
      wakeTimer[Symbol.dispose]();
      await committer.stop();
    },
    health: () => committer.health,
    signals: () => engine.signals(),
    rules: () => engine.rules(),
    orphans: engine.orphans,
  };
}

/** Too many batches wait for the journal: what is not taken must not leave old values standing as if they were known. */
function refusedBatch({ source, at, receivedAt, time, samples }: SampleBatch): SampleBatch {
  const reason = 'not taken: the journal takes no commits';
  const unknown = samples.map(({ signal }) => ({ signal, value: null, quality: 'bad' as const, reason }));
  return { source, at, receivedAt, time, samples: unknown };
}

/** The broker kept every message since. So the last values hold until its first message, with the times at which they came. */
function restoredBatch(source: string, values: readonly KeptValue[], now: number): SampleBatch | null {
  if (values.length === 0) return null;
  // A clock that was set forward moved them too, also those that a source had stamped: none of them is from the future.
  const at = Math.min(now, Math.max(...values.map(value => value.at)));
  const samples = values.map(value => ({ ...value, sourceAt: value.at }));
  return { source, at, receivedAt: now, time: 'received', retained: true, kept: true, samples };
}
