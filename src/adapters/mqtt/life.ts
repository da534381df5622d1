import type { SampleBatch } from '../../core/sample.ts';
import type { SourceSink } from '../adapter.ts';
import { type Loss, looksFull, lossOf } from './absence.ts';
import { type CatchUp, catchUp } from './catch-up.ts';
import type { ConnectionHandlers, RefusedTopic } from './connection.ts';
import { takeMessage } from './message.ts';
import type { SourceMemory } from './source-memory.ts';
import { takes } from './topics.ts';

/** The facts about one connection. */
export type Life = {
  openedAt: number;
  /** `lastCommit`, as it was when the connection began. */
  readonly committedBefore: number | undefined;
  queue: CatchUp | undefined;
  /** The time of the newest message from before the connect (ms since 1970). The queue shows the states until then. */
  queuedUntil: number;
};

/** Delivers the messages of one connection. `askRetained`: asks the broker to send its retained messages under these filters again. */
export function createLife(
  memory: SourceMemory,
  sink: SourceSink,
  askRetained: (filters: readonly string[]) => void,
): ConnectionHandlers & Disposable {
  const { options, filters, absence, qos0, refused } = memory;
  const { name, config, clock, log } = options;
  const life: Life = {
    openedAt: clock.now(),
    committedBefore: memory.lastCommit,
    queue: undefined,
    queuedUntil: -Infinity,
  };
  /** Topics of signals that are now unknown, although the broker kept the session. The broker may have retained their values. */
  let notKept: readonly string[] = [];
  let isSubscribed = false;

  const readyWhenDone = () => {
    if (isSubscribed && !life.queue?.holding) sink.connected();
  };

  function caughtUp(): void {
    const lost = lossUntil(memory, life.openedAt);
    const { queued, since } = absence;
    absence.caughtUp();
    if (lost) {
      log.warn(
        { source: name, queued, ...lost },
        'messages may be lost: states are unknown until the device sends them again',
      );
      // The time of messages without a time of their own is unknown, so since the disconnect nothing counts as known.
      if (life.queuedUntil > -Infinity) doubtStates(memory, sink, lost, life.queuedUntil, 'source');
      else doubtStates(memory, sink, lost, since ?? clock.now(), 'received');
    }
    const asked = lost ? filters : notKept;
    notKept = [];
    if (asked.length > 0) askRetained(asked);
    if (!lost && config.queue_limit === undefined && looksFull(queued)) {
      log.warn(
        { source: name, queued },
        "the number of queued messages is the usual size of a full queue, so later messages may be lost; look up the broker's limit (mosquitto: max_queued_messages), raise it, and write it as queue_limit",
      );
    }
    readyWhenDone();
  }

  /** The broker queues messages, as for a client that is away. */
  function fellBehind(): void {
    life.openedAt = clock.now();
    absence.left(life.openedAt);
    absence.opened(true);
    log.warn(
      { source: name },
      'the journal cannot commit: messages are not acknowledged, the broker keeps them, and rules wait for them',
    );
    sink.catchingUp();
  }

  return {
    opened(sessionPresent) {
      life.openedAt = clock.now();
      sink.session(sessionPresent);
      absence.opened(sessionPresent);
      if (sessionPresent) {
        notKept = qos0.filters(filters);
        sink.catchingUp();
        // This is known before the queue is read, because no queued message may be combined with a state from before the absence [M4].
        const lost = lossUntil(memory, life.openedAt);
        if (lost) doubtStates(memory, sink, lost, absence.since ?? life.openedAt, 'received');
      }
      life.queue = catchUp({ clock, behind: sessionPresent, release: caughtUp, hold: fellBehind });
      return sessionPresent && memory.subscribed ? [] : filters;
    },
    takenOver: absence.lostSession,
    subscribed(refusedTopics) {
      memory.subscribed = refusedTopics.length === 0;
      isSubscribed = true;
      refused.clear();
      if (refusedTopics.length > 0) reportRefused(memory, sink, refusedTopics);
      readyWhenDone();
    },
    message: message => takeMessage(memory, life, sink, message),
    [Symbol.dispose]() {
      life.queue?.[Symbol.dispose]();
      absence.left(clock.now());
    },
  };
}

/** Why messages of this absence may be lost, as far as the messages of the queue show it. */
function lossUntil({ options: { config }, absence }: SourceMemory, openedAt: number): Loss | undefined {
  const { queue_limit: queueLimit, max_offline: maxOffline = config.session_expiry } = config;
  const away = absence.since === null ? null : openedAt - absence.since;
  return lossOf({ queued: absence.queued, queueLimit, away, maxOffline, takenOver: absence.takenOver });
}

/**
 * States are unknown when messages may be lost [M4]. A counter shows its movement with its next reading. `since`: facts up to this time
 * still count.
 */
function doubtStates(
  { options: { config, clock }, refused }: SourceMemory,
  sink: SourceSink,
  lost: Loss,
  since: number,
  time: SampleBatch['time'],
): void {
  const reason = `unknown until the device sends it again: ${lost.reason}`;
  const samples = Object.entries(config.signals)
    .filter(([signal, { counter }]) => counter === undefined && !refused.has(signal))
    .map(([signal]) => ({ signal, value: null, quality: 'uncertain' as const, reason }));
  if (samples.length > 0) sink.samples({ at: since, receivedAt: clock.now(), time, samples });
}

/** The signals under a refused topic are bad, with the reason; the others go on. */
function reportRefused(memory: SourceMemory, sink: SourceSink, topics: readonly RefusedTopic[]): void {
  const { config, clock, log } = memory.options;
  const samples = topics.flatMap(({ filter, reason }) => {
    log.error({ topic: filter, reason }, 'the broker refuses a topic');
    return Object.entries(config.signals)
      .filter(([, signal]) => filter === signal.topic || takes(filter, signal.topic))
      .map(([name]) => ({
        signal: name,
        value: null,
        quality: 'bad' as const,
        reason: `${config.url} refuses topic ${filter}: ${reason}`,
      }));
  });
  for (const { signal } of samples) memory.refused.add(signal);
  const now = clock.now();
  sink.samples({ at: now, receivedAt: now, time: 'received', samples });
}
