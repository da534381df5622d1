import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { type Backlog, backlogWords } from './backlog.ts';
import type { QueueWords } from './queue-words.ts';

/** A backlog that takes longer than this is logged (ms). */
const WORTH_LOGGING = 2 * 60_000;
const AGAIN_AFTER = 10 * 60_000;
/** A backlog shorter than this counts as gone: in a plant at work, something always waits for a moment (ms). */
const GONE = 5000;

/** Logs the backlog when it becomes long, then every ten minutes, and once when it is gone. */
export interface BacklogLog {
  /** Called every few seconds. `away`: the name of the destination while it does not answer. */
  see(backlog: Backlog, away: string | null): void;
}

export function createBacklogLog(clock: Clock, log: Logger, words: QueueWords): BacklogLog {
  let loggedAt: number | null = null;
  return {
    see(backlog, away) {
      const { calls, ms, oldestAt } = backlog;
      const now = clock.now();
      if (loggedAt !== null && (ms ?? 0) <= GONE) {
        loggedAt = null;
        log.info({}, words.allSent);
      }
      if ((ms ?? 0) <= WORTH_LOGGING || (loggedAt !== null && now - loggedAt < AGAIN_AFTER)) return;
      loggedAt = now;
      const oldest = oldestAt === null ? null : new Date(oldestAt);
      log.warn({ calls, backlog: backlogWords(backlog, away), oldest }, words.waiting);
    },
  };
}
