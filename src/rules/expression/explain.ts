import type { ExpressionScope, Part, Truth } from '../program.ts';
import { calculator } from './calculate.ts';
import type { ASTNode } from './cel.ts';
import type { Operand, Reader } from './operand.ts';
import type { Translation } from './translate.ts';

type Found = { readonly truth: Truth; readonly parts: readonly Part[] };

/**
 * Says which parts of a condition decide what it comes to: of `a or b` those that are true, of `a and b` those that are false, and
 * those that are unknown while nothing decides alone. It reads the same tree as the evaluation; only who asks pays for it.
 */
export function explainer(
  text: string,
  root: ASTNode,
  { variables, userRange }: Translation,
  readers: ReadonlyMap<string, Reader>,
): (scope: ExpressionScope) => readonly Part[] {
  const known = new Map<string, Operand>(variables.map(({ id, operand }) => [id, operand]));
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
      const [operand, read] = [known.get(one.args as string), readers.get(one.args as string)];
      if (operand === undefined || read === undefined) return [];
      return [{ name: written(one), read, signal: 'signal' in operand ? operand.signal : null }];
    });
    const leaf = { text: written(node), operands, result: calculator(node, readers) };
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
    const { text: written, operands, result } = leafOf(node);
    const value = result(scope);
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
  readonly result: Reader;
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
