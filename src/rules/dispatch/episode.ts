import { z } from 'zod';
import type { Action, ActionParams, CloseDispatchParams } from '../../actions/action.ts';
import { laneOf } from '../../actions/words.ts';
import { type ActionAuthor, expiryOf, unknownOf } from '../common/action-author.ts';
import type { DispatchRule } from './dispatch-rule.ts';

/**
 * One activation of a dispatch rule, as it is stored while it is open. It holds everything that its close needs, because the config may
 * change: a close goes to the machine of its open, and a removed rule has no settings left [D2].
 */
export const Episode = z.object({
  machine: z.string(),
  type: z.string(),
  reported: z.number(),
  mode: z.enum(['live', 'shadow']),
  /** The chain, by which the dispatch in L2L is found again. Empty in states of earlier versions: `withChain` fills it in. */
  chain: z.string().default(''),
  /** These fields follow the config while it has the rule. */
  whenCleared: z.enum(['close', 'close_machine', 'complete', 'note', 'leave']).default('close'),
  closeAdopted: z.boolean().default(false),
  ifClosedByPerson: z.enum(['wait', 'reopen']).default('wait'),
  onRemove: z.enum(['leave', 'close']).default('leave'),
});
export type Episode = z.infer<typeof Episode>;

export type Settings = Pick<Episode, 'whenCleared' | 'closeAdopted' | 'ifClosedByPerson' | 'onRemove'>;

/** The activation with this number, mode and time to be reported (ms since 1970) [P2]. */
export function newEpisode(
  { machine, type, name }: Pick<DispatchRule, 'machine' | 'type' | 'name'>,
  settings: Settings,
  begin: { readonly number: number; readonly reported: number; readonly mode: Episode['mode'] },
): Episode {
  const { number, reported, mode } = begin;
  return { machine, type, reported, mode, chain: chainOf(name, number, reported), ...settings };
}

/** The present settings for an episode. An open episode follows them. */
export function episodeSettings(rule: DispatchRule): Settings {
  const { whenCleared, closeAdopted, ifClosedByPerson, onRemove } = rule;
  return { whenCleared, closeAdopted, ifClosedByPerson, onRemove };
}

/** The time separates the actions of two episodes with the same number, because a lost state restarts the numbers [R2]. */
function chainOf(rule: string, number: number, reported: number): string {
  return `${rule}#${number}@${Math.floor(reported)}`;
}

/** `state` as the rule of this name left it. */
export function withChain<State extends { episode: Episode | null; episodes: number }>(
  rule: string,
  state: State,
): State {
  const { episode, episodes } = state;
  if (episode === null || episode.chain !== '') return state;
  return { ...state, episode: { ...episode, chain: chainOf(rule, episodes, episode.reported) } };
}

/** The time of an action of an episode, and the clock of that time. */
type Moment = Pick<Action, 'at' | 'time'>;

/** The texts of the rule, filled in when the episode opened. */
type EpisodeTexts = { readonly description: string; readonly reason: string | undefined; readonly text: string };

/** The action for the beginning of the episode. */
export function openAction(
  rule: DispatchRule,
  episode: Episode,
  author: ActionAuthor,
  texts: EpisodeTexts,
  moment: Moment,
): Action {
  const { machine, type, reported, chain, mode } = episode;
  const { trade, ifFoundOpen, ifMissed } = rule;
  return {
    key: `${chain}:open`,
    kind: 'open_dispatch',
    rule: author.name,
    lane: laneOf('open_dispatch', machine),
    chain,
    ...moment,
    params: {
      machine,
      type,
      ...(trade === null ? {} : { trade }),
      ...(texts.reason === undefined ? {} : { reason: texts.reason }),
      description: texts.description,
      reported,
      ifFoundOpen,
      ...(ifMissed === 'open_and_close' ? {} : { ifMissed }),
    },
    cause: author.cause(texts.text),
    mode,
    ...expiryOf(author, reported),
    ...unknownOf(author),
  };
}

/** The action for the end of the episode, also when nothing is sent (`leave`). From then on the episode holds no dispatch [D3]. */
export function closeAction(
  episode: Episode,
  end: { readonly completed: number; readonly how: CloseDispatchParams['how']; readonly text: string },
  author: ActionAuthor,
  moment: Moment,
): Action {
  const { machine, type, chain, mode, closeAdopted } = episode;
  const { how, text } = end;
  // The episode must not end before it began, also when the clock was set back meanwhile [T8].
  const completed = Math.max(end.completed, episode.reported);
  return {
    key: `${chain}:close`,
    kind: 'close_dispatch',
    rule: author.name,
    lane: laneOf('close_dispatch', machine),
    chain,
    ...moment,
    params: { machine, type, completed, how, ...(closeAdopted ? { closeAdopted } : {}) },
    cause: author.cause(text),
    mode,
    ...unknownOf(author),
  };
}

/** Closes every dispatch of the machine and type of the episode, whoever opened it. */
export function closeMachineAction(
  episode: Episode,
  end: {
    readonly completed: number;
    readonly texts: Pick<ActionParams['close_machine'], 'note' | 'comment'>;
    readonly text: string;
  },
  author: ActionAuthor,
  moment: Moment,
): Action {
  const { machine, type, chain, mode } = episode;
  return {
    key: `${chain}:close_all`,
    kind: 'close_machine',
    rule: author.name,
    lane: laneOf('close_machine', machine),
    chain,
    ...moment,
    params: { machine, type, completed: Math.max(end.completed, episode.reported), ...end.texts },
    cause: author.cause(end.text),
    mode,
    ...unknownOf(author),
  };
}
