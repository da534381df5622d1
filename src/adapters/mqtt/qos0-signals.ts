import type { Sample } from '../../core/sample.ts';
import type { AdapterOptions } from '../adapter.ts';
import type { MqttSource } from './schema.ts';
import { takes } from './topics.ts';

/**
 * Signals for which the broker keeps no messages while the gateway is away, because their last message came without acknowledgement (QoS
 * 0), or no message came yet [M6].
 */
export interface Qos0Signals {
  /** A message came; `isAcknowledged`: the broker waits for its acknowledgement. */
  note(topic: string, samples: readonly Sample[], isAcknowledged: boolean): void;
  /** The topic filters under which such a signal comes. */
  filters(all: readonly string[]): readonly string[];
}

/** Starts with the signals without a value in the journal (`kept`). Logs once that a device sends with QoS 0. */
export function createQos0Signals({ name, config, log, kept }: AdapterOptions<MqttSource>): Qos0Signals {
  const signals = new Set(Object.keys(config.signals).filter(signal => kept?.has(signal) === false));
  let isLogged = false;

  return {
    note(topic, samples, isAcknowledged) {
      if (isAcknowledged && signals.size === 0) return;
      for (const { signal } of samples) {
        if (isAcknowledged) signals.delete(signal);
        else signals.add(signal);
      }
      if (isAcknowledged || isLogged) return;
      isLogged = true;
      log.warn(
        { source: name, topic },
        'this device sends without acknowledgement (QoS 0): its messages are lost while the gateway is away, and its states are unknown afterwards; let it send with QoS 1',
      );
    },
    filters: all =>
      all.filter(filter => [...signals].some(signal => takes(filter, config.signals[signal]?.topic ?? ''))),
  };
}
