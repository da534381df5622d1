import { describe, expect, it } from 'vitest';
import { RULE_KINDS } from '../../src/rules/kinds/registry.ts';
import { Rule } from '../../src/rules/schema.ts';

describe('the registry of rule kinds', () => {
  it.each(Object.entries(RULE_KINDS))('lists %s under its own name, which is a key of a rule', (name, { kind }) => {
    expect(kind).toBe(name);
    expect(Object.keys(Rule.shape)).toContain(name);
  });

  it.each(Object.values(RULE_KINDS))('$kind names its machine or line in its own section', ({ kind, target }) => {
    const section = Rule.shape[kind].unwrap();

    expect(Object.keys(section.shape)).toContain(target);
  });

  it.each(Object.values(RULE_KINDS))('a state of $kind says of which kind it is', ({ kind, state }) => {
    expect(state.shape.kind.value).toBe(kind);
  });
});
