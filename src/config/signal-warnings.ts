import { hasWildcard } from '../adapters/mqtt/topics.ts';
import type { SourceConfig } from '../adapters/registry.ts';

/** Signals of a broker that would hold their last value for ever. (A PLC that does not answer is noticed at once.) */
export function neverStale(source: SourceConfig): readonly string[] {
  if (source.protocol !== 'mqtt') return [];
  return Object.entries(source.signals)
    .filter(([, { stale_after }]) => stale_after === undefined)
    .map(([name]) => name);
}

/** Numbers of a broker that come from several topics, with the topic as written. The gateway cannot distinguish the topics. */
export function mixedTopics(source: SourceConfig): readonly { readonly signal: string; readonly topic: string }[] {
  if (source.protocol !== 'mqtt') return [];
  return Object.entries(source.signals)
    .filter(([, { topic, as }]) => hasWildcard(topic) && (as === 'number' || as === 'integer'))
    .map(([signal, { topic }]) => ({ signal, topic }));
}
