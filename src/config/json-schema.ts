import { z } from 'zod';
import { Config } from './schema.ts';

/** The form of `${` in a pattern. */
const REFERENCE = '\\$\\{';

/** Marks of the schemas that have no meaning for an editor. */
const OWN_MARKS = ['code', 'notBuilt', 'kind', 'range'];

/**
 * JSON Schema of a config file, for completion and hints in editors. It comes from the same schemas that the loader uses, and it is less
 * strict in places: a rule about several values can only be checked by `check`. The page docs/configuration.md is made from it too, and
 * needs the marks.
 */
export function configJsonSchema({ keepMarks = false } = {}): Record<string, unknown> {
  return z.toJSONSchema(Config, {
    io: 'input',
    target: 'draft-07', // the draft that editors' YAML servers understand
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const meta = z.globalRegistry.get(zodSchema) ?? {};
      const schema = jsonSchema as Record<string, unknown>;
      // An editor marks a key that is not built yet where somebody writes it.
      if (meta.notBuilt === true) {
        schema.not = {};
        schema.doNotSuggest = true; // editors' YAML and JSON servers understand this: the key is not among the completions
      }
      // Codes are text in any form: an editor must not mark 0123 because YAML would read a number.
      if (meta.code === true) schema.type = ['string', 'number', 'boolean'];
      if (typeof meta.pattern === 'string') schema.pattern = orReference(meta.pattern);
      // zod leaves out examples when the gateway keeps a value in another form than it is written.
      if (meta.examples !== undefined) schema.examples = meta.examples;
      if (!keepMarks) for (const mark of OWN_MARKS) delete schema[mark];
    },
  });
}

/** A text of a certain form may also come from a reference. */
function orReference(pattern: string): string {
  return pattern.includes(REFERENCE) ? pattern : `(?:${pattern})|${REFERENCE}`;
}
