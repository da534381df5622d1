import { hash } from 'node:crypto';
import type { SampleBatch } from '../../core/sample.ts';
import type { Adapter, AdapterOptions, SourceSink } from '../adapter.ts';
import { createAbsence, type Loss, looksFull, lossOf } from './absence.ts';
import { type CatchUp, catchUp } from './catch-up.ts';
import { clientOptions } from './client-options.ts';
import { type Message, openConnection, type RefusedTopic } from './connection.ts';
import { believed } from './payload-time.ts';
import { createReader, type Reading } from './reader.ts';
import type { MqttSource } from './schema.ts';
import { subscriptions, takes } from './topics.ts';
import { createUnkept } from './unkept.ts';

/** Reads signals from a broker. One message is one batch; it is acknowledged after what it caused is committed. */
export function mqttAdapter(options: AdapterOptions<MqttSource>): Adapter {
  const { name, config, clock, log, away } = options;
  const reader = createReader(config.signals);
  const filters = subscriptions(Object.values(config.signals).map(signal => signal.topic));
  const absence = createAbsence(away ?? { since: null, queued: 0 });
  /** Signals of topics the broker refused: they have a reason of their own. */
  const unreadable = new Set<string>();
  const unkept = createUnkept(options);
  /** The broker holds exactly our subscriptions, as far as this process knows. */
  let subscribed = false;
  /** When the last message that was not queued was committed: queued ones are younger. */
  let lastCommit: number | undefined;
  /** How far a message's own time was after its receipt at most (ms): so far a clock out there is ahead of ours. */
  let ahead = 0;
  let timeTrouble = '';
  const unread = new Set<string>();

  function noteTime(trouble: string, fields: object): void {
    if (trouble === timeTrouble) return;
    timeTrouble = trouble;
    if (trouble === '') log.info(fields, 'message times are used again');
    else log.warn({ ...fields, trouble }, 'message time is not used, the time of receipt stands in');
  }

  function noteUnread(topic: string): void {
    if (unread.has(topic) || unread.size >= 100) return;
    unread.add(topic);
    log.info({ topic }, 'no signal reads this topic; it is left over from an earlier subscription of this client_id');
  }

  /** The event time of a message: its own where it is believed, else the receipt's. */
  function eventTime(topic: string, time: Reading['time'], receivedAt: number, queued: boolean, committed?: number) {
    if (time === undefined) return undefined;
    if ('problem' in time) {
      noteTime('unreadable', { topic, detail: time.problem });
      return undefined;
    }
    const { max_skew: maxSkew, session_expiry: sessionExpiry } = config;
    const { from, to } = believed({ receivedAt, maxSkew, queued, lastCommit: committed, sessionExpiry });
    if (time.at < from || time.at > to) {
      noteTime('beyond max_skew', { topic, offset: Math.round(time.at - receivedAt) });
      return undefined;
    }
    noteTime('', { topic });
    return time.at;
  }

  /**
   * States are unknown after messages may have been lost; a counter's next reading says by itself how far it moved. `since`: what
   * was known up to then still counts.
   */
  function doubtStates(sink: SourceSink, { reason: why }: Loss, since: number, time: SampleBatch['time']): void {
    const reason = `unknown until it is said again: ${why}`;
    const samples = Object.entries(config.signals)
      .filter(([signal, { counter }]) => counter === undefined && !unreadable.has(signal))
      .map(([signal]) => ({ signal, value: null, quality: 'uncertain' as const, reason }));
    if (samples.length > 0) sink.samples({ at: since, receivedAt: clock.now(), time, samples });
  }

  /** Why messages of this absence may be lost, by what came of the queue so far. */
  function loss(openedAt: number): Loss | undefined {
    const { queue_limit: queueLimit, max_offline: maxOffline = config.session_expiry } = config;
    const away = absence.since === null ? null : openedAt - absence.since;
    return lossOf({ queued: absence.queued, queueLimit, away, maxOffline, takenOver: absence.takenOver });
  }

  /** Hands one life's messages over. */
  function createLife(sink: SourceSink, askRetained: (filters: readonly string[]) => void) {
    let openedAt = clock.now();
    const committedBefore = lastCommit;
    let queue: CatchUp | undefined;
    /** Topics of signals that are unknown now, though the broker kept the session: it may retain what they are. */
    let unheld: readonly string[] = [];
    let subscriptionsStand = false;
    /** Time of the newest message made before the connect (ms since 1970): what the queue held is known until then. */
    let queuedUntil = -Infinity;

    const readyWhenDone = () => {
      if (subscriptionsStand && !queue?.holding) sink.connected();
    };

    function caughtUp(): void {
      const lost = loss(openedAt);
      const { queued, since } = absence;
      absence.caughtUp();
      if (lost) {
        log.warn(
          { source: name, queued, ...lost },
          'messages may be lost: states are unknown until they are said again',
        );
        // Of messages without a time nobody knows when they were said, so nothing counts as known since the gateway left.
        if (queuedUntil > -Infinity) doubtStates(sink, lost, queuedUntil, 'source');
        else doubtStates(sink, lost, since ?? clock.now(), 'received');
      }
      const asked = lost ? filters : unheld;
      unheld = [];
      if (asked.length > 0) askRetained(asked);
      if (!lost && config.queue_limit === undefined && looksFull(queued)) {
        log.warn(
          { source: name, queued },
          "as many messages came as a full queue has: later ones may be lost; look up the broker's limit (mosquitto: max_queued_messages), raise it, and write it as queue_limit",
        );
      }
      readyWhenDone();
    }

    /** The broker keeps what comes, as it does for one who is away. */
    function fellBehind(): void {
      openedAt = clock.now();
      absence.left(openedAt);
      absence.opened(true);
      log.warn({ source: name }, 'nothing can be acknowledged: the broker keeps what comes, and rules wait for it');
      sink.catchingUp();
    }

    return {
      opened(sessionPresent: boolean): readonly string[] {
        openedAt = clock.now();
        sink.session(sessionPresent);
        absence.opened(sessionPresent);
        if (sessionPresent) {
          unheld = unkept.among(filters);
          sink.catchingUp();
          // Known before the queue is read: nothing of it may meet a state from before the absence.
          const lost = loss(openedAt);
          if (lost) doubtStates(sink, lost, absence.since ?? openedAt, 'received');
        }
        queue = catchUp({ clock, behind: sessionPresent, release: caughtUp, hold: fellBehind });
        return sessionPresent && subscribed ? [] : filters;
      },
      takenOver: absence.lostSession,
      subscribed(refused: readonly RefusedTopic[]): void {
        subscribed = refused.length === 0;
        subscriptionsStand = true;
        unreadable.clear();
        if (refused.length > 0) reportRefused(sink, refused);
        readyWhenDone();
      },
      message({ topic, payload, retained, receipt }: Message): void {
        const acknowledged = queue?.message(receipt !== null);
        let counted: (() => void) | undefined;
        /** Only what waits for an acknowledgement stands in the queue; the rest overtakes it. */
        const mayBeQueued = receipt !== null && !retained;
        const count = () => {
          if (mayBeQueued) counted = absence.came();
        };
        const acknowledge = () => {
          receipt?.committed();
          acknowledged?.();
          counted?.();
        };
        const reading = reader.read(topic, payload);
        if (!reading) {
          count();
          if (receipt) acknowledge();
          noteUnread(topic);
          return;
        }
        unkept.note(topic, reading.samples, receipt !== null);
        const receivedAt = clock.now();
        const isQueued = () => queue?.reading === true && !retained;
        const at = eventTime(topic, reading.time, receivedAt, isQueued(), committedBefore);
        if (at !== undefined) ahead = Math.max(ahead, at - receivedAt);
        if (at !== undefined && mayBeQueued) queue?.made(at, receivedAt, ahead);
        count();
        const queued = isQueued();
        // A broker that lost power sends what it had saved before, and has forgotten that it was sent: DUP does not say so. With a time
        // in it, what is the same to the byte under the same packet id is the same event; without, it may be another.
        const isDated = reading.time !== undefined && 'at' in reading.time;
        if (mayBeQueued && at !== undefined && at <= openedAt) queuedUntil = Math.max(queuedUntil, at);
        sink.samples({
          at: at ?? receivedAt,
          receivedAt,
          time: at === undefined ? 'received' : 'source',
          samples: at === undefined ? reading.samples : reading.samples.map(sample => ({ ...sample, sourceAt: at })),
          ...(retained && { retained }),
          ...(receipt && {
            receipt: {
              packetId: receipt.packetId,
              hash: hash('sha256', Buffer.concat([Buffer.from(`${topic}\0`), payload]), 'base64url'),
              duplicate: receipt.duplicate || (queued && isDated),
              committed: () => {
                if (!queued) lastCommit = receivedAt;
                acknowledge();
              },
            },
          }),
        });
      },
      [Symbol.dispose]() {
        queue?.[Symbol.dispose]();
        absence.left(clock.now());
      },
    };
  }

  /** The signals under a refused topic are bad and say why; the others go on. */
  function reportRefused(sink: SourceSink, refused: readonly RefusedTopic[]): void {
    const samples = refused.flatMap(({ filter, reason }) => {
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
    for (const { signal } of samples) unreadable.add(signal);
    const now = clock.now();
    sink.samples({ at: now, receivedAt: now, time: 'received', samples });
  }

  return {
    async run(sink, signal) {
      if (signal.aborted) return;
      const clientSettings = await clientOptions(config);
      if (signal.aborted) return;
      using life = createLife(sink, asked => connection.askRetained(asked));
      const connection = openConnection(config.url, clientSettings, config.receive_maximum, clock, life);
      signal.addEventListener('abort', connection.stop, { once: true });
      try {
        await connection.ended;
      } finally {
        signal.removeEventListener('abort', connection.stop);
      }
    },
  };
}
