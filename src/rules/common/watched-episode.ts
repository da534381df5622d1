import type { RunningRule } from './running-rule.ts';

/** An open episode whose rule has to know when a person closes its dispatch. */
export type WatchedEpisode = {
  readonly rule: string;
  readonly chain: string;
  readonly machine: string;
  readonly type: string;
};

/** null: the rule does not need to know, or L2L has no such dispatch (shadow mode). */
export function watchedEpisode({ rule, episode }: RunningRule): WatchedEpisode | null {
  if (episode?.ifClosedByPerson !== 'reopen' || episode.mode !== 'live') return null;
  const { chain, machine, type } = episode;
  return { rule: rule.name, chain, machine, type };
}
