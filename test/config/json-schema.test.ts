import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adapters } from '../../src/adapters/registry.ts';
import { configJsonSchema } from '../../src/config/json-schema.ts';

type Json = { readonly [key: string]: Json } & { readonly [key: string]: unknown };

const schema = configJsonSchema() as Json;

/** A part of the schema, found by its keys. */
function at(...path: string[]): Json {
  return path.reduce((part, key) => (part as Json)[key] as Json, schema);
}

describe('configJsonSchema', () => {
  it('config/gateway.schema.json holds the schema that `npm run schema` writes', () => {
    const written = readFileSync(join(import.meta.dirname, '../../config/gateway.schema.json'), 'utf8');

    expect(written).toBe(`${JSON.stringify(schema, null, 2)}\n`);
  });

  it('the JSON Schema has every protocol of the registry', () => {
    const sources = at('properties', 'sources', 'additionalProperties').oneOf as unknown as Json[];

    expect(sources.map(source => (source.properties as Json).protocol?.const)).toEqual(
      adapters.map(({ protocol }) => protocol),
    );
  });

  it('the JSON Schema describes every key of gateway and l2l, and allows no other key', () => {
    for (const section of ['gateway', 'l2l']) {
      expect(at('properties', section).additionalProperties).toBe(false);
      for (const [name, part] of Object.entries(at('properties', section, 'properties'))) {
        expect(part, `${section}.${name}`).toHaveProperty('description', expect.stringMatching(/\w/));
      }
    }
  });

  it('the JSON Schema requires a reference for a secret and a unit for a time, and accepts codes in any form', () => {
    const key = at('properties', 'l2l', 'properties', 'api_key');
    const wait = at('properties', 'l2l', 'properties', 'timeout');
    const machine = at('properties', 'rules', 'additionalProperties', 'properties', 'cycles', 'properties', 'machine');

    expect('${L2L_API_KEY}').toMatch(new RegExp(String(key.pattern)));
    expect('key-4711').not.toMatch(new RegExp(String(key.pattern)));
    expect('1h30m').toMatch(new RegExp(String(wait.pattern)));
    expect('${WAIT}').toMatch(new RegExp(String(wait.pattern)));
    expect('90').not.toMatch(new RegExp(String(wait.pattern)));
    expect(machine.type).toEqual(['string', 'number', 'boolean']);
  });

  it('the JSON Schema marks keys that are not built yet', () => {
    expect(at('properties', 'calendars')).toEqual({
      description: 'calendars: not built yet',
      not: {},
      doNotSuggest: true,
    });
  });

  it('the JSON Schema has none of the marks that only the gateway reads', () => {
    expect(JSON.stringify(schema)).not.toMatch(/"(?:notBuilt|code|kind|range)":/);
  });
});
