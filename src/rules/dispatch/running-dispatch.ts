import { type ActionAuthor, authorOf } from '../common/action-author.ts';
import { lastGoodOf, type SignalCell } from '../common/signal-table.ts';
import type { Truth, WorldScope } from '../program.ts';
import { type Account, newAccount } from './account.ts';
import type { Acts } from './acts.ts';
import type { CloseRule } from './close-rule.ts';
import { type Conditions, createConditions } from './conditions.ts';
import { dueOf } from './delay.ts';
import type { DispatchRule } from './dispatch-rule.ts';
import { type DispatchState, newDispatchState } from './dispatch-state.ts';
import { createStills, type Stills } from './stills.ts';

/** A rule with a condition and its delays. */
export type ConditionRule = DispatchRule | CloseRule;

export type DispatchOptions = {
  readonly rule: ConditionRule;
  readonly acts: Acts;
  readonly world: WorldScope;
  /** The cell of every signal the rule names, texts included. */
  readonly cells: ReadonlyMap<string, SignalCell>;
  readonly restored: DispatchState | null;
};

/** A running dispatch rule: its state, which changes in place, and its inputs. */
export type RunningDispatch = {
  readonly rule: ConditionRule;
  readonly acts: Acts;
  readonly state: DispatchState;
  readonly author: ActionAuthor;
  readonly cells: ReadonlyMap<string, SignalCell>;
  /** The last good values, for its texts. */
  readonly lastGood: () => ReturnType<typeof lastGoodOf>;
  /** The cells that its conditions read. */
  readonly inputs: readonly SignalCell[];
  /** The cells that `when` reads. */
  readonly watched: readonly SignalCell[];
  readonly stills: Stills;
  readonly conditions: Conditions;
  readonly account: Account;
  /** Until this time its delay waits for signals without a value since the start (ms since 1970) [D1]. */
  awaitUntil: number;
};

export function runDispatch({ rule, acts, world, cells, restored }: DispatchOptions): RunningDispatch {
  const { when, unless, until, onDelay } = rule;
  const written = [when, unless, until].filter(condition => condition !== null);
  const cellsOf = (names: Iterable<string>) => [...new Set(names)].flatMap(name => cells.get(name) ?? []);
  const inputs = cellsOf(written.flatMap(condition => condition.signals));
  const stills = createStills(cellsOf(written.flatMap(condition => condition.still)), onDelay, restored?.still ?? {});
  return {
    rule,
    acts,
    state: restored ? structuredClone(restored) : newDispatchState(),
    author: authorOf(rule, [...cells.values()]),
    cells,
    lastGood: () => lastGoodOf(cells),
    inputs,
    watched: cellsOf(when.signals),
    stills,
    conditions: createConditions(rule, world, stills, inputs),
    account: newAccount(),
    awaitUntil: -Infinity,
  };
}

export function isActive({ state }: Pick<RunningDispatch, 'state'>): boolean {
  return state.phase === 'active' || state.phase === 'clearing';
}

/** Whether the condition that the rule waits for is true: to open, or while active to clear. */
export function awaited(run: RunningDispatch): Truth {
  return isActive(run) ? run.conditions.clearing() : run.conditions.opening();
}

/** The length of the running or the next delay (ms). */
export function delayLength({ rule, state }: RunningDispatch): number {
  return state.phase === 'clearing' ? rule.offDelay : rule.onDelay;
}

/** When the delay ends; Infinity: none runs. */
export function delayDue(run: RunningDispatch): number {
  const { delay } = run.state;
  return delay === null ? Infinity : Math.max(dueOf(delay, delayLength(run)), run.awaitUntil);
}
