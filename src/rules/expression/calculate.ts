import { add, divide, isSameNumber, multiply, type Numeric, remainder, subtract } from '../../core/numbers.ts';
import type { Value } from '../../core/sample.ts';
import { type Reader, readerOf } from './operand.ts';
import type { BinaryOperator, Node } from './parse.ts';

/**
 * Compiles a parsed condition, whose types were checked, to one function. An unknown operand makes the result unknown (undefined),
 * unless the other side of `and` or `or` decides alone. A division by 0 is unknown too.
 */
export function calculator(node: Node): Reader {
  switch (node.kind) {
    case 'operand':
      return readerOf(node.operand);
    case 'literal': {
      const { value } = node;
      return () => value;
    }
    case 'unary': {
      const side = calculator(node.side);
      const work: (value: Value) => Value | undefined =
        node.operator === 'not' ? value => !value : value => subtract(0, value as Numeric);
      return scope => {
        const value = side(scope);
        return value === undefined ? undefined : work(value);
      };
    }
    case 'binary': {
      const [left, right] = [calculator(node.left), calculator(node.right)];
      if (node.operator === 'and') return decidedBy(false, left, right);
      if (node.operator === 'or') return decidedBy(true, left, right);
      return withBoth(OPERATORS[node.operator], left, right);
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

function withBoth(work: (a: Numeric, b: Numeric) => Value | undefined, left: Reader, right: Reader): Reader {
  return scope => {
    const a = left(scope);
    if (a === undefined) return undefined;
    const b = right(scope);
    // The type check gives numbers to each operator that takes numbers.
    return b === undefined ? undefined : work(a as Numeric, b as Numeric);
  };
}

/** `<` and `>` of JavaScript compare a whole number of any size with any other number. */
const OPERATORS: Readonly<
  Record<Exclude<BinaryOperator, 'and' | 'or'>, (a: Numeric, b: Numeric) => Value | undefined>
> = {
  '=': isSameNumber,
  '<>': (a, b) => !isSameNumber(a, b),
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': divide,
  mod: remainder,
};
