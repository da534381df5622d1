import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';
import type { Translation } from './translate.ts';

export type { ASTNode } from '@marcbachmann/cel-js';

const CEL_TYPES = { b: 'bool', n: 'double', s: 'string' } as const;

/** Shared by all conditions, so that 10,000 rules are not 10,000 environments; knows types of variables, never values. */
const environment = new Environment().registerOperator('double % double', () => {
  throw new Error('CEL reads conditions and does not calculate them');
});

export type CelProgram = {
  readonly ast: ASTNode;
  /** What CEL's own type check found; undefined: nothing. A guard behind ours: its words are never shown. */
  typeError(): Error | undefined;
};

/** undefined: too long or nested too deeply for CEL's limits; everything else was refused before. */
export function parseCel({ cel, variables }: Translation): CelProgram | undefined {
  for (const { id } of variables) declare(id);
  try {
    const parsed = environment.parse(cel);
    return { ast: parsed.ast, typeError: () => parsed.check().error };
  } catch (error) {
    if (error instanceof ParseError && error.code === 'limit_exceeded') return undefined;
    throw error;
  }
}

function declare(id: string): void {
  if (environment.hasVariable(id)) return;
  environment.registerVariable(id, CEL_TYPES[id.charAt(0) as keyof typeof CEL_TYPES]);
}
