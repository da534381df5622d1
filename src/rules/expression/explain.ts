import type { ExpressionScope, Part, Truth } from '../program.ts';
import type { ASTNode } from './cel.ts';
import { type Operand, type Reader, readerOf } from './operand.ts';
import type { Translation } from './translate.ts';

type Plain = boolean | number | string;
type Found = { readonly truth: Truth; readonly parts: readonly Part[] };
type Variable = { readonly read: Reader; readonly operand: Operand };

/**
 * Says which parts of a condition decide what it comes to: of `a or b` those that are true, of `a and b` those that are false, and
 * those that are unknown while nothing decides alone. It reads the same tree as the evaluation; only who asks pays for it.
 */
export function explainer(
  text: string,
  root: ASTNode,
  { variables, userRange }: Translation,
): (scope: ExpressionScope) => readonly Part[] {
  const known = new Map<string, Variable>(
    variables.map(({ id, operand }) => [id, { operand, read: readerOf(operand) }]),
  );
  const written = ({ start, end }: ASTNode) => {
    const range = userRange(start, end);
    return text.slice(range.start, range.end);
  };
  /** What of a part never changes, found when it is first asked for: most conditions of a plant explain the same thing all day. */
  const leaves = new Map<ASTNode, Leaf>();

  function leafOf(node: ASTNode): Leaf {
    const found = leaves.get(node);
    if (found !== undefined) return found;
    const operands = operandsIn(node).flatMap(one => {
      const variable = known.get(one.args as string);
      if (variable === undefined) return [];
      const { operand, read } = variable;
      return [{ name: written(one), read, signal: 'signal' in operand ? operand.signal : null }];
    });
    const leaf = { text: written(node), operands };
    leaves.set(node, leaf);
    return leaf;
  }

  function explain(node: ASTNode, scope: ExpressionScope): Found {
    switch (node.op) {
      case '!_': {
        const { truth, parts } = explain(node.args, scope);
        return { truth: truth === 'unknown' ? truth : !truth, parts };
      }
      case '&&':
        return decided(false, explain(node.args[0], scope), explain(node.args[1], scope));
      case '||':
        return decided(true, explain(node.args[0], scope), explain(node.args[1], scope));
      default:
        return partOf(node, scope);
    }
  }

  function partOf(node: ASTNode, scope: ExpressionScope): Found {
    const { text: written, operands } = leafOf(node);
    const value = resultOf(node, scope, known);
    const truth = typeof value === 'boolean' ? value : 'unknown';
    const shown = operands.map(({ name, read, signal }) => ({ name, value: read(scope), signal }));
    return { truth, parts: [{ text: written, truth, operands: shown }] };
  }

  return scope => explain(root, scope).parts;
}

/** `by`: the truth that decides alone, whatever the other side is. */
function decided(by: boolean, a: Found, b: Found): Found {
  const truth: Truth =
    a.truth === by || b.truth === by ? by : a.truth === 'unknown' || b.truth === 'unknown' ? 'unknown' : !by;
  if (a.truth !== truth) return b;
  return b.truth === truth ? { truth, parts: [...a.parts, ...b.parts] } : a;
}

type Leaf = {
  readonly text: string;
  readonly operands: readonly { readonly name: string; readonly read: Reader; readonly signal: string | null }[];
};

/** Every name in it. */
function operandsIn(node: ASTNode): ASTNode[] {
  return node.op === 'id' ? [node] : childrenOf(node).flatMap(operandsIn);
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case 'call': // Only the function around a divisor.
      return node.args[1];
    case '!_':
    case '-_':
      return [node.args];
    default:
      return (node.args as readonly unknown[]).filter(isNode);
  }
}

function isNode(part: unknown): part is ASTNode {
  return typeof part === 'object' && part !== null && 'op' in part;
}

/** As CEL evaluates it; undefined: unknown. */
function resultOf(node: ASTNode, scope: ExpressionScope, known: ReadonlyMap<string, Variable>): Plain | undefined {
  const of = (child: ASTNode) => resultOf(child, scope, known);
  switch (node.op) {
    case 'id':
      return known.get(node.args)?.read(scope);
    case 'value':
      return node.args as Plain;
    case 'call': {
      const divisor = node.args[1][0] && of(node.args[1][0]);
      return divisor === 0 ? undefined : divisor;
    }
    case '!_': {
      const value = of(node.args);
      return value === undefined ? undefined : !value;
    }
    case '-_': {
      const value = of(node.args);
      return value === undefined ? undefined : -value;
    }
    case '&&':
    case '||': {
      const by = node.op === '||';
      const sides = [of(node.args[0]), of(node.args[1])];
      return sides.includes(by) ? by : sides.includes(undefined) ? undefined : !by;
    }
    default: {
      const [left, right] = node.args as readonly [ASTNode, ASTNode];
      const [a, b] = [of(left), of(right)];
      return a === undefined || b === undefined ? undefined : calculated(node.op, a, b);
    }
  }
}

function calculated(operator: string, a: Plain, b: Plain): Plain | undefined {
  const [x, y] = [a as number, b as number];
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return x < y;
    case '<=':
      return x <= y;
    case '>':
      return x > y;
    case '>=':
      return x >= y;
    case '+':
      return x + y;
    case '-':
      return x - y;
    case '*':
      return x * y;
    case '/':
      return x / y;
    case '%':
      return y === 0 ? undefined : x % y;
    default:
      return undefined;
  }
}
