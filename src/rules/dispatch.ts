import { z } from 'zod';
import { formatDuration } from '../core/fields.ts';
import type { Value } from '../core/sample.ts';
import { DelayState, dueOf, knownTime, pauseDelay, resumeDelay, startDelay } from './delay.ts';
import { endedWords, forWords, openedWords, type Seen } from './dispatch-words.ts';
import { chainOf, closeAction, Episode, episodeSettings, openAction } from './episode.ts';
import type { Condition, DispatchRule, ExpressionScope, Truth } from './program.ts';
import type { RuleMachine } from './rule-machine.ts';
import type { SignalCell } from './signal-table.ts';
import { type Step, tell } from './step.ts';
import { createStill, noteSample, StillState, stillState } from './still.ts';
import { tellerOf } from './teller.ts';

export const DispatchState = z.object({
  kind: z.literal('dispatch'),
  phase: z.enum(['inactive', 'pending', 'active', 'clearing']),
  /** The rule's own time; it never runs backwards. Null before anything was known. */
  time: z.number().nullable(),
  /** Activations so far: the number of the latest episode. */
  episodes: z.number(),
  /** The latest time told as reported or completed: the next is not before it, whichever source's clock gave it. */
  told: z.number().nullable().default(null),
  /** The running on_delay (pending) or off_delay (clearing). */
  delay: DelayState.nullable(),
  episode: Episode.nullable(),
  still: z.record(z.string(), StillState),
  held: z.boolean(),
});
export type DispatchState = z.infer<typeof DispatchState>;

/** How a machine reads the world: the table's scope, with `still(x)` answered by the machine itself. */
export type WorldScope = Omit<ExpressionScope, 'still'>;

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
 *   the condition is as before, no signal tells of a change inside the gap, and the gap is not longer than the freeze
 *   limit; otherwise it starts anew at the first good sample, so no time is claimed that nobody saw.
 * - `still(x)` while not active: true, and each change of x starts the on_delay anew (reported = last change). While
 *   active: false from a change until x stood still for on_delay again. So with off_delay 30s a stopped line clears 30 s
 *   after parts are made again, completed = the first part; and if it then stops, reported = the last part.
 */
export function createDispatch({ rule, world, cells, restored }: DispatchOptions): RuleMachine {
  const { when, unless, until, onDelay, offDelay } = rule;
  const conditions = [when, unless, until].filter(condition => condition !== null);
  const cellsOf = (names: Iterable<string>) => [...new Set(names)].flatMap(name => cells.get(name) ?? []);
  const inputs = cellsOf(conditions.flatMap(condition => [...condition.signals, ...condition.still]));
  const watched = cellsOf([...when.signals, ...when.still]);
  const teller = tellerOf(rule, cellsOf(cells.keys()));
  const stills = cellsOf(conditions.flatMap(condition => condition.still)).map(cell =>
    createStill(cell, restored?.still[cell.definition.name]),
  );
  const state: DispatchState = restored
    ? structuredClone(restored)
    : {
        kind: 'dispatch',
        phase: 'inactive',
        time: null,
        episodes: 0,
        told: null,
        delay: null,
        episode: null,
        still: {},
        held: false,
      };
  let awaitUntil = -Infinity;
  /** During an evaluation before an activation: signals that have just changed do not stand still. */
  let assumeMoving = false;

  const seen = (of: readonly SignalCell[]): Seen => ({ when, cells: of, isStill: stills.length === 1 });
  const isActive = () => state.phase === 'active' || state.phase === 'clearing';

  const scope: ExpressionScope = {
    ...world,
    still(signal) {
      const still = stills.find(one => one.cell.definition.name === signal);
      if (still === undefined || !still.cell.good) return undefined;
      if (isActive()) return !still.moving;
      return !(assumeMoving && still.moving);
    },
  };

  const evaluate = (condition: Condition): Truth => condition.evaluate(scope);
  const opening = (): Truth =>
    and(evaluate(when), and(unless ? not(evaluate(unless)) : true, until ? not(evaluate(until)) : true));
  const clearing = (): Truth => (until ? evaluate(until) : not(evaluate(when)));

  function lengthOf(): number {
    return state.phase === 'clearing' ? offDelay : onDelay;
  }

  function delayDue(): number {
    return state.delay === null ? Infinity : Math.max(dueOf(state.delay, lengthOf()), awaitUntil);
  }

  function stillDue(): number {
    let due = Infinity;
    if (isActive()) for (const still of stills) if (still.moving) due = Math.min(due, still.until);
    return due;
  }

  /** Brings the phase and its delay in line with the truth of what is waited for: opening, or while active clearing. */
  function follow(truth: Truth, at: number, step: Step): void {
    const { delay } = state;
    if (delay === null) {
      if (truth === true) begin(isActive() ? 'clearing' : 'pending', at, step);
    } else if (truth === false) {
      if (state.phase === 'pending') {
        // While nothing was known it may have held far longer than the delay counted.
        const known = delay.pausedAt === null || heldAllAlong(step);
        const when = known
          ? 'before the delay ended'
          : 'when it was known again; how long the condition held is not known';
        tell(step, rule, at, 'returned', `${endedWords(seen(inputs))} ${when}`);
      }
      state.phase = isActive() ? 'active' : 'inactive';
      state.delay = null;
      step.changed.add(rule.name);
    } else if (truth === 'unknown') {
      if (pauseDelay(delay, at)) step.changed.add(rule.name);
    } else if (delay.pausedAt !== null) {
      if (heldAllAlong(step) || goesOn(delay.pausedAt, at, step.freezeLimit)) resumeDelay(delay, at);
      else state.delay = startDelay(at, step);
      step.changed.add(rule.name);
    }
  }

  function begin(waiting: 'pending' | 'clearing', from: number, step: Step): void {
    state.phase = waiting;
    state.delay = startDelay(from, step);
    const length = lengthOf();
    if (waiting === 'pending' && length > 0) {
      tell(
        step,
        rule,
        state.delay.since,
        'pending',
        `${when.text}: opens if it stays so for ${formatDuration(length)}`,
      );
    } else {
      step.changed.add(rule.name);
    }
  }

  /** Nothing it reads can have changed unseen: the pause was none. */
  function heldAllAlong(step: Step): boolean {
    return step.kept && inputs.every(cell => cell.fresh === step.serial);
  }

  function goesOn(pausedAt: number, at: number, freezeLimit: number): boolean {
    if (at - pausedAt > freezeLimit) return false;
    return !inputs.some(
      cell =>
        cell.returnedAt >= pausedAt && cell.returnedSourceAt > pausedAt && cell.returnedSourceAt < cell.returnedAt,
    );
  }

  function complete(at: number, step: Step): void {
    if (state.delay === null) return;
    if (state.phase === 'pending') activate(state.delay, at, step);
    else if (state.phase === 'clearing') clear(state.delay, at, step);
  }

  function activate(delay: DelayState, at: number, step: Step): void {
    const { machine, type } = rule;
    const reported = notBefore(delay.since);
    state.episodes++;
    state.phase = 'active';
    state.delay = null;
    const chain = chainOf(rule.name, state.episodes, reported);
    const episode: Episode = { machine, type, reported, mode: step.mode, chain, ...episodeSettings(rule) };
    state.episode = episode;
    for (const still of stills) still.moving = false;
    const lastGood = (signal: string): Value | undefined => cells.get(signal)?.value ?? undefined;
    const found = rule.reason?.resolve(lastGood);
    const unreasoned = found && 'missing' in found ? `; no reason: ${found.missing}` : '';
    const text = `${openedWords(seen(inputs), knownTime(delay, at))}${unreasoned}`;
    const reason = found && 'code' in found ? found.code : undefined;
    const said = { description: rule.description.render(lastGood), reason, text };
    step.actions.push(openAction(rule, episode, teller, said, { at, time: delay.time }));
    tell(step, rule, at, 'activated', text);
  }

  function clear(delay: DelayState, at: number, step: Step): void {
    const text = `${until ? `${until.text} was true` : endedWords(seen(watched))}${forWords(knownTime(delay, at))}`;
    const completed = notBefore(delay.since);
    if (state.episode !== null) {
      const end = { completed, how: state.episode.whenCleared, text };
      step.actions.push(closeAction(state.episode, end, teller, { at, time: delay.time }));
    }
    endEpisode();
    tell(step, rule, at, 'cleared', text);
    const moved = lastMove();
    openAgain(moved > -Infinity ? Math.min(Math.max(delay.since, moved), at) : at, step);
  }

  function endEpisode(): void {
    state.phase = 'inactive';
    state.delay = null;
    state.episode = null;
  }

  /** Right after an episode `still(x)` is true again: its last change is when it began to stand still. */
  function lastMove(): number {
    let last = -Infinity;
    for (const still of stills) {
      if (still.moving) last = Math.max(last, still.changedAt);
      still.moving = false;
    }
    return last;
  }

  function openAgain(from: number, step: Step): void {
    if (opening() === true) begin('pending', from, step);
  }

  function notBefore(at: number): number {
    state.told = Math.max(at, state.told ?? at);
    return state.told;
  }

  /** A change of x in `still(x)` starts the on_delay anew where the condition holds only because x stood still. */
  function noteStills(at: number, step: Step): void {
    let changed = false;
    for (const still of stills) {
      if (still.cell.fresh !== step.serial) continue;
      const wasMoving = still.moving;
      if (!noteSample(still, at, isActive(), onDelay)) continue;
      step.moved.add(rule.name);
      if (isActive()) {
        if (!wasMoving) step.changed.add(rule.name);
      } else {
        still.moving = true;
        changed = true;
      }
    }
    if (!changed) return;
    assumeMoving = true;
    if (state.phase === 'pending' && opening() !== true) {
      if (state.delay?.pausedAt != null) step.changed.add(rule.name);
      state.delay = startDelay(at, step);
    }
    assumeMoving = false;
    for (const still of stills) still.moving = false;
  }

  return {
    rule,
    get due() {
      return Math.min(delayDue(), stillDue());
    },
    get active() {
      return isActive();
    },
    get episode() {
      return state.episode;
    },
    evaluate(raw, step) {
      const own = Math.max(state.time ?? -Infinity, state.delay?.pausedAt ?? -Infinity);
      const at = heldAllAlong(step) && own > -Infinity ? own : Math.max(raw, own);
      if (stills.length > 0) noteStills(at, step);
      const truth = isActive() ? clearing() : opening();
      // While nothing is known time stands still, so that queued messages of that time can still tell what happened.
      if (truth !== 'unknown' || state.delay?.runningFrom != null) state.time = at;
      follow(truth, at, step);
      if (delayDue() <= at) complete(at, step);
    },
    fire(due, step) {
      const at = Math.max(due, state.time ?? due);
      state.time = at;
      if (delayDue() <= at) {
        complete(at, step);
        return;
      }
      for (const still of stills) {
        if (still.moving && still.until <= at) {
          still.moving = false;
          still.until = Infinity;
          step.changed.add(rule.name);
        }
      }
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
      for (const still of stills) still.until = Infinity;
      if (state.delay !== null && pauseDelay(state.delay, knownUntil)) step.changed.add(rule.name);
    },
    standstill(from, to, step) {
      for (const still of stills) if (still.moving) still.until += to - from;
      const { delay } = state;
      if (delay === null || !pauseDelay(delay, from)) return;
      if (to - from > step.freezeLimit) state.delay = startDelay(to, step);
      else resumeDelay(delay, to);
      step.changed.add(rule.name);
    },
    closedByPerson(at, step) {
      const { episode } = state;
      if (episode?.ifClosedByPerson !== 'reopen') return;
      // What its source kept meanwhile may have ended it before, and begun the next one: it is told again when that is known.
      if (state.held || clearing() === 'unknown') return;
      const completed = notBefore(at + step.shift);
      const text = `a person closed the dispatch on ${episode.machine} before the condition had cleared`;
      step.actions.push(closeAction(episode, { completed, how: 'leave', text }, teller, { at, time: step.time }));
      endEpisode();
      tell(step, rule, at, 'closed_early', text);
      openAgain(Math.max(at, lastMove()), step);
    },
    hold(held, step) {
      if (state.held !== held && state.delay !== null) step.changed.add(rule.name);
      state.held = held;
    },
    setBack(lag) {
      if (state.time !== null) state.time -= Math.max(0, lag);
    },
    awaitSignals(at) {
      awaitUntil = at;
    },
    state() {
      const still: DispatchState['still'] = {};
      for (const one of stills) {
        const kept = stillState(one);
        if (kept !== undefined) still[one.cell.definition.name] = kept;
      }
      return { ...structuredClone(state), still };
    },
    view() {
      const { phase, delay, episode } = state;
      const due = Math.min(delayDue(), stillDue());
      const truth = isActive() ? clearing() : opening();
      const paused = delay !== null && delay.pausedAt !== null ? ', paused while unknown' : '';
      const text = isActive()
        ? `open on ${episode?.machine ?? rule.machine}; ${until ? until.text : `not (${when.text})`} is ${truth}${paused}`
        : `${when.text}${unless ? ` unless ${unless.text}` : ''} is ${truth}${paused}`;
      const since = delay?.since ?? episode?.reported ?? null;
      return { rule: rule.name, kind: 'dispatch', phase, since, due: Number.isFinite(due) ? due : null, text };
    },
  };
}

function not(truth: Truth): Truth {
  return truth === 'unknown' ? 'unknown' : !truth;
}

/** False wins over unknown: one thing known to be wrong is enough. */
function and(a: Truth, b: Truth): Truth {
  if (a === false || b === false) return false;
  return a === 'unknown' || b === 'unknown' ? 'unknown' : true;
}
