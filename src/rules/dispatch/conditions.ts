import type { SignalCell } from '../engine/signal-table.ts';
import type { Step } from '../engine/step.ts';
import type { Condition, DispatchRule, ExpressionScope, Truth, WorldScope } from '../program.ts';
import type { Stills } from './stills.ts';

/** What opens and what clears a dispatch rule, as its signals are now. */
export interface Conditions {
  /** `when` and not `unless` and not a written `until` (reset wins). */
  opening(): Truth;
  /** `until`, or not `when`. `unless` never clears. */
  clearing(): Truth;
  /** Nothing they read can have changed unseen before this step: its samples held all the time that they were not seen. */
  heldAllAlong(step: Step): boolean;
  /** A signal that was unknown tells of a change after `pausedAt`, while nobody saw it. */
  changedUnseen(pausedAt: number): boolean;
}

/** `inputs`: the cell of every signal they read. */
export function createConditions(
  { when, unless, until }: DispatchRule,
  world: WorldScope,
  stills: Stills,
  inputs: readonly SignalCell[],
): Conditions {
  const scope: ExpressionScope = { ...world, still: stills.stands };
  const evaluate = (condition: Condition): Truth => condition.evaluate(scope);
  return {
    opening: () => and(evaluate(when), and(unless ? not(evaluate(unless)) : true, until ? not(evaluate(until)) : true)),
    clearing: () => (until ? evaluate(until) : not(evaluate(when))),
    heldAllAlong: step => step.kept && inputs.every(cell => cell.fresh === step.serial),
    changedUnseen: pausedAt =>
      inputs.some(
        ({ returnedAt, returnedSourceAt }) =>
          returnedAt >= pausedAt && returnedSourceAt > pausedAt && returnedSourceAt < returnedAt,
      ),
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
