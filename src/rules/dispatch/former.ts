import { formerAuthor } from '../common/action-author.ts';
import { REMOVED } from '../common/rule-words.ts';
import { report, type Step } from '../common/step.ts';
import type { DispatchState } from './dispatch-state.ts';
import { closeAction } from './episode.ts';

/**
 * Whether the removed rule leaves its dispatch open (`on_remove: leave`). Its state is kept and shown, because nothing else knows the
 * dispatch.
 */
export function leavesDispatch({ episode }: DispatchState): boolean {
  return episode !== null && episode.onRemove === 'leave';
}

/** Ends the episode of a removed rule [R4]. Nothing is known since `lastAlive`. For a dispatch that stays open nothing is sent. */
export function endEpisode(
  name: string,
  { episode, told, delay, held, time }: DispatchState,
  lastAlive: number,
  _at: number,
  step: Step,
): void {
  if (episode === null) return;
  const { machine, type, reported, onRemove, whenCleared } = episode;
  const knownUntil = held ? (time ?? lastAlive) : lastAlive - (delay?.lag ?? 0);
  const completed = Math.max(knownUntil, told ?? reported);
  // Nobody knows that the machine runs, so no dispatch but its own is closed.
  const cleared = whenCleared === 'close_machine' ? 'close' : whenCleared;
  const how = onRemove === 'close' ? cleared : 'leave';
  const text = `${REMOVED} while its dispatch was open; it is ended when the gateway last saw it`;
  const moment = { at: completed, time: 'received' } as const;
  step.actions.push(closeAction(episode, { completed, how, text }, formerAuthor(name), moment));
  const words = how === 'leave' ? 'is left open in L2L' : 'is ended';
  report(step, { name }, completed, 'removed', `${REMOVED}; its dispatch ${type} on ${machine} ${words}`);
}
