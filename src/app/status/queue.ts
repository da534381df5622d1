import { CALL_WORDS } from '../../core/call-words.ts';
import type { CommandLine } from '../../core/command-line.ts';
import type { CallState } from '../../core/delivery.ts';
import type { TimeNotation } from '../../core/time-notation.ts';
import type { JournalCounts } from '../../journal/history/overview.ts';
import { backlogWords } from '../../queue/backlog.ts';
import type { CallQueueStatus } from '../../queue/call-queue.ts';
import { causeWords, heldUpWords, oneHeldUp } from '../readiness.ts';

/** Why the gateway may send nothing, even when L2L and Redis answer. */
export type Hold = { readonly cause: 'clock' | 'settings'; readonly detail: string };

const NOTHING_SENT = 'nothing is sent';
const HELD_UP_BY = { code: 'unknown code', rights: 'missing right', refused: 'refused call' } as const;

/** The queue on the status page: the calls that wait, what a person has to decide or correct, and the state of Redis. */
export function queueStatus(
  queue: CallQueueStatus,
  { deadLetters, parked }: Pick<JournalCounts, 'deadLetters' | 'parked'>,
  iso: TimeNotation['iso'],
  commandLine: CommandLine,
  hold: Hold | null = null,
) {
  const { paused, backlog, running, open, held, oldestOpenAt, counts, redis, redisProblems } = queue;
  const away = hold === null ? paused.filter(({ cause }) => cause !== 'journal') : [];
  const waits = backlogWords(backlog, away.map(({ name }) => name).join(' and ') || null);
  const holdWords = hold === null ? [] : [`${NOTHING_SENT}: ${hold.detail}`];
  const list = commandLine('queue list');
  const isPersonNeeded = holdWords.length + queue.heldUp.length > 0;
  return {
    words: [
      waits,
      ...holdWords,
      ...heldUpWords(queue.heldUp),
      ...(isPersonNeeded && deadLetters + parked === 0 ? [] : [personWords(deadLetters, parked, list)]),
    ].join('; '),
    list,
    redis: { ...redis, since: iso(redis.since) },
    redisProblems,
    paused:
      paused.length === 0 && hold
        ? [{ words: NOTHING_SENT, ...hold }]
        : paused.map(one => pausedStatus(one, hold, iso)),
    backlog: { calls: backlog.calls, oldestAt: iso(backlog.oldestAt), words: waits },
    callsRunning: running,
    callsOpen: countsByWord(open),
    oldestCallAt: iso(oldestOpenAt),
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

/**
 * Everything that holds calls up, in words: first the clock or a setting, then Redis, a destination or the journal, then single codes and
 * rights.
 */
export function holdUps(
  { paused, redis, heldUp }: Pick<CallQueueStatus, 'paused' | 'redis' | 'heldUp'>,
  hold: Hold | null,
): readonly string[] {
  // When both are about the API key of L2L, the hold is shown, because it says where to correct the key.
  const pauses = paused.filter(({ cause, destination }) => !(cause === 'auth' && destination === 'l2l' && hold));
  return [
    ...(hold === null ? [] : [`${NOTHING_SENT}: ${hold.detail}`]),
    ...(redis.up ? [] : [redis.detail]),
    ...pauses.map(pause => `${causeWords(pause)} (${pause.detail})`),
    ...heldUpWords(heldUp),
  ];
}

function pausedStatus(paused: CallQueueStatus['paused'][number], hold: Hold | null, iso: TimeNotation['iso']) {
  const { name, destination, cause, detail, since, probeAt, probes } = paused;
  return {
    destination: name,
    words: causeWords(paused),
    cause,
    // The detail of a hold says where to correct it, so the page shows it in place of L2L's answer.
    detail: cause === 'auth' && destination === 'l2l' && hold ? hold.detail : detail,
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

function countsByWord(open: CallQueueStatus['open']): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(open).map(([state, count]) => [CALL_WORDS[state as CallState], count]));
}

/** `delivered` does not count the calls that found a dispatch open and opened none. */
function sinceStart({ foundOpen, delivered, rejected, parked, released, dropped }: CallQueueStatus['counts']) {
  return { delivered, foundOpen, refused: rejected, parked, putBack: released, dropped };
}
