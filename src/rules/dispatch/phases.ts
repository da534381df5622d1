import type { SignalCell } from '../common/signal-table.ts';
import { report, type Step } from '../common/step.ts';
import type { Truth } from '../program.ts';
import { type DelayState, knownTime, pauseDelay, resumeDelay, startDelay } from './delay.ts';
import { recordBegin, recordMovedAgain, recordResumed, recordReturn } from './delay-decisions.ts';
import { closeAction, newEpisode } from './episode.ts';
import { delayLength, isActive, type RunningDispatch } from './running-dispatch.ts';
import { endedWords, forWords, openedWords, type Seen } from './words.ts';

/** Adjusts the phase and its delay to the condition that the rule waits for: to open, or while active to clear [D1]. */
export function follow(run: RunningDispatch, truth: Truth, at: number, step: Step): void {
  const { rule, state, conditions } = run;
  const { delay } = state;
  if (delay === null) {
    if (truth === true) begin(run, at, step);
  } else if (truth === false) {
    // While the condition was unknown, it may have held far longer than the delay counted.
    recordReturn(run, at, delay.pausedAt === null || conditions.heldAllAlong(step), step);
    state.phase = isActive(run) ? 'active' : 'inactive';
    state.delay = null;
    step.changed.add(rule.name);
  } else if (truth === 'unknown') {
    if (pauseDelay(delay, at)) step.changed.add(rule.name);
  } else if (delay.pausedAt !== null) {
    const isOld = goesOn(run, delay.pausedAt, at, step);
    if (isOld) resumeDelay(delay, at);
    else state.delay = startDelay(at, step);
    recordResumed(run, isOld, at, step);
  }
}

/** The delay has ended: the episode begins, or is over. */
export function complete(run: RunningDispatch, at: number, step: Step): void {
  const { phase, delay } = run.state;
  if (delay === null) return;
  if (phase === 'pending') activate(run, delay, at, step);
  else if (phase === 'clearing') clear(run, delay, at, step);
}

/** A person closed the dispatch of the episode, which ends with it. Another one begins when the condition still holds. */
export function closeEarly(run: RunningDispatch, at: number, step: Step): void {
  const { rule, state, stills, author } = run;
  const { episode } = state;
  if (episode === null) return;
  const completed = notBeforeLast(run, at + step.shift);
  const text = `a person closed the dispatch on ${episode.machine} before the condition had cleared`;
  step.actions.push(closeAction(episode, { completed, how: 'leave', text }, author, { at, time: step.time }));
  endEpisode(run);
  report(step, rule, at, 'closed_early', text);
  openAgain(run, Math.max(at, stills.stopAll()), step);
}

/** A change of x in `still(x)` starts the on_delay anew where the condition holds only because x stood still. */
export function noteStills(run: RunningDispatch, at: number, step: Step): void {
  const { rule, state, stills, conditions } = run;
  const change = stills.note(at, step.serial);
  if (change === 'no change') return;
  step.moved.add(rule.name);
  if (isActive(run)) {
    if (change === 'starts') step.changed.add(rule.name);
    return;
  }
  if (state.phase === 'pending' && conditions.opening() !== true) {
    if (state.delay?.pausedAt != null) step.changed.add(rule.name);
    else recordMovedAgain(run, at, step);
    state.delay = startDelay(at, step);
  }
  stills.stopAll();
}

/** The delay begins: to clear while the rule is active, else to open. */
function begin(run: RunningDispatch, from: number, step: Step): void {
  const { rule, state } = run;
  state.phase = isActive(run) ? 'clearing' : 'pending';
  state.delay = startDelay(from, step);
  step.changed.add(rule.name);
  if (delayLength(run) > 0) recordBegin(run, step);
}

/** Whether a delay goes on with its old start after the pause. */
function goesOn({ conditions }: RunningDispatch, pausedAt: number, at: number, step: Step): boolean {
  if (conditions.heldAllAlong(step)) return true;
  return at - pausedAt <= step.freezeLimit && !conditions.changedUnseen(pausedAt);
}

function activate(run: RunningDispatch, delay: DelayState, at: number, step: Step): void {
  const { rule, state, acts, inputs, stills } = run;
  state.episodes++;
  const reported = notBeforeLast(run, delay.since);
  const episode = newEpisode(rule, acts.settings, { number: state.episodes, reported, mode: step.mode });
  state.phase = 'active';
  state.delay = null;
  state.episode = episode;
  stills.stopAll();
  const why = openedWords(seen(run, inputs), knownTime(delay, at));
  const { actions, text } = acts.begin(run, { episode, delay, at, text: why });
  step.actions.push(...actions);
  report(step, rule, at, 'activated', text);
}

function clear(run: RunningDispatch, delay: DelayState, at: number, step: Step): void {
  const { rule, state, acts, watched, stills } = run;
  const { until } = rule;
  const text = `${until ? `${until.text} was true` : endedWords(seen(run, watched))}${forWords(knownTime(delay, at))}`;
  const completed = notBeforeLast(run, delay.since);
  const { episode } = state;
  if (episode !== null) step.actions.push(...acts.end(run, { episode, delay, at, text, completed }));
  endEpisode(run);
  report(step, rule, at, 'cleared', text);
  const moved = stills.stopAll();
  openAgain(run, moved > -Infinity ? Math.min(Math.max(delay.since, moved), at) : at, step);
}

function endEpisode({ state }: RunningDispatch): void {
  state.phase = 'inactive';
  state.delay = null;
  state.episode = null;
}

/** Right after an episode `still(x)` is true again, since the last change of x. */
function openAgain(run: RunningDispatch, from: number, step: Step): void {
  if (run.conditions.opening() === true) begin(run, from, step);
}

/** `at`, but no earlier than the latest time of any action. */
function notBeforeLast({ state }: RunningDispatch, at: number): number {
  state.told = Math.max(at, state.told ?? at);
  return state.told;
}

function seen({ rule, stills }: RunningDispatch, cells: readonly SignalCell[]): Seen {
  return { when: rule.when, cells, isStill: stills.size === 1 };
}
