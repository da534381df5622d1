import type { Clock } from '../../core/clock.ts';
import type { Absence } from '../../core/commit.ts';
import { errorMessage } from '../../core/errors.ts';
import { backoff } from '../../core/lifecycle.ts';
import type { Logger } from '../../core/logger.ts';
import type { RuleJournal } from '../../core/rule-journal.ts';
import { emptyCommit, hasContent, mergeCommits, type PendingCommit } from './pending-commit.ts';
import type { Recorder } from './recorder.ts';

/** Whether the journal takes commits; if not, why, in words. */
export type Health = { readonly healthy: true } | { readonly healthy: false; readonly reason: string };

/** Makes the actions of the engine durable, one group commit after the other. */
export interface Committer {
  /** What the next commit will hold; read it anew for every use. */
  readonly pending: PendingCommit;
  /** Commit as soon as no other commit is under way; what else is read from the sockets in this turn joins. */
  soon(): void;
  /** Commit at the latest at `at` (ms since 1970). */
  by(at: number): void;
  readonly health: Health;
  /** Commits what is left; rejects when the journal refuses it. Nothing is retried afterwards. */
  stop(): Promise<void>;
}

export type CommitterOptions = {
  readonly journal: RuleJournal;
  readonly clock: Clock;
  readonly log: Logger;
  /** JSON-safe state of a rule, read when the commit is made. */
  readonly stateOf: (rule: string) => object | undefined;
  /** Sources that are away, read when the commit is made. */
  readonly away: () => readonly Absence[];
  /** What the rules decided: taken along by whatever commit is made, the heartbeat's at the latest. */
  readonly recorder: Recorder;
  /** The journal has the commit, but not on disk yet: what follows from it may be prepared. Must not throw. */
  readonly written: (commit: PendingCommit) => void;
  /** The commit is durable: only now may anything outside see its effects. Must not throw. */
  readonly release: (commit: PendingCommit) => void;
};

/** When nothing else is committed for so long (ms), a commit records that the gateway is alive. */
const HEARTBEAT = 2000;
/** Most decisions in one commit. When a source goes away, every rule that reads it records one, and nobody waits for them. */
const MOST_DECISIONS = 500;
const FIRST_RETRY = 250;
const LONGEST_RETRY = 30_000;

/**
 * What comes while a commit is under way goes into the next one. A refused commit (disk full) is kept in front of what comes
 * after it and tried again with a back-off: nothing is released before it is durable, and nothing is forgotten [P1].
 */
export function createCommitter(options: CommitterOptions): Committer {
  const { journal, clock, log, stateOf, away, recorder, written, release } = options;
  let pending = emptyCommit();
  let underWay: Promise<void> | null = null;
  let wanted = false;
  let stopped = false;
  let failures = 0;
  let retryAt = -Infinity;
  let health: Health = { healthy: true };
  let lastCommit = clock.now();
  let timer: { at: number; disposable: Disposable } | null = null;

  function soon(): void {
    const already = wanted;
    wanted = true;
    if (already || underWay !== null || stopped) return;
    if (failures > 0) return; // The retry takes it along.
    setImmediate(run);
  }

  function run(): void {
    if (underWay !== null || stopped) return;
    underWay = commitWanted().finally(() => {
      underWay = null;
      if (failures > 0) by(retryAt);
      else if (wanted) run();
      else by(hasContent(pending) ? clock.now() : lastCommit + HEARTBEAT);
    });
  }

  function by(at: number): void {
    const due = Math.max(at, retryAt);
    if (stopped || (timer && timer.at <= due)) return;
    timer?.disposable[Symbol.dispose]();
    const onTime = () => {
      timer = null;
      if (failures > 0 || hasContent(pending) || clock.now() >= lastCommit + HEARTBEAT) run();
      else by(lastCommit + HEARTBEAT);
    };
    timer = { at: due, disposable: clock.at(due, onTime) };
  }

  async function commitWanted(): Promise<void> {
    do {
      wanted = false;
      const commit = pending;
      pending = emptyCommit();
      try {
        await makeDurable(commit);
      } catch (error) {
        pending = mergeCommits(commit, pending);
        refused(error);
        return;
      }
      accepted();
      release(commit);
    } while (wanted && !stopped);
  }

  async function makeDurable(commit: PendingCommit): Promise<void> {
    // Duplicates of what is durable already need no commit of their own to be acknowledged.
    if (!hasContent(commit) && commit.receipts.length > 0) return;
    const at = clock.now();
    // At the end all of it. Refused rows come first, so that no more of them are held than one commit takes.
    if (commit.decisions.length === 0) {
      commit.decisions = stopped ? recorder.take(Infinity, Infinity) : recorder.take(at, MOST_DECISIONS);
    }
    const durable = journal.commit({
      states: [...commit.rules].map(rule => ({ rule, state: JSON.stringify(stateOf(rule)) })),
      ...(commit.forget.size > 0 ? { forget: [...commit.forget] } : {}),
      actions: commit.actions,
      taken: commit.taken,
      values: [...commit.values.values()],
      ...(commit.away ? { away: away() } : {}),
      ...(commit.decisions.length > 0 ? { decisions: commit.decisions } : {}),
      at,
    });
    written(commit);
    await durable;
    lastCommit = at;
  }

  function refused(error: unknown): void {
    failures++;
    retryAt = clock.now() + backoff(failures, FIRST_RETRY, LONGEST_RETRY, 1);
    const reason = `the journal takes no commits (${errorMessage(error)}): nothing new is acknowledged or sent`;
    health = { healthy: false, reason };
    if (failures === 1)
      log.error({ error: errorMessage(error) }, 'journal refused a commit, nothing new is acknowledged or sent');
  }

  function accepted(): void {
    if (failures > 0) log.info({ refused: failures }, 'journal takes commits again');
    failures = 0;
    retryAt = -Infinity;
    health = { healthy: true };
  }

  return {
    get pending() {
      return pending;
    },
    soon,
    by,
    get health() {
      return health;
    },
    async stop() {
      stopped = true;
      timer?.disposable[Symbol.dispose]();
      await underWay;
      if (pending.receipts.length > 0 || hasContent(pending) || !recorder.isEmpty) await commitWanted();
      if (!health.healthy) throw new Error(health.reason);
    },
  };
}
