import type { ExpressionScope, Part, Truth } from '../program.ts';
import { calculator } from './calculate.ts';
import { readerOf } from './operand.ts';
import type { Leaf, Node } from './parse.ts';

type Explainer = (scope: ExpressionScope) => { readonly truth: Truth; readonly parts: readonly Part[] };

/**
 * Names the parts that decide a condition: of `a or b` the parts that are true, of `a and b` the parts that are false, and the
 * unknown parts while nothing decides alone. It uses the tree and the calculations of the evaluation.
 */
export function explainer(text: string, root: Node): (scope: ExpressionScope) => readonly Part[] {
  let explain: Explainer | undefined; // Built at the first question: many conditions are never explained.
  return scope => {
    explain ??= explainerOf(text, root);
    return explain(scope).parts;
  };
}

function explainerOf(text: string, node: Node): Explainer {
  if (node.kind === 'unary' && node.operator === 'not') {
    const side = explainerOf(text, node.side);
    return scope => {
      const { truth, parts } = side(scope);
      return { truth: truth === 'unknown' ? truth : !truth, parts };
    };
  }
  if (node.kind === 'binary' && (node.operator === 'and' || node.operator === 'or')) {
    return decidedBy(node.operator === 'or', explainerOf(text, node.left), explainerOf(text, node.right));
  }
  return partOf(text, node);
}

/** `by`: the truth that decides alone, whatever the other side is. */
function decidedBy(by: boolean, left: Explainer, right: Explainer): Explainer {
  return scope => {
    const [a, b] = [left(scope), right(scope)];
    const isUnknown = a.truth === 'unknown' || b.truth === 'unknown';
    const truth = a.truth === by || b.truth === by ? by : isUnknown ? 'unknown' : !by;
    if (a.truth !== truth) return b;
    return b.truth === truth ? { truth, parts: [...a.parts, ...b.parts] } : a;
  };
}

function partOf(text: string, node: Node): Explainer {
  const written = ({ start, end }: Node) => text.slice(start, end);
  const operands = operandsIn(node).map(leaf => ({
    name: written(leaf),
    read: readerOf(leaf.operand),
    signal: 'signal' in leaf.operand ? leaf.operand.signal : null,
  }));
  const part = written(node);
  const result = calculator(node);
  return scope => {
    const value = result(scope);
    const truth = typeof value === 'boolean' ? value : 'unknown';
    const shown = operands.map(({ name, read, signal }) => ({ name, value: read(scope), signal }));
    return { truth, parts: [{ text: part, truth, operands: shown }] };
  };
}

function operandsIn(node: Node): readonly Extract<Leaf, { kind: 'operand' }>[] {
  switch (node.kind) {
    case 'operand':
      return [node];
    case 'literal':
      return [];
    case 'unary':
      return operandsIn(node.side);
    case 'binary':
      return [...operandsIn(node.left), ...operandsIn(node.right)];
  }
}
