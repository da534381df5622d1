import { adapterDefinition, type SourceConfig } from '../../adapters/registry.ts';
import type { SourceStatus } from '../../core/sample.ts';
import type { TimeNotation } from '../../core/time-notation.ts';
import type { SignalView } from '../../rules/signal-view.ts';

/** A source of the config. */
export type ConfiguredSource = {
  readonly name: string;
  readonly protocol: string;
  /** Its address in words, such as `192.0.2.7:502`; null: it has none. */
  readonly address: string | null;
  /** Where each signal is read, in words, by the name of the signal. */
  readonly signals: ReadonlyMap<string, string>;
};

/** The sources of a config, with addresses as `check` writes them. An address holds no password: the schemas refuse one. */
export function configuredSources(sources: Readonly<Record<string, SourceConfig>>): readonly ConfiguredSource[] {
  return Object.entries(sources).map(([name, config]) => {
    const words = adapterDefinition(config.protocol).describe?.(config);
    const address = words?.source ?? null;
    return { name, protocol: config.protocol, address, signals: words?.signals ?? new Map() };
  });
}

/** Every source of the config: its address, the state of its connection, and how many of its signals are good. */
export function sourcesStatus(
  sources: readonly ConfiguredSource[],
  statuses: readonly SourceStatus[],
  signals: readonly SignalView[],
  iso: TimeNotation['iso'],
) {
  const bySource = new Map(statuses.map(status => [status.source, status]));
  return sources.map(({ name, protocol, address }) => {
    const status = bySource.get(name);
    const its = signals.filter(({ definition }) => definition.source === name);
    return {
      source: name,
      protocol,
      ...(address !== null && { connectsTo: address }),
      state: status?.state ?? 'connecting',
      words: STATE_WORDS[status?.state ?? 'connecting'],
      ...(status?.reason !== undefined && { reason: status.reason }),
      ...(status && { since: iso(status.at), at: iso(status.at) }),
      signals: `${its.filter(({ good }) => good).length} of ${its.length} good`,
    };
  });
}

const STATE_WORDS: Readonly<Record<SourceStatus['state'], string>> = {
  connecting: 'not connected yet',
  connected: 'connected',
  catching_up: 'connected; messages that the broker kept are still read',
  disconnected: 'not connected; tried again and again',
  stopped: 'stopped with the gateway',
};
