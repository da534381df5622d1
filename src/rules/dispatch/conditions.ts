import type { SignalCell } from '../common/signal-table.ts';
import type { Step } from '../common/step.ts';
import type { Condition, ExpressionScope, Part, Truth, WorldScope } from '../program.ts';
import type { DispatchRule } from './dispatch-rule.ts';
import type { Stills } from './stills.ts';

/** The conditions that open and clear a dispatch rule, by its present signals. */
export interface Conditions {
  /** `when` and not `unless` and not a written `until` (reset wins). */
  opening(): Truth;
  /** `until`, or not `when`. `unless` never clears. */
  clearing(): Truth;
  /** The last `opening()` was false although `when` was not false. */
  readonly isBlocked: boolean;
  /** The condition that blocks, `unless` or `until`, as it is written, and its parts that are true now. */
  blocking(): { readonly label: string; readonly parts: readonly Part[] };
  /** The parts that decide now: of `when`, of the clearing condition, or of all unknown conditions. */
  partsOf(what: 'when' | 'clearing' | 'unknown'): readonly Part[];
  /** The samples of this step also held during the whole time in which they were unknown, so nothing changed unseen. */
  heldAllAlong(step: Step): boolean;
  /** An unknown signal changed after `pausedAt`, unseen. */
  changedUnseen(pausedAt: number): boolean;
}

/** `inputs`: the cell of every signal they read. */
export function createConditions(
  { when, unless, until }: Pick<DispatchRule, 'when' | 'unless' | 'until'>,
  world: WorldScope,
  stills: Stills,
  inputs: readonly SignalCell[],
): Conditions {
  const scope: ExpressionScope = { ...world, still: stills.stands };
  const evaluate = (condition: Condition): Truth => condition.evaluate(scope);
  const written = [when, unless, until].filter(condition => condition !== null);
  let whenHeld: Truth = false;
  return {
    opening() {
      whenHeld = evaluate(when);
      return and(whenHeld, and(unless ? not(evaluate(unless)) : true, until ? not(evaluate(until)) : true));
    },
    clearing: () => (until ? evaluate(until) : not(evaluate(when))),
    get isBlocked() {
      return whenHeld !== false;
    },
    blocking() {
      const [condition, word] = unless && evaluate(unless) === true ? [unless, 'unless'] : [until ?? when, 'until'];
      return { label: `${word}: ${condition.text}`, parts: condition.explain(scope) };
    },
    partsOf(what) {
      if (what === 'when') return when.explain(scope);
      if (what === 'clearing') return (until ?? when).explain(scope);
      return written.filter(condition => evaluate(condition) === 'unknown').flatMap(one => one.explain(scope));
    },
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

/** False wins over unknown: one false operand is enough. */
function and(a: Truth, b: Truth): Truth {
  if (a === false || b === false) return false;
  return a === 'unknown' || b === 'unknown' ? 'unknown' : true;
}
