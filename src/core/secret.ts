import { inspect } from 'node:util';
import { z } from 'zod';

const MASK = '***';

/** A key or password. Prints as `***` wherever it is written by accident; only `reveal` gives it out. */
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
 * A key or password in a schema. In a file it is one whole reference, `${NAME}` or `${file:/path}`; the loader hands the referenced
 * text over as a `Secret`, so plain text that stands in the file is refused here. Code and tests hand in `new Secret('…')`.
 */
export const SecretText = z
  .custom<Secret>(value => value instanceof Secret, {
    // Says to who words the problem that what is written is not to be repeated.
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
