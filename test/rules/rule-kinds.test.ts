import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { RULE_KINDS, ruleKind } from '../../src/rules/kinds/registry.ts';
import { Rule } from '../../src/rules/schema.ts';

/** The keys of a schema that is an object. */
function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  return (schema as z.ZodObject).shape as Readonly<Record<string, z.ZodType>>;
}

describe('the registry of rule kinds', () => {
  it.each(RULE_KINDS)('the registry finds the kind $kind by its name, which is a key of a rule', kind => {
    expect(ruleKind(kind.kind)).toBe(kind);
    expect(Object.keys(Rule.shape)).toContain(kind.kind);
  });

  it.each(RULE_KINDS)('the kind $kind names its machine or line in its own section', ({ section, target }) => {
    expect(Object.keys(shapeOf(section))).toContain(target);
  });

  it.each(RULE_KINDS)('a state of the kind $kind names its kind', ({ kind, state }) => {
    expect(shapeOf(state).kind?.safeParse(kind).success).toBe(true);
  });

  it.each(RULE_KINDS)('the kind $kind has each key that it requires or reads as a condition', kind => {
    const { keys = {}, required = {}, conditions = [] } = kind;

    expect(Object.keys(keys)).toEqual(expect.arrayContaining([...Object.keys(required), ...conditions]));
  });

  it('a key has the same meaning in all kinds of rule', () => {
    const keys = RULE_KINDS.flatMap(({ kind, section, keys: own = {} }) => [[kind, section], ...Object.entries(own)]);
    const meanings = Map.groupBy(keys, ([key]) => key);
    const different = [...meanings].filter(([, all]) => new Set(all.map(([, schema]) => schema)).size > 1);

    expect(different.map(([key]) => key)).toEqual([]);
  });

  it('the registry refuses an unknown kind', () => {
    expect(() => ruleKind('changeover' as never)).toThrow('no kind of rule is named changeover');
  });
});
