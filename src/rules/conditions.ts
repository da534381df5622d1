import { z } from 'zod';
import { formatDuration } from '../core/fields.ts';
import type { Value } from '../core/sample.ts';
import { DelayState, dueOf, knownTime, pauseDelay, resumeDelay, startDelay } from './delay.ts';
import type { Condition, DispatchRule, ExpressionScope, Truth } from './program.ts';
import { laneOf } from './program.ts';
import { causeOf, type RuleMachine, type Step, tell } from './rule-machine.ts';
import type { SignalCell } from './signal-table.ts';
import { createStill, noteSample, StillState, stillState } from './still.ts';

/** What an open episode must keep although the config may change: a close goes where the open went. */
const Episode = z.object({
  machine: z.string(),
  type: z.string(),
  reported: z.number(),
  mode: z.enum(['live', 'shadow']),
});

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
  const named = cellsOf(cells.keys());
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
        tell(step, rule, at, 'returned', `${ended(inputs)} before the delay ended`);
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
    const { machine, type, trade, reason } = rule;
    const reported = notBefore(delay.since);
    state.episodes++;
    state.phase = 'active';
    state.delay = null;
    state.episode = { machine, type, reported, mode: step.mode };
    const chain = chainOf(reported);
    for (const still of stills) still.moving = false;
    const lastGood = (signal: string): Value | undefined => cells.get(signal)?.value ?? undefined;
    const found = reason?.resolve(lastGood);
    const unreasoned = found && 'missing' in found ? `; no reason: ${found.missing}` : '';
    const text = `${sentence(knownTime(delay, at))}${unreasoned}`;
    step.actions.push({
      key: `${chain}:open`,
      kind: 'open_dispatch',
      rule: rule.name,
      lane: laneOf('open_dispatch', machine),
      chain,
      at,
      time: delay.time,
      params: {
        machine,
        type,
        ...(trade === null ? {} : { trade }),
        ...(found && 'code' in found ? { reason: found.code } : {}),
        description: rule.description.render(lastGood),
        reported,
        ifFoundOpen: rule.ifFoundOpen,
      },
      cause: causeOf(rule, named, text),
      mode: step.mode,
    });
    tell(step, rule, at, 'activated', text);
  }

  function clear(delay: DelayState, at: number, step: Step): void {
    const { episode } = state;
    state.phase = 'inactive';
    state.delay = null;
    state.episode = null;
    const lasted = knownTime(delay, at);
    const text = `${until ? `${until.text} was true` : ended(watched)}${lasted > 0 ? ` for ${formatDuration(lasted)}` : ''}`;
    const completed = notBefore(delay.since);
    if (episode !== null && rule.whenCleared !== 'leave') {
      const chain = chainOf(episode.reported);
      step.actions.push({
        key: `${chain}:close`,
        kind: 'close_dispatch',
        rule: rule.name,
        lane: laneOf('close_dispatch', episode.machine),
        chain,
        at,
        time: delay.time,
        params: {
          machine: episode.machine,
          type: episode.type,
          completed,
          how: rule.whenCleared,
        },
        cause: causeOf(rule, named, text),
        mode: episode.mode,
      });
    }
    tell(step, rule, at, 'cleared', text);
    reopen(delay.since, at, step);
  }

  /** Right after a clear `still(x)` is true again: the last change, not the clear, is when it began to stand still. */
  function reopen(completed: number, at: number, step: Step): void {
    const moved = stills.filter(still => still.moving);
    for (const still of moved) still.moving = false;
    if (opening() !== true) return;
    const from = moved.length > 0 ? Math.max(completed, ...moved.map(still => still.changedAt)) : at;
    begin('pending', Math.min(from, at), step);
  }

  function notBefore(at: number): number {
    state.told = Math.max(at, state.told ?? at);
    return state.told;
  }

  /** The time keeps the actions of an episode apart from those of an earlier one when numbers began anew with a lost state. */
  function chainOf(reported: number): string {
    return `${rule.name}#${state.episodes}@${Math.floor(reported)}`;
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

  /** What was seen when it held no longer: the values, where they are few enough to be read. */
  function ended(seen: readonly SignalCell[]): string {
    const [only] = seen;
    if (only !== undefined && seen.length === 1 && stills.length === 1) return `${only.definition.name} moved again`;
    if (seen.length === 0 || seen.length > 3) return `${when.text} no longer held`;
    return seen.map(({ definition, value }) => `${definition.name} = ${value ?? 'unknown'}`).join(', ');
  }

  /** One plain sentence of why it opened. */
  function sentence(lasted: number): string {
    const length = lasted > 0 ? ` for ${formatDuration(lasted)}` : '';
    const [only] = inputs;
    if (only !== undefined && inputs.length === 1 && stills.length === 1) {
      return `${only.definition.name} stood still${length}`;
    }
    if (only !== undefined && inputs.length === 1 && typeof only.value === 'boolean') {
      return `${only.definition.name} was ${only.value}${length}`;
    }
    return `${when.text} was true${length}`;
  }

  return {
    rule,
    get due() {
      return Math.min(delayDue(), stillDue());
    },
    get active() {
      return isActive();
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
