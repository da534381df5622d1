import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { type Backlog, backlogWords } from './backlog.ts';

/** More than so much at the rate L2L allows (ms) is logged. */
const WORTH_TELLING = 2 * 60_000;
const AGAIN_AFTER = 10 * 60_000;
/** Less than so much is gone: in a plant at work something always waits for a moment. */
const GONE = 5000;

/** Logs how much waits: once when it has grown, then now and then, and once when it is gone. */
export interface BacklogLog {
  /** Called every few seconds. */
  see(backlog: Backlog, isAway: boolean): void;
}

export function createBacklogLog(clock: Clock, log: Logger): BacklogLog {
  let toldAt: number | null = null;
  return {
    see(backlog, isAway) {
      const { calls, ms, oldestAt } = backlog;
      const now = clock.now();
      if (toldAt !== null && (ms ?? 0) <= GONE) {
        toldAt = null;
        log.info({}, 'everything that had waited is sent to L2L');
      }
      if ((ms ?? 0) <= WORTH_TELLING || (toldAt !== null && now - toldAt < AGAIN_AFTER)) return;
      toldAt = now;
      const oldest = oldestAt === null ? null : new Date(oldestAt);
      log.warn({ calls, backlog: backlogWords(backlog, isAway), oldest }, 'calls to L2L wait');
    },
  };
}
