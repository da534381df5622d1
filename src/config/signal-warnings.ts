import { hasWildcard } from '../adapters/mqtt/topics.ts';
import type { SourceConfig } from '../adapters/registry.ts';

/** Signals of a broker that would hold their last value for ever; a PLC that is asked is missed at once when it does not answer. */
export function neverStale(source: SourceConfig): readonly string[] {
  if (source.protocol !== 'mqtt') return [];
  return Object.entries(source.signals)
    .filter(([, { stale_after }]) => stale_after === undefined)
    .map(([name]) => name);
}

/** Numbers of a broker that come from several topics, with what is written as their topic: nobody can distinguish them. */
export function mixedTopics(source: SourceConfig): readonly { readonly signal: string; readonly topic: string }[] {
  if (source.protocol !== 'mqtt') return [];
  return Object.entries(source.signals)
    .filter(([, { topic, as }]) => hasWildcard(topic) && (as === 'number' || as === 'integer'))
    .map(([signal, { topic }]) => ({ signal, topic }));
}
