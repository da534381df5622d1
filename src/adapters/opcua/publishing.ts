import {
  type NotificationMessage,
  PublishRequest,
  type PublishResponse,
  RepublishRequest,
  type RepublishResponse,
} from 'node-opcua';
import type { Clock } from '../../core/clock.ts';
import type { RawSession } from './session.ts';

/** How many publish requests wait at the server at once. While one answer is under way, the next one has a request. */
const WAITING = 2;
const FIRST_SEQUENCE = 1;
const LAST_SEQUENCE = 2 ** 32 - 1;

export type PublishingOptions = {
  readonly session: RawSession;
  readonly subscriptionId: number;
  /** After this long without anything, not even a keep-alive, the subscription is dead (ms). */
  readonly watchdog: number;
  readonly clock: Clock;
  /** One notification; keep-alives are not reported. */
  onMessage(message: NotificationMessage): void;
  /** Called once, with the reason, when the subscription can't be trusted any more. */
  onLost(why: string): void;
};

export interface Publishing {
  /** The connection came back with the same session. Fetches the notifications that the break lost, then goes on. */
  resume(): Promise<void>;
  stop(): void;
}

/**
 * Keeps publish requests waiting at the server, and delivers the notifications without gaps. A missing sequence number ends the
 * subscription. The gateway does this itself, because a subscription that dies silently must not look healthy.
 */
export function startPublishing(options: PublishingOptions): Publishing {
  const { session, subscriptionId, watchdog, clock } = options;
  let acknowledge: { subscriptionId: number; sequenceNumber: number }[] = [];
  let expected: number | undefined;
  /** The connection came back, and no later notification has shown yet that none is missing. */
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
    // A keep-alive has the number of the next notification. After a break, that number shows lost notifications that the server did not
    // keep. At other times it is ignored: otherwise the gateway could never read from a server that counts in another way.
    if (isKeepAlive && !isInDoubt) return;
    isInDoubt = false;
    if (expected !== undefined && sequenceNumber !== expected) {
      lose(`notifications are missing (expected number ${expected}, but ${sequenceNumber} came)`);
      return;
    }
    if (isKeepAlive) return;
    expected = sequenceNumber === LAST_SEQUENCE ? FIRST_SEQUENCE : sequenceNumber + 1;
    acknowledge.push({ subscriptionId, sequenceNumber });
    options.onMessage(message);
  }

  function publish(): void {
    waiting += 1;
    // A request may wait at the server for longer than the watchdog.
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
      // Otherwise the connection broke: `resume` goes on, or the watchdog ends the subscription.
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
          // Before the first notification, only that one can be missing; it has the present values.
          const message = stopped ? undefined : await republish(expected ?? FIRST_SEQUENCE);
          if (!message || stopped) break;
          take(message);
        }
        expected ??= FIRST_SEQUENCE;
        isInDoubt = true;
        heardAt = clock.now();
        fill();
      } catch (error) {
        lose(`the notifications of a break can't be fetched: ${error instanceof Error ? error.message : 'no answer'}`);
      }
    },
  };
}
