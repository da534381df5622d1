import type { Place } from '../../core/errors.ts';
import type { Condition, Truth } from '../program.ts';
import { calculator } from './calculate.ts';
import { parseCel } from './cel.ts';
import { explainer } from './explain.ts';
import { foreignCall } from './foreign-call.ts';
import type { Names } from './names.ts';
import { type Operand, readerOf } from './operand.ts';
import { checkOrder } from './order.ts';
import { resolveTerms } from './terms.ts';
import { type TextProblem, tokenise } from './tokens.ts';
import { translate } from './translate.ts';
import { checkTypes } from './types.ts';

export type CompiledCondition = { readonly condition: Condition } | { readonly problems: readonly TextProblem[] };

/**
 * Compiles a condition of the rule language (`not press1.running and press1.faults.3`). Three-valued: an unknown operand makes
 * the outcome unknown unless the rest decides alone. Problems carry their offset in `text`, in the order of the text.
 */
export function compileCondition(text: string, names: Names, place: Place): CompiledCondition {
  const call = foreignCall(text);
  if (call) return { problems: [call] };
  const { tokens, problems: strange, isComplete } = tokenise(text);
  const { terms, problems: unknown } = resolveTerms(text, tokens, names);
  const disorder = isComplete ? checkOrder(text, terms) : [];
  const refused = [...strange, ...unknown, ...disorder].sort((a, b) => a.offset - b.offset);
  if (refused.length > 0) return { problems: refused };

  const translation = translate(terms.filter(term => term.kind !== 'unknown'));
  const program = parseCel(translation);
  if (program === undefined) {
    return {
      problems: [
        { offset: 0, message: 'this condition is too long or nested too deeply; split it into several rules' },
      ],
    };
  }
  const wrong = checkTypes(text, program.ast, translation);
  if (wrong.length > 0) return { problems: wrong };
  const operands = translation.variables.map(variable => variable.operand);
  if (operands.length === 0) {
    return { problems: [{ offset: 0, message: 'this condition never changes; it has to name a signal' }] };
  }
  const missed = program.typeError();
  if (missed) throw new Error(`the type check let "${text}" pass, CEL does not`, { cause: missed });

  const readers = new Map(translation.variables.map(({ id, operand }) => [id, readerOf(operand)]));
  const result = calculator(program.ast, readers);
  return {
    condition: {
      text,
      place,
      ...referencesOf(operands),
      evaluate: scope => (result(scope) ?? 'unknown') as Truth,
      explain: explainer(text, program.ast, translation, readers),
    },
  };
}

function referencesOf(operands: readonly Operand[]) {
  const signals = new Set<string>();
  const still = new Set<string>();
  const sources = new Set<string>();
  const rules = new Set<string>();
  for (const operand of operands) {
    if (operand.kind === 'connected') sources.add(operand.source);
    else if (operand.kind === 'active') rules.add(operand.rule);
    else signals.add(operand.signal);
    if (operand.kind === 'still') still.add(operand.signal);
  }
  return { signals: [...signals], still: [...still], sources: [...sources], rules: [...rules] };
}
