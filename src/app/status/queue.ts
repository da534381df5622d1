import { CALL_WORDS } from '../../core/call-words.ts';
import type { CommandLine } from '../../core/command-line.ts';
import type { CallState } from '../../core/delivery.ts';
import type { JournalCounts } from '../../journal/history/overview.ts';
import { backlogWords } from '../../queue/backlog.ts';
import type { CallQueueStatus } from '../../queue/call-queue.ts';
import { heldUpWords, oneHeldUp, PAUSES } from '../readiness.ts';
import { type Iso, isoOrNull } from './page-time.ts';

/** Why nothing may be sent although L2L and Redis may be there. */
export type Hold = { readonly cause: 'clock' | 'settings'; readonly detail: string };

const NOTHING_SENT = 'nothing is sent';
const HELD_UP_BY = { code: 'unknown code', rights: 'missing right' } as const;

/** The queue's part of the status page: what waits, what a person has to see to, and how Redis stands. */
export function queueStatus(
  queue: CallQueueStatus,
  { deadLetters, parked }: Pick<JournalCounts, 'deadLetters' | 'parked'>,
  iso: Iso,
  commandLine: CommandLine,
  hold: Hold | null = null,
): object {
  const { paused, backlog, running, open, held, oldestOpenAt, counts, redis, redisProblems } = queue;
  const waits = backlogWords(backlog, hold === null && paused !== null && paused.cause !== 'journal');
  const stands = hold === null ? [] : [`${NOTHING_SENT}: ${hold.detail}`];
  const list = commandLine('queue list');
  const isAsked = stands.length + queue.heldUp.length > 0;
  return {
    words: [
      waits,
      ...stands,
      ...heldUpWords(queue.heldUp),
      ...(isAsked && deadLetters + parked === 0 ? [] : [personWords(deadLetters, parked, list)]),
    ].join('; '),
    list,
    redis: { ...redis, since: iso(redis.since) },
    redisProblems,
    paused: pausedStatus(paused, hold, iso),
    backlog: { calls: backlog.calls, oldestAt: isoOrNull(backlog.oldestAt, iso), words: waits },
    callsRunning: running,
    callsOpen: inWords(open),
    oldestCallAt: isoOrNull(oldestOpenAt, iso),
    held,
    heldUp: queue.heldUp.map(one => ({
      words: oneHeldUp(one),
      reason: HELD_UP_BY[one.reason],
      detail: one.detail,
      rules: one.rules,
      lanes: one.lanes,
      nextTry: iso(one.nextTry),
    })),
    deadLetters,
    parked,
    sinceStart: sinceStart(counts),
  };
}

/** What holds calls up, in words: the clock or a setting, Redis, L2L or the journal, then single codes and rights. */
export function holdUps(
  { paused, redis, heldUp }: Pick<CallQueueStatus, 'paused' | 'redis' | 'heldUp'>,
  hold: Hold | null,
): readonly string[] {
  // Of two reasons, the one that says where to correct it.
  const pause = paused?.cause === 'auth' && hold !== null ? null : paused;
  return [
    ...(hold === null ? [] : [`${NOTHING_SENT}: ${hold.detail}`]),
    ...(redis.up ? [] : [redis.detail]),
    ...(pause === null ? [] : [`${PAUSES[pause.cause]} (${pause.detail})`]),
    ...heldUpWords(heldUp),
  ];
}

function pausedStatus(paused: CallQueueStatus['paused'], hold: Hold | null, iso: Iso): object | null {
  // Of two reasons, the one that says where to correct it.
  if (!paused) return hold && { words: NOTHING_SENT, ...hold };
  const { cause, detail, since, probeAt, probes } = paused;
  return {
    words: PAUSES[cause],
    cause,
    detail: cause === 'auth' && hold ? hold.detail : detail,
    since: iso(since),
    nextTry: iso(probeAt),
    failedTries: probes,
  };
}

function personWords(deadLetters: number, parked: number, list: string): string {
  if (deadLetters + parked === 0) return 'nothing waits for a person';
  const counted = (count: number, one: string) => (count === 0 ? [] : [`${count} ${one}${count === 1 ? '' : 's'}`]);
  const what = [...counted(deadLetters, 'dead letter'), ...counted(parked, 'parked action')].join(' and ');
  return `${what} ${deadLetters + parked === 1 ? 'waits' : 'wait'} for a person: ${list}`;
}

function inWords(open: CallQueueStatus['open']): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(open).map(([state, count]) => [CALL_WORDS[state as CallState], count]));
}

/** A dispatch that was only found open is none that was delivered. */
function sinceStart({ foundOpen, delivered, rejected, parked, released, dropped }: CallQueueStatus['counts']): object {
  return { delivered, foundOpen, refused: rejected, parked, putBack: released, dropped };
}
