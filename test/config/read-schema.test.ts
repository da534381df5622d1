import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { schemaReader } from '../../src/config/read-schema.ts';
import { references } from '../../src/config/references.ts';
import { parseYamlFile } from '../../src/config/yaml-file.ts';
import { formatProblem } from '../../src/core/errors.ts';
import { Duration, notBuilt, Rate } from '../../src/core/fields.ts';
import { Secret, SecretText } from '../../src/core/secret.ts';

const env = { L2L_API_KEY: 'key-0815', PORT: '502', ON: 'true', WORD: 'not-a-time' };

function read<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> | string[] {
  const held = references('g.yaml', env, () => new Uint8Array());
  const reader = schemaReader(parseYamlFile('g.yaml', text), held);
  const result = reader.read(schema);
  return 'value' in result
    ? result.value
    : [...reader.problems, ...result.problems].map(problem => held.mask(formatProblem(problem)));
}

const Machine = z.strictObject({ machine: z.string().min(1) });

describe('schemaReader', () => {
  it.each([
    ['0123', '0123'],
    ['12E3', '12E3'],
    ['1_000', '1_000'],
    ['true', 'true'],
    ['"null"', 'null'],
    ['0x1F', '0x1F'],
    ['"PRESS-01"', 'PRESS-01'],
    ['4.50', '4.50'],
  ])('the schema reader takes the code %s as text', (written, code) => {
    expect(read(Machine, `machine: ${written}`)).toEqual({ machine: code });
  });

  it('the schema reader takes codes as text inside unions, lists and maps, and numbers where numbers are possible', () => {
    const schema = z.strictObject({
      per_count: z.union([z.int(), z.string()]),
      product: z.union([z.strictObject({ signal: z.string() }), z.string()]),
      lines: z.array(z.string()),
      scrap: z.record(z.string(), z.string()),
    });

    expect(read(schema, 'per_count: 2\nproduct: 0815\nlines: [01, 1E2]\nscrap: { 07: 08 }')).toEqual({
      per_count: 2,
      product: '0815',
      lines: ['01', '1E2'],
      scrap: { '07': '08' },
    });
  });

  describe('references', () => {
    const schema = z.strictObject({
      key: SecretText.optional(),
      url: z.string().optional(),
      port: z.int().optional(),
      on: z.boolean().optional(),
      wait: Duration.optional(),
    });

    it('a whole reference is a secret only where the schema asks for one', () => {
      const value = read(
        schema,
        'key: "${L2L_API_KEY}"\nurl: "http://${L2L_API_KEY}:${PORT}/"\nport: ${PORT}\non: "${ON}"',
      );

      expect(value).toEqual({ key: expect.any(Secret), url: 'http://key-0815:502/', port: 502, on: true });
      expect((value as { key: Secret }).key.reveal()).toBe('key-0815');
    });

    it('a secret that is written out is refused and not repeated', () => {
      expect(read(schema, 'key: hunter2')).toEqual([
        'g.yaml:1:6 key: a secret is never written in the file; write a reference such as ${L2L_API_KEY} or ${file:/run/secrets/l2l_api_key}',
      ]);
    });

    it('a secret that is only a part of a text is refused', () => {
      expect(read(schema, 'key: "x${L2L_API_KEY}"')).toEqual([
        'g.yaml:1:6 key: a secret is never written in the file; write a reference such as ${L2L_API_KEY} or ${file:/run/secrets/l2l_api_key}',
      ]);
    });

    it('a reference without a value is reported once', () => {
      expect(read(schema, 'url: x\nkey: "${NO_KEY}"\nport: "${NO_PORT}"\nwait: 9')).toEqual([
        'g.yaml:2:7 the environment has no NO_KEY; set it before the gateway starts',
        'g.yaml:3:8 the environment has no NO_PORT; set it before the gateway starts',
        'g.yaml:4:7 wait: "9" is not a time; write it with its unit, such as 90s, 2m or 1h30m',
      ]);
    });

    it('an error shows the reference and never its value', () => {
      expect(read(schema, 'wait: "${WORD}"\nport: "${WORD}"')).toEqual([
        'g.yaml:1:7 wait: "${WORD}" – what this stands for does not fit here',
        'g.yaml:2:7 port: "${WORD}" – expected a number',
      ]);
    });
  });

  describe('words for what a schema refuses', () => {
    const Signal = z.union([
      z.string(),
      z.strictObject({ node: z.string(), as: z.enum(['uint16', 'uint32']).optional() }),
    ]);
    const schema = z.strictObject({
      mode: z.enum(['shadow', 'live']).optional(),
      delay: Duration.optional(),
      rate: Rate.optional(),
      count: z.int().min(1).max(10).optional(),
      ratio: z.number().gt(0).optional(),
      name: z.string().min(1).optional(),
      on: z.boolean().optional(),
      list: z.array(z.number()).optional(),
      map: z.record(z.string().regex(/^[a-z]+$/, 'write a name in lower-case letters'), z.number()).optional(),
      inner: z.strictObject({ on_delay: Duration, off_delay: Duration.optional() }).optional(),
      signal: Signal.optional(),
      flood: notBuilt('flood'),
      source: z
        .discriminatedUnion('protocol', [
          z.strictObject({ protocol: z.literal('mqtt'), poll: z.int().optional() }),
          z.strictObject({ protocol: z.literal('modbus') }),
        ])
        .optional(),
    });

    it.each([
      ['delay: 90', '1:8 delay: "90" is not a time; write it with its unit, such as 90s, 2m or 1h30m'],
      ['delay: [1]', '1:1 delay: write a time with its unit, such as 90s, 2m or 1h30m'],
      ['delay:', '1:1 delay: nothing is written – write a time with its unit, such as 90s, 2m or 1h30m'],
      ['rate: 60', '1:7 rate: "60" is not a rate; write it as 60/min, 1/s or 900/h'],
      ['mode: Live', '1:7 mode: "Live" – did you mean live? (expected one of shadow, live)'],
      ['mode: on', '1:7 mode: "on" – expected one of shadow, live'],
      ['count: 0', '1:8 count: "0" – expected at least 1'],
      ['count: 11', '1:8 count: "11" – expected at most 10'],
      ['count: 1.5', '1:8 count: "1.5" – expected a whole number'],
      ['count: "3"', '1:8 count: "3" – expected a number; take the quotes away'],
      ['ratio: 0', '1:8 ratio: "0" – expected more than 0'],
      ['name: ""', '1:7 name: nothing is written – must not be empty'],
      ['on: yes', '1:5 on: "yes" – expected true or false'],
      ['list: 3', '1:7 list: "3" – expected a list'],
      ['list: [1, x]', '1:11 list.1: "x" – expected a number'],
      ['map: { A1: 2 }', '1:8 map: "A1" – write a name in lower-case letters'],
      ['inner: { on_dealy: 3s }', '1:10 inner: unknown key "on_dealy"; did you mean on_delay?'],
      ['inner: { on_delay: 3s, on_dealy: 3s }', '1:24 inner: unknown key "on_dealy"; did you mean on_delay?'],
      ['inner: { on_delay: 3s, off: 3s }', '1:24 inner: unknown key "off"; did you mean off_delay?'],
      ['inner: { on_delay: 3s, xyz: 3s }', '1:24 inner: unknown key "xyz"; the keys here are on_delay, off_delay'],
      ['{ name: bit(a, 3) }', '1:16 unknown key "3)"; a comma ends a value inside { }; put the text in quotes'],
      ['inner: 3', '1:8 inner: "3" – expected keys with values below it'],
      ['signal: [1]', '1:1 signal: expected a text, or keys with values below it'],
      [
        'signal: { node: x, as: uint61 }',
        '1:24 signal.as: "uint61" – did you mean uint16? (expected one of uint16, uint32)',
      ],
      ['signal: { nod: x, node: y }', '1:11 signal: unknown key "nod"; did you mean node?'],
      ['flood: { per: 10m }', '1:1 flood: flood is not built yet; take it out'],
      ['source: { protocol: mqqt }', '1:21 source.protocol: "mqqt" – did you mean mqtt? (one of mqtt, modbus)'],
      ['source: { protocol: s7 }', '1:21 source.protocol: "s7" – expected one of mqtt, modbus'],
      ['source: { poll: 3 }', '1:1 source: protocol is missing – expected one of mqtt, modbus'],
      ['source: { protocol: mqtt, poll: x }', '1:33 source.poll: "x" – expected a number'],
    ])('the schema reader explains the problem: %s', (text, expected) => {
      expect((read(schema, text) as string[])[0]).toBe(`g.yaml:${expected}`);
    });

    it('the schema reader reports all problems at once', () => {
      expect(read(schema, 'mode: off\ncount: 0\nxyz: 1\n')).toHaveLength(3);
    });
  });

  it('the schema reader says that a file is empty', () => {
    expect(read(Machine, '# nothing\n')).toEqual(['g.yaml:1:1 the file is empty']);
    expect(read(Machine, 'just a text\n')).toEqual(['g.yaml:1:1 "just a text" – expected keys with values below it']);
  });

  it.each([
    [['rules', 'press1_down', 'when'], 'press1_down.when'],
    [['sources', 'plc', 'poll'], 'plc.poll'],
    [['sources', 'plc', 'signals', 'press1.running', 'as'], 'plc.press1.running.as'],
    [['l2l', 'url'], 'l2l.url'],
  ])('the path %j is written as people write it', (path, name) => {
    const schema = path.reduceRight<z.ZodType>((inner, part) => z.strictObject({ [part]: inner }), z.literal('right'));
    const text = path.map((part, depth) => `${'  '.repeat(depth)}${part}:`).join('\n');

    expect(read(schema, `${text} wrong`)).toEqual([expect.stringContaining(` ${name}: "wrong" – expected right`)]);
  });
});
