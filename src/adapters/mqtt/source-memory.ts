import type { AdapterOptions } from '../adapter.ts';
import { type Absence, createAbsence } from './absence.ts';
import { createEventTimes, type EventTimes } from './event-time.ts';
import { createQos0Signals, type Qos0Signals } from './qos0-signals.ts';
import { createReader, type Reader } from './reader.ts';
import type { MqttSource } from './schema.ts';
import { subscriptions } from './topics.ts';

/** The facts that an MQTT source keeps for longer than one connection. */
export type SourceMemory = {
  readonly options: AdapterOptions<MqttSource>;
  readonly reader: Reader;
  /** The topic filters to subscribe to. */
  readonly filters: readonly string[];
  readonly absence: Absence;
  readonly qos0: Qos0Signals;
  readonly eventTimes: EventTimes;
  /** Signals of topics that the broker refused, which have their own reason. */
  readonly refused: Set<string>;
  /** The topics without a signal that were already logged. */
  readonly unread: Set<string>;
  /** The broker has exactly our subscriptions, as far as this process knows. */
  subscribed: boolean;
  /** When the last message that was not queued was committed. Queued messages are younger. */
  lastCommit: number | undefined;
  /**
   * The largest difference by which a message's own time was after its receipt (ms). A device's clock is ahead of the gateway's by this
   * much.
   */
  ahead: number;
};

export function createSourceMemory(options: AdapterOptions<MqttSource>): SourceMemory {
  const { config, log, away } = options;
  return {
    options,
    reader: createReader(config.signals),
    filters: subscriptions(Object.values(config.signals).map(signal => signal.topic)),
    absence: createAbsence(away ?? { since: null, queued: 0 }),
    qos0: createQos0Signals(options),
    eventTimes: createEventTimes(config, log),
    refused: new Set(),
    unread: new Set(),
    subscribed: false,
    lastCommit: undefined,
    ahead: 0,
  };
}
