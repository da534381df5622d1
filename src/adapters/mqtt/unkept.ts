import type { Sample } from '../../core/sample.ts';
import type { AdapterOptions } from '../adapter.ts';
import type { MqttSource } from './schema.ts';
import { takes } from './topics.ts';

/** Signals of whom the broker keeps nothing for us: not said yet, or said last without acknowledgement (QoS 0). */
export interface Unkept {
  /** A message came; `isKept`: the broker waits for its acknowledgement. */
  note(topic: string, samples: readonly Sample[], isKept: boolean): void;
  /** Those of the topic filters that take such a signal. */
  among(filters: readonly string[]): readonly string[];
}

/** Goes on from what the journal holds (`kept`), and says once that a device sends without acknowledgement. */
export function createUnkept({ name, config, log, kept }: AdapterOptions<MqttSource>): Unkept {
  const unkept = new Set(Object.keys(config.signals).filter(signal => kept?.has(signal) === false));
  let isTold = false;

  return {
    note(topic, samples, isKept) {
      if (isKept && unkept.size === 0) return;
      for (const { signal } of samples) {
        if (isKept) unkept.delete(signal);
        else unkept.add(signal);
      }
      if (isKept || isTold) return;
      isTold = true;
      log.warn(
        { source: name, topic },
        'this device sends without acknowledgement (QoS 0): what it says while the gateway is away is lost, and its states are unknown afterwards; let it send with QoS 1',
      );
    },
    among: filters =>
      filters.filter(filter => [...unkept].some(signal => takes(filter, config.signals[signal]?.topic ?? ''))),
  };
}
