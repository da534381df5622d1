import { connect, type ErrorWithSubackPacket, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import type { Clock } from '../../core/clock.ts';
import { errorMessage } from '../../core/errors.ts';
import { endsWithin } from '../../core/lifecycle.ts';
import {
  type CertificateFacts,
  certificateFacts,
  isAboutCertificate,
  tlsCode,
  tlsWords,
} from '../../core/tls-words.ts';
import { createAcknowledgements } from './acknowledgements.ts';
import { readCertificate } from './certificate.ts';
import { refusal } from './refusals.ts';

/** A message as it came; `receipt` when the broker waits for its acknowledgement. */
export type Message = {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retained: boolean;
  readonly receipt: {
    readonly packetId: number;
    readonly duplicate: boolean;
    /** Lets the acknowledgement go, after those received before it. Harmless when the connection is gone. */
    readonly committed: () => void;
  } | null;
};

/** A topic filter the broker did not take, and why. */
export type RefusedTopic = { readonly filter: string; readonly reason: string };

export type ConnectionHandlers = {
  /** Before any message: whether the broker kept the session. Answers what to subscribe to. */
  opened(sessionPresent: boolean): readonly string[];
  subscribed(refused: readonly RefusedTopic[]): void;
  message(message: Message): void;
  /** Another client came with our client_id and has the session now. Not every broker says so. */
  takenOver(): void;
};

export interface Connection {
  /** Resolves after `stop`; rejects, in words, when the broker can't be reached, refuses, or is lost. */
  readonly ended: Promise<void>;
  /** Has the broker say again what it retains under topics that are subscribed already. */
  askRetained(filters: readonly string[]): void;
  /** Reads no further, gives what was taken a moment to be committed and acknowledged, then says goodbye. Bounded. */
  stop(): void;
}

/** How long a stop waits for the last commits, and then for the broker to close (ms). */
const DRAIN_MS = 1000;
const GOODBYE_MS = 2000;
const SESSION_TAKEN_OVER = 142;
/** Topics per SUBSCRIBE packet. */
const SUBSCRIBE_AT_ONCE = 200;

/** Handed to MQTT.js in place of success: it then skips its own PUBACK and reads on (docs/decisions/0003). */
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
  let opened = false;
  let stopping = false;
  let over = false;
  /** What is wrong is being read from the certificate. */
  let explaining = false;

  const withoutAnswer =
    options.protocol === 'mqtts'
      ? `${url} closed the connection without an answer; check whether this port speaks TLS (usually 8883): without TLS write mqtt://`
      : `${url} closed the connection without an answer; check version:, and whether TLS (mqtts://) is meant`;

  /** The first reason counts: what follows is its echo. */
  function end(reason: Error | null): void {
    if (over) return;
    over = true;
    acknowledgements.drop();
    client.end(true, () => (reason ? ended.reject(reason) : ended.resolve()));
    // A goodbye that the broker never answered leaves MQTT.js waiting with the socket open.
    client.stream.destroy();
  }

  function lost(what: string, cause?: unknown): void {
    end(stopping ? null : new Error(cause === undefined ? what : `${what}: ${errorMessage(cause)}`));
  }

  client.on('packetreceive', packet => {
    // Not the `connect` event: messages that follow in the same bytes are handled before it.
    if (packet.cmd !== 'connack' || (packet.reasonCode ?? packet.returnCode) !== 0 || over) return;
    opened = true;
    const filters = handlers.opened(packet.sessionPresent);
    client.once('connect', () => void subscribe(client, filters, 'when new').then(subscribed, lostWhileSubscribing));
  });
  const lostWhileSubscribing = (error: unknown) => lost(`${url} did not answer the subscription`, error);
  const subscribed = (refused: readonly RefusedTopic[]) => {
    if (over || stopping) return;
    handlers.subscribed(refused);
  };

  client.handleMessage = (packet, next) => {
    if (over || stopping) return;
    handlers.message(messageOf(packet));
    // MQTT 5 brokers stop at Receive Maximum by themselves; others are stopped here, by reading no further.
    acknowledgements.whenBelow(limit, () => next(HELD_BACK));
  };

  function messageOf({ topic, payload, retain, qos, messageId, dup }: IPublishPacket): Message {
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

  client.on('disconnect', ({ reasonCode = 0 }) => {
    if (reasonCode === SESSION_TAKEN_OVER && !over) handlers.takenOver();
    lost(`${url} ended the connection: ${refusal(reasonCode)}`);
  });
  client.on('error', error => {
    const code: unknown = 'code' in error ? error.code : undefined;
    if (explaining) return;
    const tls = tlsCode(error);
    const problem = tlsProblem(tls, null);
    if (opened) lost(`the connection to ${url} is lost`, error);
    else if (typeof code === 'number') lost(`${url} refuses the connection: ${refusal(code)}`);
    else if (isAboutCertificate(tls)) void distrusted(tls, error);
    else if (problem !== null) lost(problem);
    else if (code === 'ECONNRESET' || code === 'EPIPE') lost(withoutAnswer);
    else lost(`${url} can't be reached; check url: and whether the broker runs`, error);
  });
  client.on('close', () => {
    if (explaining) return;
    lost(
      opened
        ? `the connection to ${url} is lost: closed by the broker or the network, as it is too when another client has the same client_id`
        : withoutAnswer,
    );
  });

  /** The broker's certificate itself says what is wrong with it: a name, a date, an authority. */
  async function distrusted(code: string, error: Error): Promise<void> {
    explaining = true;
    const { host = '', port = 0, servername } = options;
    const read = await readCertificate(host, port, servername, clock.now());
    lost(tlsProblem(code, 'cert' in error && error.cert ? certificateFacts(error.cert) : read) ?? errorMessage(error));
  }

  function tlsProblem(code: string, certificate: CertificateFacts | null): string | null {
    return tlsWords(code, certificate, {
      server: 'the broker',
      url,
      host: options.servername || (options.host ?? ''),
      urlKey: 'url:',
      caAdvice: 'under tls.ca',
      nameKey: 'tls.servername',
      ownKey: 'tls.cert and tls.key',
      now: clock.now(),
    });
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
    // The certificate files can be read and are not what they have to be. There is no connection that could be ended.
    over = true;
    ended.reject(
      new Error(tlsProblem(tlsCode(cause), null) ?? `the files under tls: can't be used: ${errorMessage(cause)}`),
    );
  }
  return {
    ended: ended.promise,
    askRetained(filters) {
      if (over || stopping) return;
      // What it refuses it had refused before, and was logged then.
      void subscribe(client, filters, 'always').catch(lostWhileSubscribing);
    },
    stop() {
      if (stopping) return;
      stopping = true;
      void goodbye().finally(() => end(null));
    },
  };
}

/** Retain handling of MQTT 5: whether a topic that was subscribed before brings its retained messages again. MQTT 3.1.1: always. */
const RETAINED = { always: 0, 'when new': 1 } as const;

/** Answers the filters the broker did not take. */
async function subscribe(
  client: MqttClient,
  filters: readonly string[],
  retained: keyof typeof RETAINED,
): Promise<readonly RefusedTopic[]> {
  const refused: RefusedTopic[] = [];
  for (let start = 0; start < filters.length; start += SUBSCRIBE_AT_ONCE) {
    const chunk = filters.slice(start, start + SUBSCRIBE_AT_ONCE);
    const codes = await client.subscribeAsync(chunk, { qos: 1, rh: RETAINED[retained] }).then(
      granted => granted.map(grant => grant.qos as number),
      (error: ErrorWithSubackPacket | Error) => {
        if ('packet' in error && error.packet) return error.packet.granted as number[];
        throw error;
      },
    );
    for (const [index, filter] of chunk.entries()) {
      const code = codes[index] ?? 128;
      if (code >= 128) refused.push({ filter, reason: refusal(code) });
      else if (code < 1) refused.push({ filter, reason: 'it delivers without acknowledgement only (QoS 0)' });
    }
  }
  return refused;
}
