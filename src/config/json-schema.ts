import { z } from 'zod';
import { Config } from './schema.ts';

/** How a pattern says `${`. */
const REFERENCE = '\\$\\{';

/** Marks of the schemas that mean nothing to an editor. */
const OWN_MARKS = ['code', 'notBuilt', 'kind', 'range'];

/**
 * JSON Schema of a config file, for completion and hints in editors. It is made of the same schemas that the loader uses and is
 * more lenient in places: what needs more than one value to judge, only `check` can judge. The page docs/configuration.md is made
 * of it too, and needs the marks.
 */
export function configJsonSchema({ keepMarks = false } = {}): Record<string, unknown> {
  return z.toJSONSchema(Config, {
    io: 'input',
    target: 'draft-07', // what editors' YAML servers understand
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const meta = z.globalRegistry.get(zodSchema) ?? {};
      const schema = jsonSchema as Record<string, unknown>;
      // A key that is not built yet is marked where somebody writes it.
      if (meta.notBuilt === true) {
        schema.not = {};
        schema.doNotSuggest = true; // what editors' YAML and JSON servers understand: it is not among the completions
      }
      // Codes are text however they look: 0123 is not to be marked because YAML would read a number.
      if (meta.code === true) schema.type = ['string', 'number', 'boolean'];
      if (typeof meta.pattern === 'string') schema.pattern = orReference(meta.pattern);
      // zod leaves examples out where the gateway keeps a value in another form than it is written.
      if (meta.examples !== undefined) schema.examples = meta.examples;
      if (!keepMarks) for (const mark of OWN_MARKS) delete schema[mark];
    },
  });
}

/** A text of a certain form may also come through a reference. */
function orReference(pattern: string): string {
  return pattern.includes(REFERENCE) ? pattern : `(?:${pattern})|${REFERENCE}`;
}
