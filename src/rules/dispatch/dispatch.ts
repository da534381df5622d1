import type { RunningRule } from '../common/running-rule.ts';
import type { RuleView } from '../rule-view.ts';
import { forgetAccount } from './account.ts';
import { pauseDelay, resumeDelay, startDelay } from './delay.ts';
import { recordHold, recordStandstill } from './delay-decisions.ts';
import { recordLook } from './look-decisions.ts';
import { closeEarly, complete, follow, noteStills } from './phases.ts';
import {
  awaited,
  type DispatchOptions,
  delayDue,
  isActive,
  type RunningDispatch,
  runDispatch,
} from './running-dispatch.ts';
import { awaitedWords } from './words.ts';

/**
 * A rule with a condition: inactive → pending → active → clearing → inactive.
 *
 * - Opening: `when` is true, `unless` is false, and a written `until` is false (reset wins). When this is false, the on_delay is reset.
 * - Clearing: `until`, or not `when`. `unless` never closes.
 * - Unknown opens nothing, closes nothing and pauses a delay [D1]. After a pause the delay goes on with its old start when
 *   the condition is as before, no signal shows a change inside the gap, and the gap is not longer than the freeze
 *   limit. Otherwise it starts anew at the first good sample, so that unseen time never counts.
 * - `still(x)` while not active: true, and each change of x starts the on_delay anew (reported = last change). While
 *   active: false from a change until x stood still for on_delay again. So with off_delay 30s a stopped line clears 30 s
 *   after parts are made again, completed = the first part; and if it then stops, reported = the last part.
 */
export function createDispatch(options: DispatchOptions): RunningRule {
  const run = runDispatch(options);
  const { rule, acts, state, stills, conditions, account } = run;
  /** Made on demand, because most rules have none, and the memory that each sample touches limits the number of rules on a core. */
  const hasStills = stills.size > 0;

  return {
    rule,
    get due() {
      return hasStills ? Math.min(delayDue(run), stills.due) : delayDue(run);
    },
    get active() {
      return isActive(run);
    },
    get episode() {
      return acts.hasDispatch ? state.episode : null;
    },
    evaluate(raw, step) {
      // The values are known now, but not since when. Queued messages behind them may show that.
      if (state.anew && step.kept) return;
      const own = Math.max(state.time ?? -Infinity, state.delay?.pausedAt ?? -Infinity);
      const at = conditions.heldAllAlong(step) && own > -Infinity ? own : Math.max(raw, own);
      if (hasStills) noteStills(run, at, step);
      const truth = awaited(run);
      if (state.anew && truth !== 'unknown') {
        state.anew = false;
        step.changed.add(rule.name);
      }
      // While the state is unknown, the rule's time stands still, so that queued messages can still show the events of that time.
      if (truth !== 'unknown' || state.delay?.runningFrom != null) state.time = at;
      follow(run, truth, at, step);
      recordLook(run, truth, at, step);
      if (delayDue(run) <= at) complete(run, at, step);
    },
    fire(due, step) {
      const at = Math.max(due, state.time ?? due);
      state.time = at;
      if (delayDue(run) <= at) {
        complete(run, at, step);
        return;
      }
      if (stills.stopDue(at)) step.changed.add(rule.name);
      if (isActive(run)) follow(run, conditions.clearing(), at, step);
    },
    restart(lastAlive, _at, step) {
      const alive = lastAlive - (state.delay?.lag ?? 0);
      const knownUntil = state.held ? (state.time ?? alive) : Math.max(alive, state.time ?? alive);
      state.held = false;
      const { episode } = state;
      if (episode !== null) {
        state.episode = { ...episode, ...acts.settings };
        step.changed.add(rule.name);
      }
      stills.restart();
      forgetAccount(account);
      if (state.delay !== null && pauseDelay(state.delay, knownUntil)) step.changed.add(rule.name);
    },
    standstill(from, to, step) {
      stills.postpone(to - from);
      const { delay } = state;
      if (delay === null || !pauseDelay(delay, from)) return;
      const goesOn = to - from <= step.freezeLimit;
      if (goesOn) resumeDelay(delay, to);
      else state.delay = startDelay(to, step);
      recordStandstill(run, from, to, goesOn, step);
    },
    closedByPerson(at, step) {
      if (state.episode?.ifClosedByPerson !== 'reopen') return;
      // Queued messages of its source may have ended the episode before, and begun the next one. So the rule waits for them.
      if (state.held || conditions.clearing() === 'unknown') return;
      closeEarly(run, at, step);
    },
    hold(held, step) {
      if (state.held !== held && state.delay !== null) step.changed.add(rule.name);
      if (state.held !== held) recordHold(run, held, step);
      state.held = held;
      // No queued message showed when the delay began: it begins now.
      if (state.anew && !held) this.evaluate(step.at - step.shift, step);
    },
    setBack(by) {
      if (state.time !== null) state.time -= Math.max(0, by);
    },
    awaitSignals(until) {
      run.awaitUntil = until;
    },
    state: () => ({ ...structuredClone(state), still: stills.state() }),
    view: () => viewOf(run),
  };
}

function viewOf(run: RunningDispatch): RuleView {
  const { rule, acts, state, stills } = run;
  const { phase, delay, episode } = state;
  const due = Math.min(delayDue(run), stills.due);
  const paused = delay !== null && delay.pausedAt !== null ? ', paused while unknown' : '';
  const done = isActive(run) ? acts.words.done(episode?.machine ?? rule.machine) : null;
  return {
    rule: rule.name,
    kind: rule.kind,
    phase,
    since: delay?.since ?? episode?.reported ?? null,
    due: Number.isFinite(due) ? due : null,
    text: `${awaitedWords(rule, done)} is ${awaited(run)}${paused}`,
    episode: acts.hasDispatch ? episode && { chain: episode.chain, mode: episode.mode } : null,
  };
}
