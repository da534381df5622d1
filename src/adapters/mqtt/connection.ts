import { connect, type IClientOptions, type IPublishPacket } from 'mqtt';
import type { Clock } from '../../core/clock.ts';
import { errorMessage } from '../../core/errors.ts';
import { endsWithin } from '../../core/lifecycle.ts';
import { type Acknowledgements, createAcknowledgements } from './acknowledgements.ts';
import { connectionWords } from './connection-words.ts';
import { refusal } from './refusals.ts';
import { subscribe } from './subscribe.ts';

/** A message as it came; `receipt` when the broker waits for its acknowledgement. */
export type Message = {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retained: boolean;
  readonly receipt: {
    readonly packetId: number;
    readonly duplicate: boolean;
    /** Allows the acknowledgement, which goes after those of earlier messages. It does no harm when the connection is gone. */
    readonly committed: () => void;
  } | null;
};

/** A topic filter that the broker refused, and the reason. */
export type RefusedTopic = { readonly filter: string; readonly reason: string };

export type ConnectionHandlers = {
  /** Called before any message, with whether the broker kept the session. Returns the topics to subscribe to. */
  opened(sessionPresent: boolean): readonly string[];
  subscribed(refused: readonly RefusedTopic[]): void;
  message(message: Message): void;
  /** Another client came with our client_id and has the session now. Not every broker reports that. */
  takenOver(): void;
};

export interface Connection {
  /** Resolves after `stop`. Rejects, in words, when the broker can't be reached, refuses, or is lost. */
  readonly ended: Promise<void>;
  /** Asks the broker to send the retained messages of subscribed topics again. */
  askRetained(filters: readonly string[]): void;
  /** Stops reading, waits a moment for commits and acknowledgements, then disconnects. The wait is bounded. */
  stop(): void;
}

/** How long a stop waits for the last commits, and then for the broker to close (ms). */
const DRAIN_MS = 1000;
const GOODBYE_MS = 2000;
const SESSION_TAKEN_OVER = 142;

/** MQTT.js gets this in place of success. It then skips its own PUBACK and reads on (docs/decisions/0003). */
const HELD_BACK = new Error('acknowledged after the commit');

/** One life of one connection to a broker. */
export function openConnection(
  url: string,
  options: IClientOptions,
  limit: number,
  clock: Clock,
  handlers: ConnectionHandlers,
): Connection {
  const client = connect(options);
  const ended = Promise.withResolvers<void>();
  const acknowledgements = createAcknowledgements(bytes => {
    if (client.stream.writable) client.stream.write(bytes);
  });
  const words = connectionWords(url, options, clock);
  let opened = false;
  let stopping = false;
  let over = false;
  /** The certificate is being read to find the reason. */
  let explaining = false;

  /** Only the first reason counts, because later ones follow from it. */
  function end(reason: Error | null): void {
    if (over) return;
    over = true;
    acknowledgements.drop();
    client.end(true, () => (reason ? ended.reject(reason) : ended.resolve()));
    // MQTT.js waits with an open socket when the broker does not answer the disconnect.
    client.stream.destroy();
  }

  function lost(reason: string): void {
    end(stopping ? null : new Error(reason));
  }

  client.on('packetreceive', packet => {
    // This does not use the `connect` event: messages in the same bytes are handled before that event.
    if (packet.cmd !== 'connack' || (packet.reasonCode ?? packet.returnCode) !== 0 || over) return;
    opened = true;
    const filters = handlers.opened(packet.sessionPresent);
    client.once('connect', () => void subscribe(client, filters, 'when new').then(subscribed, lostWhileSubscribing));
  });
  const lostWhileSubscribing = (error: unknown) =>
    lost(`${url} did not answer the subscription: ${errorMessage(error)}`);
  const subscribed = (refused: readonly RefusedTopic[]) => {
    if (over || stopping) return;
    handlers.subscribed(refused);
  };

  client.handleMessage = (packet, next) => {
    if (over || stopping) return;
    handlers.message(messageOf(packet, acknowledgements));
    // MQTT 5 brokers stop at Receive Maximum by themselves. For other brokers the gateway stops reading here.
    acknowledgements.whenBelow(limit, () => next(HELD_BACK));
  };

  client.on('disconnect', ({ reasonCode = 0 }) => {
    if (reasonCode === SESSION_TAKEN_OVER && !over) handlers.takenOver();
    lost(`${url} ended the connection: ${refusal(reasonCode)}`);
  });
  client.on('error', error => {
    if (explaining) return;
    if (opened) lost(words.lost(error));
    else if (words.isAboutCertificate(error)) void explainCertificate(error);
    else lost(words.notConnected(error));
  });
  client.on('close', () => {
    if (!explaining) lost(opened ? words.closed : words.withoutAnswer);
  });

  async function explainCertificate(error: Error): Promise<void> {
    explaining = true;
    lost(await words.distrusted(error));
  }

  async function goodbye(): Promise<void> {
    if (!opened) return;
    const drained = Promise.withResolvers<void>();
    acknowledgements.whenBelow(1, drained.resolve);
    await endsWithin(DRAIN_MS, drained.promise, clock);
    const closed = Promise.withResolvers<void>();
    client.end(false, () => closed.resolve());
    await endsWithin(GOODBYE_MS, closed.promise, clock);
  }

  try {
    client.connect();
  } catch (cause) {
    // The certificate files can be read, but TLS can't use them. So there is no connection to end.
    over = true;
    ended.reject(new Error(words.filesUnusable(cause)));
  }
  return {
    ended: ended.promise,
    askRetained(filters) {
      if (over || stopping) return;
      // The broker refused these topics before, and they were logged then.
      void subscribe(client, filters, 'always').catch(lostWhileSubscribing);
    },
    stop() {
      if (stopping) return;
      stopping = true;
      void goodbye().finally(() => end(null));
    },
  };
}

function messageOf(packet: IPublishPacket, acknowledgements: Acknowledgements): Message {
  const { topic, payload, retain, qos, messageId, dup } = packet;
  return {
    topic,
    payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
    retained: retain,
    receipt:
      qos > 0 && messageId !== undefined
        ? { packetId: messageId, duplicate: dup, committed: acknowledgements.hold(messageId) }
        : null,
  };
}
