import {
  type NotificationMessage,
  PublishRequest,
  type PublishResponse,
  RepublishRequest,
  type RepublishResponse,
} from 'node-opcua';
import type { Clock } from '../../core/clock.ts';
import type { RawSession } from './session.ts';

/** Publish requests that wait at the server at once: while one answer is on its way the next has a request to go with. */
const WAITING = 2;
const FIRST_SEQUENCE = 1;
const LAST_SEQUENCE = 2 ** 32 - 1;

export type PublishingOptions = {
  readonly session: RawSession;
  readonly subscriptionId: number;
  /** Nothing, not even a keep-alive, for so long (ms): the subscription is dead. */
  readonly watchdog: number;
  readonly clock: Clock;
  /** One notification; keep-alives are not reported. */
  onMessage(message: NotificationMessage): void;
  /** The subscription can't be trusted any more, with the reason. Called once. */
  onLost(why: string): void;
};

export interface Publishing {
  /** The connection came back with the same session: fetches what was sent into the void, then goes on. */
  resume(): Promise<void>;
  stop(): void;
}

/**
 * Keeps publish requests waiting at the server and hands over what comes, gapless: a sequence number that is missing ends it.
 * A pump of our own, because a subscription that dies silently must not look healthy.
 */
export function startPublishing(options: PublishingOptions): Publishing {
  const { session, subscriptionId, watchdog, clock } = options;
  let acknowledge: { subscriptionId: number; sequenceNumber: number }[] = [];
  let expected: number | undefined;
  /** The connection came back, and nothing that came since has shown that all is there. */
  let isInDoubt = false;
  let heardAt = clock.now();
  let waiting = 0;
  let stopped = false;
  let timer = clock.at(heardAt + watchdog, watch);

  function watch(): void {
    if (clock.now() - heardAt >= watchdog) lose(`the server has sent nothing for ${Math.round(watchdog / 1000)} s`);
    else timer = clock.at(heardAt + watchdog, watch);
  }

  function stop(): void {
    stopped = true;
    timer[Symbol.dispose]();
  }

  function lose(why: string): void {
    if (stopped) return;
    stop();
    options.onLost(why);
  }

  function take(message: NotificationMessage): void {
    heardAt = clock.now();
    const { sequenceNumber } = message;
    const isKeepAlive = (message.notificationData ?? []).length === 0;
    // A keep-alive announces the number of the next notification. After a break that shows what was sent into the void and not kept
    // there; at other times it is not gone by, as a server that counts them otherwise would never be read.
    if (isKeepAlive && !isInDoubt) return;
    isInDoubt = false;
    if (expected !== undefined && sequenceNumber !== expected) {
      lose(`notifications are missing (number ${expected} expected, ${sequenceNumber} came)`);
      return;
    }
    if (isKeepAlive) return;
    expected = sequenceNumber === LAST_SEQUENCE ? FIRST_SEQUENCE : sequenceNumber + 1;
    acknowledge.push({ subscriptionId, sequenceNumber });
    options.onMessage(message);
  }

  function publish(): void {
    waiting += 1;
    // A request may wait at the server until the watchdog has long decided.
    const request = new PublishRequest({
      requestHeader: { timeoutHint: watchdog * 4 },
      subscriptionAcknowledgements: acknowledge,
    });
    acknowledge = [];
    session.publish(request, (error: Error | null, response?: PublishResponse) => {
      waiting -= 1;
      if (stopped) return;
      if (!error && response) {
        take(response.notificationMessage);
        fill();
      } else if (error && 'response' in error) {
        refused(error);
      }
      // Else the connection broke: `resume` goes on, or the watchdog ends it.
    });
  }

  function refused(error: Error): void {
    if (error.message.includes('BadTooManyPublishRequests') && waiting > 0) return;
    if (error.message.includes('BadTimeout')) fill();
    else lose(`the server ended the subscription: ${error.message.trim()}`);
  }

  function fill(): void {
    while (!stopped && waiting < WAITING) publish();
  }

  const republish = (retransmitSequenceNumber: number) =>
    new Promise<NotificationMessage | undefined>((resolve, reject) => {
      const request = new RepublishRequest({ subscriptionId, retransmitSequenceNumber });
      session.republish(request, (error: Error | null, response?: RepublishResponse) => {
        if (!error && response) resolve(response.notificationMessage);
        else if (error?.message.includes('BadMessageNotAvailable')) resolve(undefined);
        else reject(error ?? new Error('no answer'));
      });
    });

  fill();
  return {
    stop,
    async resume() {
      try {
        for (;;) {
          // Where nothing had come yet, the very first one is missing: the values as they are.
          const message = stopped ? undefined : await republish(expected ?? FIRST_SEQUENCE);
          if (!message || stopped) break;
          take(message);
        }
        expected ??= FIRST_SEQUENCE;
        isInDoubt = true;
        heardAt = clock.now();
        fill();
      } catch (error) {
        lose(`what was sent during a break can't be fetched: ${error instanceof Error ? error.message : 'no answer'}`);
      }
    },
  };
}
