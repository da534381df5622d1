import { authorOf } from '../common/action-author.ts';
import type { RunningRule } from '../common/running-rule.ts';
import { lastGoodOf, type SignalCell } from '../common/signal-table.ts';
import { report, type Step } from '../common/step.ts';
import type { Truth, WorldScope } from '../program.ts';
import { createAccount } from './account.ts';
import { createConditions } from './conditions.ts';
import { type DelayState, dueOf, knownTime, pauseDelay, resumeDelay, startDelay } from './delay.ts';
import type { DispatchRule } from './dispatch-rule.ts';
import { type DispatchState, newDispatchState } from './dispatch-state.ts';
import { closeAction, episodeSettings, newEpisode, openAction } from './episode.ts';
import { createStills } from './stills.ts';
import { awaitedWords, endedWords, forWords, openedWords, type Seen } from './words.ts';

export type DispatchOptions = {
  readonly rule: DispatchRule;
  readonly world: WorldScope;
  /** The cell of every signal the rule names, texts included. */
  readonly cells: ReadonlyMap<string, SignalCell>;
  readonly restored: DispatchState | null;
};

/**
 * inactive → pending → active → clearing → inactive.
 *
 * - Opening: `when` and not `unless` and not a written `until` (reset wins). What is not true resets the on_delay.
 * - Clearing: `until`, or not `when`. `unless` never closes.
 * - Unknown opens nothing, closes nothing and pauses a delay. After a pause the delay goes on with its old start when
 *   the condition is as before, no signal shows a change inside the gap, and the gap is not longer than the freeze
 *   limit; otherwise it starts anew at the first good sample, so no time is claimed that nobody saw.
 * - `still(x)` while not active: true, and each change of x starts the on_delay anew (reported = last change). While
 *   active: false from a change until x stood still for on_delay again. So with off_delay 30s a stopped line clears 30 s
 *   after parts are made again, completed = the first part; and if it then stops, reported = the last part.
 */
export function createDispatch({ rule, world, cells, restored }: DispatchOptions): RunningRule {
  const { when, unless, until, onDelay, offDelay } = rule;
  const written = [when, unless, until].filter(condition => condition !== null);
  const cellsOf = (names: Iterable<string>) => [...new Set(names)].flatMap(name => cells.get(name) ?? []);
  const inputs = cellsOf(written.flatMap(condition => condition.signals));
  const watched = cellsOf(when.signals);
  const author = authorOf(rule, [...cells.values()]);
  const stills = createStills(cellsOf(written.flatMap(condition => condition.still)), onDelay, restored?.still ?? {});
  const conditions = createConditions(rule, world, stills, inputs);
  const { opening, clearing, heldAllAlong, changedUnseen } = conditions;
  const state = restored ? structuredClone(restored) : newDispatchState();
  const account = createAccount({ rule, state, conditions, cells });
  /** Most rules have none: what every sample touches in memory decides how many rules a core can have. */
  const hasStills = stills.size > 0;
  let awaitUntil = -Infinity;

  const seen = (of: readonly SignalCell[]): Seen => ({ when, cells: of, isStill: stills.size === 1 });
  const isActive = () => state.phase === 'active' || state.phase === 'clearing';
  const awaited = (): Truth => (isActive() ? clearing() : opening());

  function lengthOf(): number {
    return state.phase === 'clearing' ? offDelay : onDelay;
  }

  function delayDue(): number {
    return state.delay === null ? Infinity : Math.max(dueOf(state.delay, lengthOf()), awaitUntil);
  }

  /** Brings the phase and its delay in line with the truth of what is waited for: opening, or while active clearing. */
  function follow(truth: Truth, at: number, step: Step): void {
    const { delay } = state;
    if (delay === null) {
      if (truth === true) begin(isActive() ? 'clearing' : 'pending', at, step);
    } else if (truth === false) {
      // While nothing was known it may have held far longer than the delay counted.
      account.returns(at, delay.pausedAt === null || heldAllAlong(step), step);
      state.phase = isActive() ? 'active' : 'inactive';
      state.delay = null;
      step.changed.add(rule.name);
    } else if (truth === 'unknown') {
      if (pauseDelay(delay, at)) step.changed.add(rule.name);
    } else if (delay.pausedAt !== null) {
      const isOld = goesOn(delay.pausedAt, at, step);
      if (isOld) resumeDelay(delay, at);
      else state.delay = startDelay(at, step);
      account.goesOn(isOld, at, step);
    }
  }

  function begin(waiting: 'pending' | 'clearing', from: number, step: Step): void {
    state.phase = waiting;
    state.delay = startDelay(from, step);
    step.changed.add(rule.name);
    if (lengthOf() > 0) account.begins(step);
  }

  /** Whether a delay goes on with its old start after the pause. */
  function goesOn(pausedAt: number, at: number, step: Step): boolean {
    return heldAllAlong(step) || (at - pausedAt <= step.freezeLimit && !changedUnseen(pausedAt));
  }

  function complete(at: number, step: Step): void {
    if (state.delay === null) return;
    if (state.phase === 'pending') activate(state.delay, at, step);
    else if (state.phase === 'clearing') clear(state.delay, at, step);
  }

  function activate(delay: DelayState, at: number, step: Step): void {
    state.episodes++;
    const episode = newEpisode(rule, state.episodes, notBefore(delay.since), step.mode);
    state.phase = 'active';
    state.delay = null;
    state.episode = episode;
    stills.settleAll();
    const lastGood = lastGoodOf(cells);
    const found = rule.reason?.resolve(lastGood);
    const unreasoned = found && 'missing' in found ? `; no reason: ${found.missing}` : '';
    const text = `${openedWords(seen(inputs), knownTime(delay, at))}${unreasoned}`;
    const reason = found && 'code' in found ? found.code : undefined;
    const said = { description: rule.description.render(lastGood), reason, text };
    step.actions.push(openAction(rule, episode, author, said, { at, time: delay.time }));
    report(step, rule, at, 'activated', text);
  }

  function clear(delay: DelayState, at: number, step: Step): void {
    const text = `${until ? `${until.text} was true` : endedWords(seen(watched))}${forWords(knownTime(delay, at))}`;
    const completed = notBefore(delay.since);
    if (state.episode !== null) {
      const end = { completed, how: state.episode.whenCleared, text };
      step.actions.push(closeAction(state.episode, end, author, { at, time: delay.time }));
    }
    endEpisode();
    report(step, rule, at, 'cleared', text);
    const moved = stills.settleAll();
    openAgain(moved > -Infinity ? Math.min(Math.max(delay.since, moved), at) : at, step);
  }

  function endEpisode(): void {
    state.phase = 'inactive';
    state.delay = null;
    state.episode = null;
  }

  /** Right after an episode `still(x)` is true again: the last change of x is when it began to stand still. */
  function openAgain(from: number, step: Step): void {
    if (opening() === true) begin('pending', from, step);
  }

  function notBefore(at: number): number {
    state.told = Math.max(at, state.told ?? at);
    return state.told;
  }

  /** A change of x in `still(x)` starts the on_delay anew where the condition holds only because x stood still. */
  function noteStills(at: number, step: Step): void {
    const change = stills.note(at, step.serial);
    if (change === 'no change') return;
    step.moved.add(rule.name);
    if (isActive()) {
      if (change === 'starts') step.changed.add(rule.name);
      return;
    }
    if (state.phase === 'pending' && opening() !== true) {
      if (state.delay?.pausedAt != null) step.changed.add(rule.name);
      else account.movedAgain(at, step);
      state.delay = startDelay(at, step);
    }
    stills.settleAll();
  }

  return {
    rule,
    get due() {
      return hasStills ? Math.min(delayDue(), stills.due) : delayDue();
    },
    get active() {
      return isActive();
    },
    get episode() {
      return state.episode;
    },
    evaluate(raw, step) {
      // What the values are is known now, but not since when: what is queued behind them may show it.
      if (state.anew && step.kept) return;
      const own = Math.max(state.time ?? -Infinity, state.delay?.pausedAt ?? -Infinity);
      const at = heldAllAlong(step) && own > -Infinity ? own : Math.max(raw, own);
      if (hasStills) noteStills(at, step);
      const truth = awaited();
      if (state.anew && truth !== 'unknown') {
        state.anew = false;
        step.changed.add(rule.name);
      }
      // While nothing is known time stands still, so that queued messages of that time can still show what happened.
      if (truth !== 'unknown' || state.delay?.runningFrom != null) state.time = at;
      follow(truth, at, step);
      account.looked(truth, at, step);
      if (delayDue() <= at) complete(at, step);
    },
    fire(due, step) {
      const at = Math.max(due, state.time ?? due);
      state.time = at;
      if (delayDue() <= at) {
        complete(at, step);
        return;
      }
      if (stills.settle(at)) step.changed.add(rule.name);
      if (isActive()) follow(clearing(), at, step);
    },
    restart(lastAlive, _at, step) {
      const alive = lastAlive - (state.delay?.lag ?? 0);
      const knownUntil = state.held ? (state.time ?? alive) : Math.max(alive, state.time ?? alive);
      state.held = false;
      const { episode } = state;
      if (episode !== null) {
        state.episode = { ...episode, ...episodeSettings(rule) };
        step.changed.add(rule.name);
      }
      stills.restart();
      account.restart();
      if (state.delay !== null && pauseDelay(state.delay, knownUntil)) step.changed.add(rule.name);
    },
    standstill(from, to, step) {
      stills.postpone(to - from);
      const { delay } = state;
      if (delay === null || !pauseDelay(delay, from)) return;
      const isOld = to - from <= step.freezeLimit;
      if (isOld) resumeDelay(delay, to);
      else state.delay = startDelay(to, step);
      account.stoodStill(from, to, isOld, step);
    },
    closedByPerson(at, step) {
      const { episode } = state;
      if (episode?.ifClosedByPerson !== 'reopen') return;
      // What its source kept meanwhile may have ended it before, and begun the next one: it is sent again when that is known.
      if (state.held || clearing() === 'unknown') return;
      const completed = notBefore(at + step.shift);
      const text = `a person closed the dispatch on ${episode.machine} before the condition had cleared`;
      step.actions.push(closeAction(episode, { completed, how: 'leave', text }, author, { at, time: step.time }));
      endEpisode();
      report(step, rule, at, 'closed_early', text);
      openAgain(Math.max(at, stills.settleAll()), step);
    },
    hold(held, step) {
      if (state.held !== held && state.delay !== null) step.changed.add(rule.name);
      if (state.held !== held) account.held(held, step);
      state.held = held;
      // Nothing was queued that could show it: it begins now.
      if (state.anew && !held) this.evaluate(step.at - step.shift, step);
    },
    setBack(by) {
      if (state.time !== null) state.time -= Math.max(0, by);
    },
    awaitSignals(at) {
      awaitUntil = at;
    },
    state: () => ({ ...structuredClone(state), still: stills.state() }),
    view() {
      const { phase, delay, episode } = state;
      const due = Math.min(delayDue(), stills.due);
      const paused = delay !== null && delay.pausedAt !== null ? ', paused while unknown' : '';
      const text = `${awaitedWords(rule, isActive() ? (episode?.machine ?? rule.machine) : null)} is ${awaited()}${paused}`;
      const since = delay?.since ?? episode?.reported ?? null;
      return {
        rule: rule.name,
        kind: 'dispatch',
        phase,
        since,
        due: Number.isFinite(due) ? due : null,
        text,
        episode: episode && { chain: episode.chain, mode: episode.mode },
      };
    },
  };
}
