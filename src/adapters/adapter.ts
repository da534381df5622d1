import type { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { Absence } from '../core/commit.ts';
import type { Logger } from '../core/logger.ts';
import type { SampleBatch, SignalDefinition } from '../core/sample.ts';
import type { Claim } from './claim.ts';

/**
 * The reports of an adapter to its supervisor during one life of its connection. Calls return at once and never throw. Reports are applied
 * in the order of the calls.
 */
export interface SourceSink {
  /** The source answers, and its signals can be trusted from now on. */
  connected(): void;
  /** The source is connected, but queued messages of an earlier session still arrive (MQTT, session present). Ends with `connected`. */
  catchingUp(): void;
  /** For transports with acknowledgements: whether the broker kept our session. Without it, earlier packet ids mean nothing any more. */
  session(present: boolean): void;
  samples(batch: Omit<SampleBatch, 'source'>): void;
}

export type AdapterOptions<Config> = {
  readonly name: string;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long the gateway was away from the broker, and how many queued messages it has read since. Left out: not known. */
  readonly away?: Pick<Absence, 'since' | 'queued'>;
  /** Signals whose earlier value still holds when a broker kept the session. Left out: all of them. */
  readonly kept?: ReadonlySet<string>;
};

/** One configured source. Creating it does no IO. */
export interface Adapter {
  /**
   * Runs one life of the connection: connects, delivers, and
   * - resolves after `signal` aborted and the connection was closed cleanly (sessions ended, nothing left running);
   * - rejects when it can't connect or the connection is lost for good; the message says what happened and what to do. The supervisor calls
   *   it again after a back-off, and never twice at once.
   */
  run(sink: SourceSink, signal: AbortSignal): Promise<void>;
}

/**
 * The address of the source, such as `opc.tcp://192.0.2.10:4840`, and by signal name the place of its value, such as `unit 7 input 31 (PDU
 * address 30) float32 CDAB`.
 */
export type SourceWords = {
  readonly source: string;
  readonly signals: ReadonlyMap<string, string>;
  /** A warning for a person about a valid config. */
  readonly notes?: readonly string[];
};

/** The parts of a protocol: its YAML schema, the signals that a config declares, and its code, which is loaded only when it is used. */
export type AdapterDefinition<Config extends { protocol: string }> = {
  readonly protocol: Config['protocol'];
  readonly schema: z.ZodType<Config>;
  /** Pure. The signals this source declares, in the order written. */
  signals(name: string, config: Config): readonly SignalDefinition[];
  /** Pure, for `check`: the addresses of the source and of each signal, in words. Left out: they have none. */
  describe?(config: Config): SourceWords;
  /**
   * Pure. The things outside of the gateway that this source needs for itself, so that two sources do not claim the same. Left out:
   * nothing.
   */
  claims?(config: Config): readonly Claim[];
  /** Lazy, so `check` loads no protocol stack. */
  load(): Promise<(options: AdapterOptions<Config>) => Adapter>;
};

/** Keeps the config's type inside, while the registry lists definitions of different types. */
export function defineAdapter<Config extends { protocol: string }>(
  definition: AdapterDefinition<Config>,
): AdapterDefinition<Config> {
  return definition;
}
