import { z } from 'zod';

/**
 * A code of L2L, always text: `0123` stays `0123`, `12E3` is no number. The YAML loader hands over the source text of every
 * scalar whose schema carries `code: true`, whatever YAML would make of it.
 */
export const Code = z
  .string('write a code as text')
  .trim()
  .min(1, 'the code is empty')
  .meta({ code: true, kind: 'code', description: 'A code as L2L knows it; always text', examples: ['PRESS-01'] });
