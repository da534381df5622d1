import { add, divide, isSameNumber, multiply, type Numeric, remainder, subtract } from '../../core/numbers.ts';
import type { ASTNode } from './cel.ts';
import type { Plain, Reader } from './operand.ts';

/**
 * Makes one function of a parsed expression whose types were checked. Three-valued: an unknown operand makes the result unknown
 * (undefined), unless the other side of `and` or `or` decides alone. A division by 0 is unknown as well.
 */
export function calculator(node: ASTNode, known: ReadonlyMap<string, Reader>): Reader {
  const of = (child: ASTNode) => calculator(child, known);
  switch (node.op) {
    case 'id': {
      const read = known.get(node.args);
      if (read === undefined) throw new Error(`an expression reads ${node.args}, which is no variable of it`);
      return read;
    }
    case 'value': {
      const value = node.args as Plain;
      return () => value;
    }
    case '!_': {
      const side = of(node.args);
      return scope => {
        const value = side(scope);
        return value === undefined ? undefined : !value;
      };
    }
    case '-_': {
      const side = of(node.args);
      return scope => {
        const value = side(scope) as Numeric | undefined;
        return value === undefined ? undefined : subtract(0, value);
      };
    }
    case '&&':
      return decidedBy(false, of(node.args[0]), of(node.args[1]));
    case '||':
      return decidedBy(true, of(node.args[0]), of(node.args[1]));
    default: {
      const [left, right] = node.args as readonly [ASTNode, ASTNode];
      return withBoth(node.op, of(left), of(right));
    }
  }
}

/** `by`: the value that decides alone, whatever the other side is. */
function decidedBy(by: boolean, left: Reader, right: Reader): Reader {
  return scope => {
    const a = left(scope);
    if (a === by) return by;
    const b = right(scope);
    return b === by ? by : a === undefined || b === undefined ? undefined : !by;
  };
}

function withBoth(operator: string, left: Reader, right: Reader): Reader {
  const work = OPERATORS[operator];
  if (work === undefined) throw new Error(`an expression has the operator ${operator}, which is not built`);
  return scope => {
    const a = left(scope);
    if (a === undefined) return undefined;
    const b = right(scope);
    // The types were checked: numbers where an operator takes numbers.
    return b === undefined ? undefined : work(a as Numeric, b as Numeric);
  };
}

/** Comparisons take whole numbers of any size with one another: `<` and `>` of JavaScript do. */
const OPERATORS: Readonly<Record<string, (a: Numeric, b: Numeric) => Plain | undefined>> = {
  '==': isSameNumber,
  '!=': (a, b) => !isSameNumber(a, b),
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': divide,
  '%': remainder,
};
