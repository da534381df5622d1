import type { SiteFacts, SiteMemory } from '../../core/site-memory.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import type { Meta } from '../file/meta.ts';
import type { Events } from '../history/events.ts';

/** Facts about the site that this destination names. Facts about another destination are replaced by the first new one. */
export function createSiteMemory(meta: Meta, group: GroupCommit, events: Events, destination: string): SiteMemory {
  const stored = JSON.parse(meta.get('site') ?? '{}') as { readonly destination?: string; readonly facts?: SiteFacts };
  let known: SiteFacts = stored.destination === destination ? (stored.facts ?? {}) : {};
  return {
    facts: () => known,
    differs: words => events.note('site_differs', words),
    learn(facts, words) {
      known = { ...known, ...facts };
      if (words !== null) events.note('site_learnt', words);
      try {
        group.write(() => meta.put('site', JSON.stringify({ destination, facts: known })), 'lazily');
      } catch {
        // The queue reports a journal that can't be written. The fact is found out again.
      }
    },
  };
}
