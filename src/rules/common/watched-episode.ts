import type { RunningRule } from './running-rule.ts';

/** An open episode whose rule wants to know when a person closes its dispatch. */
export type WatchedEpisode = {
  readonly rule: string;
  readonly chain: string;
  readonly machine: string;
  readonly type: string;
};

/** Null: it is the same to the rule, or L2L does not know of the episode (shadow). */
export function watchedEpisode({ rule, episode }: RunningRule): WatchedEpisode | null {
  if (episode?.ifClosedByPerson !== 'reopen' || episode.mode !== 'live') return null;
  const { chain, machine, type } = episode;
  return { rule: rule.name, chain, machine, type };
}
