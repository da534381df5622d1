import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';
import type { ExpressionScope, Truth } from '../program.ts';
import { type Reader, readerOf } from './operand.ts';
import { NONZERO, type Translation, type Variable } from './translate.ts';

export type { ASTNode } from '@marcbachmann/cel-js';

/**
 * Thrown while an operand is unknown. CEL's `&&` and `||` absorb an error when the other side decides alone, in both orders:
 * exactly the three-valued logic wanted here. It has to be an Error for that, and is made once: a throw then costs no stack.
 */
const UNKNOWN = new Error('unknown operand');

const CEL_TYPES = { b: 'bool', n: 'double', s: 'string' } as const;

/** Shared by all conditions, so that 10,000 rules are not 10,000 environments; knows types of variables, never values. */
const environment = new Environment()
  .registerFunction(`${NONZERO}(double): double`, nonzero, { async: false })
  .registerOperator('double % double', (a: number, b: number) => a % nonzero(b));

function nonzero(value: number): number {
  if (value === 0) throw UNKNOWN;
  return value;
}

/** Operands as CEL asks for them by name: each is read from the scope only when the expression gets to it. */
class Operands extends Map<string, Reader> {
  scope: ExpressionScope | undefined;

  // biome-ignore lint/suspicious/noExplicitAny: the base class promises readers, CEL gets the values read.
  override get(id: string): any {
    const value = this.scope && super.get(id)?.(this.scope);
    if (value === undefined) throw UNKNOWN;
    return value;
  }
}

export type CelProgram = {
  readonly ast: ASTNode;
  /** What CEL's own type check found; undefined: nothing. A guard behind ours: its words are never shown. */
  typeError(): Error | undefined;
  evaluate(scope: ExpressionScope): Truth;
};

/** undefined: too long or nested too deeply for CEL's limits; everything else was refused before. */
export function parseCel({ cel, variables }: Translation): CelProgram | undefined {
  for (const { id } of variables) declare(id);
  let parsed: ReturnType<Environment['parse']>;
  try {
    parsed = environment.parse(cel);
  } catch (error) {
    if (error instanceof ParseError && error.code === 'limit_exceeded') return undefined;
    throw error;
  }
  const operands = new Operands(variables.map(({ id, operand }: Variable) => [id, readerOf(operand)]));
  return {
    ast: parsed.ast,
    typeError: () => parsed.check().error,
    evaluate(scope) {
      operands.scope = scope;
      try {
        return parsed(operands) as boolean;
      } catch (error) {
        if (error === UNKNOWN) return 'unknown';
        throw error;
      }
    },
  };
}

function declare(id: string): void {
  if (environment.hasVariable(id)) return;
  environment.registerVariable(id, CEL_TYPES[id.charAt(0) as keyof typeof CEL_TYPES]);
}
