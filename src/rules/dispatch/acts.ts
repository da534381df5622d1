import type { Action } from '../../actions/action.ts';
import type { DelayState } from './delay.ts';
import type { DispatchRule } from './dispatch-rule.ts';
import {
  closeAction,
  closeMachineAction,
  type Episode,
  episodeSettings,
  openAction,
  type Settings,
} from './episode.ts';
import type { RunningDispatch } from './running-dispatch.ts';

/** An episode begins or ends: when, by which delay, and why. */
export type Turn = {
  readonly episode: Episode;
  readonly delay: DelayState;
  /** Event time of the action (ms since 1970). */
  readonly at: number;
  readonly text: string;
};

/** What a rule with a condition makes of its episodes, and its words for that. */
export type Acts = {
  /** Present settings for an episode. */
  readonly settings: Settings;
  /** Whether an episode is a dispatch in L2L. */
  readonly hasDispatch: boolean;
  begin(run: RunningDispatch, turn: Turn): { readonly actions: readonly Action[]; readonly text: string };
  end(run: RunningDispatch, turn: Turn & { readonly completed: number }): readonly Action[];
  readonly words: {
    /** What follows on the delay: `opens a dispatch`. */
    readonly follows: string;
    /** What does not happen, after a delay and without one. */
    readonly none: string;
    readonly noneNow: string;
    /** The episode goes on. */
    readonly stays: string;
    /** What the rule did on this machine: `open on PRESS-01`. */
    readonly done: (machine: string) => string;
  };
};

/** A dispatch rule opens a dispatch, and ends it. */
export function dispatchActs(rule: DispatchRule): Acts {
  return {
    settings: episodeSettings(rule),
    hasDispatch: true,
    begin({ author, lastGood }, { episode, delay, at, text: why }) {
      const known = lastGood();
      const found = rule.reason?.resolve(known);
      const text = `${why}${found && 'missing' in found ? `; no reason: ${found.missing}` : ''}`;
      const reason = found && 'code' in found ? found.code : undefined;
      const texts = { description: rule.description.render(known), reason, text };
      return { actions: [openAction(rule, episode, author, texts, { at, time: delay.time })], text };
    },
    end({ author, lastGood }, { episode, delay, at, text, completed }) {
      const { whenCleared } = episode;
      const moment = { at, time: delay.time };
      if (whenCleared !== 'close_machine') {
        return [closeAction(episode, { completed, how: whenCleared, text }, author, moment)];
      }
      // First all dispatches with their notes. By its id the episode ends its own, should that be of another type by now.
      return [
        closeMachineAction(episode, { completed, texts: textsOf(rule, lastGood()), text }, author, moment),
        closeAction(episode, { completed, how: 'close', text }, author, moment),
      ];
    },
    words: {
      follows: 'opens a dispatch',
      none: 'no dispatch',
      noneNow: 'no dispatch is opened',
      stays: 'the dispatch stays open',
      done: machine => `open on ${machine}`,
    },
  };
}

type Known = Parameters<DispatchRule['description']['render']>[0];

/** The note and the comment for each dispatch that is closed. An empty text is left out. */
export function textsOf({ note, comment }: Pick<DispatchRule, 'note' | 'comment'>, known: Known) {
  const texts = { note: note?.render(known) ?? '', comment: comment?.render(known) ?? '' };
  return { ...(texts.note && { note: texts.note }), ...(texts.comment && { comment: texts.comment }) };
}
