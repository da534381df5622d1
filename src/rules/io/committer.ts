import type { Clock } from '../../core/clock.ts';
import type { Absence } from '../../core/commit.ts';
import { errorMessage } from '../../core/errors.ts';
import { backoff } from '../../core/lifecycle.ts';
import type { Logger } from '../../core/logger.ts';
import type { RuleJournal } from '../../core/rule-journal.ts';
import { emptyCommit, hasContent, mergeCommits, type PendingCommit } from './pending-commit.ts';
import type { Recorder } from './recorder.ts';

/** Whether the journal accepts commits; if not, the reason in words. */
export type Health = { readonly healthy: true } | { readonly healthy: false; readonly reason: string };

/** Makes the actions of the engine durable, one group commit after the other. */
export interface Committer {
  /** The content of the next commit. Read it anew for every use. */
  readonly pending: PendingCommit;
  /** Commits as soon as no other commit is under way, with everything that is read from the sockets in this turn. */
  soon(): void;
  /** Commits at the latest at `at` (ms since 1970). */
  by(at: number): void;
  readonly health: Health;
  /** Commits the rest. Rejects when the journal refuses it. Nothing is retried afterwards. */
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
  /** The decisions of the rules. They go with any next commit, at the latest with the heartbeat [R3]. */
  readonly recorder: Recorder;
  /** The journal has the commit, but not on the disk yet, so its effects may be prepared. Must not throw. */
  readonly written: (commit: PendingCommit) => void;
  /** The commit is durable. Only now may anything outside see its effects [P1]. Must not throw. */
  readonly release: (commit: PendingCommit) => void;
};

/** After so long (ms) without another commit, a commit records that the gateway is alive. */
const HEARTBEAT = 2000;
/** Most decisions in one commit. When a source goes away, every rule that reads it records a decision, and nothing waits for these. */
const MOST_DECISIONS = 500;
const FIRST_RETRY = 250;
const LONGEST_RETRY = 30_000;

/**
 * Input during a commit goes into the next one. A refused commit (disk full) stays in front of later
 * input and is retried with a back-off: nothing is released before it is durable, and nothing is lost [P1, P10].
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
    if (failures > 0) return; // The retry commits it too.
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
    // Duplicates of durable messages need no further commit before their acknowledgement.
    if (!hasContent(commit) && commit.receipts.length > 0) return;
    const at = clock.now();
    // The last commit takes all decisions. Refused rows come first, so that at most the rows of one commit are held.
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
