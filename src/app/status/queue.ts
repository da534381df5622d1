import { CALL_WORDS } from '../../core/call-words.ts';
import type { CallState } from '../../core/delivery.ts';
import type { JournalCounts } from '../../journal/overview.ts';
import { backlogWords } from '../../queue/backlog.ts';
import type { CallQueueStatus } from '../../queue/call-queue.ts';
import { PAUSES } from '../status.ts';
import { type Iso, isoOrNull } from './page-time.ts';

/** The queue's part of the status page: what waits, what a person has to see to, and how Redis stands. */
export function queueStatus(
  queue: CallQueueStatus,
  { deadLetters, parked }: Pick<JournalCounts, 'deadLetters' | 'parked'>,
  iso: Iso,
): object {
  const { paused, backlog, running, open, held, oldestOpenAt, counts, redis, redisProblems } = queue;
  const waits = backlogWords(backlog, paused !== null && paused.cause !== 'journal');
  return {
    words: `${waits}; ${personWords(deadLetters, parked)}`,
    redis: { ...redis, since: iso(redis.since) },
    redisProblems,
    paused: paused && {
      words: PAUSES[paused.cause],
      cause: paused.cause,
      detail: paused.detail,
      since: iso(paused.since),
      nextTry: iso(paused.probeAt),
      failedTries: paused.probes,
    },
    backlog: { calls: backlog.calls, oldestAt: isoOrNull(backlog.oldestAt, iso), words: waits },
    callsRunning: running,
    callsOpen: inWords(open),
    oldestCallAt: isoOrNull(oldestOpenAt, iso),
    held,
    deadLetters,
    parked,
    sinceStart: sinceStart(counts),
  };
}

function personWords(deadLetters: number, parked: number): string {
  if (deadLetters + parked === 0) return 'nothing waits for a person';
  const counted = (count: number, one: string) => (count === 0 ? [] : [`${count} ${one}${count === 1 ? '' : 's'}`]);
  const what = [...counted(deadLetters, 'dead letter'), ...counted(parked, 'parked action')].join(' and ');
  return `${what} ${deadLetters + parked === 1 ? 'waits' : 'wait'} for a person: see l2l-gateway queue list`;
}

function inWords(open: CallQueueStatus['open']): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(open).map(([state, count]) => [CALL_WORDS[state as CallState], count]));
}

/** A dispatch that was only found open is none that was delivered. */
function sinceStart({ foundOpen, delivered, rejected, parked, released, dropped }: CallQueueStatus['counts']): object {
  return { delivered, foundOpen, refused: rejected, parked, putBack: released, dropped };
}
