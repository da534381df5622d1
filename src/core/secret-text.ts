import { z } from 'zod';
import { Secret } from './secret.ts';

/** What to do instead of writing a secret into the file. */
export const SECRET_IN_FILE =
  'a secret is never written in the file; write a reference such as ${L2L_API_KEY} or ${file:/run/secrets/l2l_api_key}';

/**
 * A key or password; the parsed value is a `Secret`. In a file it is one whole reference, `${NAME}` or `${file:/path}`: the
 * loader hands the referenced text over as a `Secret` and refuses text that stands in the file. Code and tests may parse plain text.
 */
export const SecretText = z
  .custom<string | Secret>(value => typeof value === 'string' || value instanceof Secret, { error: SECRET_IN_FILE })
  .transform(value => (value instanceof Secret ? value : new Secret(value)))
  .meta({
    description: 'A secret, only as ${NAME} (environment) or ${file:/run/secrets/name}',
    examples: ['${L2L_API_KEY}'],
  });
