import { inspect } from 'node:util';
import { z } from 'zod';

const MASK = '***';

/** A key or password. When it is written by accident, `***` is written. Only `reveal` returns it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/**
 * A key or password in a schema. In a file it is one whole reference, `${NAME}` or `${file:/path}`. The loader replaces the reference
 * by a `Secret`, so this schema refuses plain text of the file. Code and tests use `new Secret('…')`.
 */
export const SecretText = z
  .custom<Secret>(value => value instanceof Secret, {
    // Messages about this mistake must not repeat the text of the file.
    params: { secret: true },
    error: `a secret is never written in the file; write a reference such as \${L2L_API_KEY} or \${file:/run/secrets/l2l_api_key}`,
  })
  .meta({
    type: 'string',
    kind: 'secret',
    pattern: '^\\$\\{[^}]+\\}$',
    description: `A secret, only as \${NAME} (environment) or \${file:/run/secrets/name}`,
    examples: [`\${L2L_API_KEY}`],
  });
