import type { Place } from '../../core/errors.ts';
import type { Condition, Truth } from '../program.ts';
import { calculator } from './calculate.ts';
import { explainer } from './explain.ts';
import { foreignCall } from './foreign-call.ts';
import type { Names } from './names.ts';
import type { Operand } from './operand.ts';
import { parse } from './parse.ts';
import { resolveTerms } from './terms.ts';
import { type TextProblem, tokenise } from './tokens.ts';
import { checkTypes } from './types.ts';

export type CompiledCondition = { readonly condition: Condition } | { readonly problems: readonly TextProblem[] };

/**
 * Compiles a condition such as `not press1.running and press1.faults.3`. An unknown operand makes the outcome unknown, unless the
 * rest decides alone. The problems have their offset in `text`, and stand in the order of the text.
 */
export function compileCondition(text: string, names: Names, place: Place): CompiledCondition {
  const call = foreignCall(text);
  if (call) return { problems: [call] };
  const { tokens, problems: strange, isComplete } = tokenise(text);
  const { terms, problems: unknown } = resolveTerms(text, tokens, names);
  const parsed = parse(text, terms);
  const disorder = isComplete && 'problem' in parsed ? [parsed.problem] : [];
  const problems = [...strange, ...unknown, ...disorder];
  if ('problem' in parsed || problems.length > 0) return { problems: inOrder(problems) };

  const wrong = checkTypes(text, parsed.root);
  if (wrong.length > 0) return { problems: inOrder(wrong) };
  const operands = terms.flatMap(term => (term.kind === 'operand' ? [term.operand] : []));
  if (operands.length === 0) {
    return { problems: [{ offset: 0, message: 'this condition never changes; it has to name a signal' }] };
  }
  const result = calculator(parsed.root);
  return {
    condition: {
      text,
      place,
      ...referencesOf(operands),
      evaluate: scope => (result(scope) ?? 'unknown') as Truth,
      explain: explainer(text, parsed.root),
    },
  };
}

function inOrder(problems: readonly TextProblem[]): readonly TextProblem[] {
  return problems.toSorted((a, b) => a.offset - b.offset);
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
