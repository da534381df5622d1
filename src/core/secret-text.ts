import { z } from 'zod';
import { Secret } from './secret.ts';

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
