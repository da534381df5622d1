import { hash } from 'node:crypto';
import type { Adapter, AdapterOptions, SourceSink } from '../adapter.ts';
import { type CatchUp, catchUp } from './catch-up.ts';
import { clientOptions } from './client-options.ts';
import { type Message, openConnection, type RefusedTopic } from './connection.ts';
import { believed } from './payload-time.ts';
import { createReader, type Reading } from './reader.ts';
import type { MqttSource } from './schema.ts';
import { subscriptions, takes } from './topics.ts';

/** Reads signals from a broker. One message is one batch; it is acknowledged after what it caused is committed. */
export function mqttAdapter({ config, clock, log }: AdapterOptions<MqttSource>): Adapter {
  const reader = createReader(config.signals);
  const filters = subscriptions(Object.values(config.signals).map(signal => signal.topic));
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

  /** Hands one life's messages over. */
  function createLife(sink: SourceSink) {
    const committedBefore = lastCommit;
    let queue: CatchUp | undefined;
    let subscriptionsStand = false;

    const readyWhenDone = () => {
      if (subscriptionsStand && !queue?.holding) sink.connected();
    };

    return {
      opened(sessionPresent: boolean): readonly string[] {
        sink.session(sessionPresent);
        if (sessionPresent) sink.catchingUp();
        queue = catchUp({ clock, behind: sessionPresent, release: readyWhenDone, hold: () => sink.catchingUp() });
        return sessionPresent && subscribed ? [] : filters;
      },
      subscribed(refused: readonly RefusedTopic[]): void {
        subscribed = refused.length === 0;
        subscriptionsStand = true;
        if (refused.length > 0) reportRefused(sink, refused);
        readyWhenDone();
      },
      message({ topic, payload, retained, receipt }: Message): void {
        queue?.message(receipt !== null);
        const acknowledge = () => {
          receipt?.committed();
          queue?.acknowledged();
        };
        const reading = reader.read(topic, payload);
        if (!reading) {
          if (receipt) acknowledge();
          noteUnread(topic);
          return;
        }
        const receivedAt = clock.now();
        const isQueued = () => queue?.reading === true && !retained;
        const at = eventTime(topic, reading.time, receivedAt, isQueued(), committedBefore);
        if (at !== undefined) ahead = Math.max(ahead, at - receivedAt);
        // Only what waits for an acknowledgement stands in the queue; the rest overtakes it.
        if (at !== undefined && receipt && !retained) queue?.made(at, receivedAt, ahead);
        const queued = isQueued();
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
              duplicate: receipt.duplicate,
              committed: () => {
                if (!queued) lastCommit = receivedAt;
                acknowledge();
              },
            },
          }),
        });
      },
      [Symbol.dispose]: () => queue?.[Symbol.dispose](),
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
    const now = clock.now();
    sink.samples({ at: now, receivedAt: now, time: 'received', samples });
  }

  return {
    async run(sink, signal) {
      if (signal.aborted) return;
      const options = await clientOptions(config);
      if (signal.aborted) return;
      using life = createLife(sink);
      const connection = openConnection(config.url, options, config.receive_maximum, clock, life);
      signal.addEventListener('abort', connection.stop, { once: true });
      try {
        await connection.ended;
      } finally {
        signal.removeEventListener('abort', connection.stop);
      }
    },
  };
}
