import { DataChangeNotification, type NotificationMessage, StatusChangeNotification } from 'node-opcua';
import type { Logger } from '../../core/logger.ts';
import type { Sample, SampleBatch } from '../../core/sample.ts';
import { floatCounterWarning } from '../float-counter.ts';
import { batchesOf } from './batches.ts';
import { decode, hasOverflowed, isGone, qualityOf, type Reading, typeOf } from './decode.ts';
import type { RevisedItem } from './items.ts';
import type { Point } from './point.ts';
import type { OpcuaSource } from './schema.ts';

/** Makes batches from notifications, and reports each problem of a signal once in a life. */
export interface Reader {
  /** A bad sample for a point that can't be read, with the reason. */
  refuse(point: Point, reason: string): Sample;
  /**
   * Returns false for a bad sample with the same reason as the last one of its signal. Some servers send a NaN at each sampling, because it
   * differs from itself.
   */
  isNews(sample: Sample): boolean;
  /** The server gives less than was asked. A queue of one change even loses changes without a sign, because the overflow bit needs two. */
  noteRevised(items: readonly RevisedItem[]): void;
  batches(message: NotificationMessage, receivedAt: number): readonly Omit<SampleBatch, 'source'>[];
  /** Why the server ended the subscription, if the message has the reason. */
  ended(message: NotificationMessage): string | undefined;
}

export type ReaderOptions = {
  readonly source: string;
  readonly config: OpcuaSource;
  readonly log: Logger;
  /** The point to which the server's changes with this handle belong. */
  readonly pointOf: (handle: number) => Point | undefined;
  /** Called when a node is gone, because the server does not look for it again by itself. */
  readonly onGone: (point: Point) => void;
};

export function notificationReader({ source, config, log, pointOf, onGone }: ReaderOptions): Reader {
  const reported = new Set<string>();
  const warnOnce = (what: string, fields: object, message: string) => {
    if (reported.has(what)) return;
    reported.add(what);
    log.warn({ source, ...fields }, message);
  };

  const badReasons = new Map<string, string | undefined>();
  function isNews({ signal, quality, reason }: Sample): boolean {
    if (quality !== 'bad') {
      badReasons.delete(signal);
      return true;
    }
    if (badReasons.has(signal) && badReasons.get(signal) === reason) return false;
    badReasons.set(signal, reason);
    return true;
  }

  function refuse({ signal }: Point, reason: string): Sample {
    warnOnce(`refused ${signal}`, { signal, reason }, 'OPC UA signal cannot be read');
    return { signal, value: null, quality: 'bad', reason };
  }

  /** With `as: number` only the values show the type of a counter's node; with a named type `check` has warned. */
  function noteFloat({ signal, type }: Point, reading: Reading): void {
    if (type !== 'number') return;
    const why = floatCounterWarning({ as: typeOf(reading), counter: config.signals[signal]?.counter });
    if (why !== undefined) warnOnce(`float ${signal}`, { signal }, `OPC UA counter is a float: ${why}`);
  }

  return {
    refuse,
    isNews,
    noteRevised([first, ...others]) {
      if (!first) return;
      const { item, sampling, queue } = first;
      const { signal, sampling: asked, queue: askedQueue } = item.point;
      const signals = 1 + others.length;
      warnOnce(
        'revised',
        { signals, signal, sampling: `${sampling} ms of ${asked}`, queue: `${queue} of ${askedQueue}` },
        'the OPC UA server samples nodes less often, or keeps fewer changes of them, than the config asks: changes in between are lost',
      );
    },
    batches(message, receivedAt) {
      const skew = (message.publishTime?.getTime() ?? receivedAt) - receivedAt;
      if (config.clock === 'source' && Math.abs(skew) > config.max_skew)
        warnOnce(
          'skew',
          { skew },
          'the clock of the OPC UA server differs by more than max_skew: its times are not used',
        );
      const samples: Sample[] = [];
      for (const notification of message.notificationData ?? []) {
        if (!(notification instanceof DataChangeNotification)) continue;
        for (const { clientHandle, value } of notification.monitoredItems ?? []) {
          const point = pointOf(clientHandle);
          if (!point) continue;
          const sample = decode(point, value);
          if (isNews(sample)) samples.push(sample);
          if (isGone(value.statusCode.name)) onGone(point);
          const { signal } = point;
          noteFloat(point, value);
          if (hasOverflowed(value.statusCode.value))
            warnOnce(`overflow ${signal}`, { signal }, 'OPC UA queue overflowed: changes are lost; raise queue');
          // The server has a good value that the gateway can't use, so the config does not fit the node.
          if (sample.quality === 'bad' && qualityOf(value.statusCode.value) !== 'bad')
            refuse(point, sample.reason ?? '');
        }
      }
      return batchesOf(samples, receivedAt, config);
    },
    ended: message =>
      (message.notificationData ?? []).find(notification => notification instanceof StatusChangeNotification)?.status
        .name,
  };
}
