import { describe, expect, it } from 'vitest';
import { createReader } from '../../../src/adapters/mqtt/reader.ts';

const read = (signals: Parameters<typeof createReader>[0], topic: string, payload: string | Buffer) =>
  createReader(signals).read(topic, Buffer.from(payload));

describe('mqtt message reader', () => {
  const R3 = { topic: 'cell7', json: "$.robots[?@.id=='R3'].fault", as: 'number' } as const;

  it.each([
    ['{"robots":[{"id":"R1","fault":1},{"id":"R3","fault":31}]}', { value: 31, quality: 'good' }],
    ['{"robots":[{"id":"R1","fault":1}]}', { value: null, quality: 'bad', reason: `${R3.json} matches nothing` }],
    [
      '{"robots":[{"id":"R3","fault":1},{"id":"R3","fault":2}]}',
      { value: null, quality: 'bad', reason: `${R3.json} matches 2 values, it has to match one` },
    ],
    ['{"robots":[{"id":"R3","fault":null}]}', { value: null, quality: 'bad', reason: 'null is not a number' }],
    ['[]', { value: null, quality: 'bad', reason: `${R3.json} matches nothing` }],
    ['', { value: null, quality: 'bad', reason: expect.stringMatching(/^the payload is not JSON/) }],
    ['{"robots":', { value: null, quality: 'bad', reason: expect.stringMatching(/^the payload is not JSON/) }],
  ])('the reader follows a path into %s', (payload, expected) => {
    expect(read({ 'r3.fault': R3 }, 'cell7', payload)?.samples).toEqual([{ signal: 'r3.fault', ...expected }]);
  });

  it('a payload that is not UTF-8 is bad', () => {
    const reading = read({ 'a.b': { topic: 'a', as: 'string' } }, 'a', Buffer.from([0xff, 0xfe]));

    expect(reading?.samples).toEqual([
      { signal: 'a.b', value: null, quality: 'bad', reason: expect.stringMatching(/^the payload is not UTF-8 text/) },
    ]);
  });

  it.each([
    ['$..fault', /^the payload can't be searched: recursion limit/],
    ['$.robots', /^a value that is nested too deep is not a number/],
  ])('a payload that is nested too deep for %s is bad, and the gateway goes on', (json, reason) => {
    const payload = `{"robots":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;

    expect(read({ 'a.b': { topic: 'a', json, as: 'number' } }, 'a', payload)?.samples).toEqual([
      { signal: 'a.b', value: null, quality: 'bad', reason: expect.stringMatching(reason) },
    ]);
  });

  it.each<['number' | 'integer' | 'string', string, unknown]>([
    ['integer', '{"v":9007199254740993}', 9_007_199_254_740_993n],
    ['number', '{"v":-9007199254740993}', -9_007_199_254_740_993n],
    ['number', '{"v":18446744073709551615}', 2n ** 64n - 1n],
    ['string', '{"v":9007199254740993}', '9007199254740993'],
    ['number', '{"v":9007199254740991}', 9_007_199_254_740_991],
    ['number', '{"v":1e20}', 1e20],
    ['number', '{"v":9007199254740993,"v":7}', 7],
    ['number', '{"v":0.30}', 0.3],
    ['number', '{"v":-0}', 0],
  ])('whole numbers as %s keep all their digits: %s', (as, payload, value) => {
    const samples = read({ 'a.b': { topic: 'a', json: '$.v', as } }, 'a', payload)?.samples;

    expect(samples).toEqual([{ signal: 'a.b', value, quality: 'good' }]);
  });

  it('a filtered value keeps all its digits', () => {
    const payload = '{"robots":[{"id":"R1","fault":9007199254740995},{"id":"R3","fault":9007199254740993}]}';

    expect(read({ 'r3.fault': R3 }, 'cell7', payload)?.samples).toMatchObject([{ value: 9_007_199_254_740_993n }]);
  });

  it.each(['1e999', '-1e999', '9'.repeat(400)])('a number that is too large for a double is bad: %s', digits => {
    const samples = read({ 'a.b': { topic: 'a', json: '$.v', as: 'number' } }, 'a', `{"v":${digits}}`)?.samples;

    expect(samples).toEqual([{ signal: 'a.b', value: null, quality: 'bad', reason: 'the number at $.v is too large' }]);
  });

  it('the reader knows which topics no signal reads', () => {
    expect(read({ 'a.b': { topic: 'a/+', as: 'string' } }, 'b/c', 'x')).toBeUndefined();
  });

  it.each([
    ['{"v":1,"ts":1772431200}', { at: 1_772_431_200_000 }],
    ['{"v":1,"ts":1772431200000000000}', { at: 1_772_431_200_000_000_000 }],
    ['{"v":1,"ts":"06:00"}', { problem: '$.ts is not a time with a zone, nor a number of seconds or ms' }],
    ['{"v":1}', { problem: '$.ts matches nothing' }],
  ])('the time of all fields is that of the field with a time: %s', (payload, time) => {
    const signals = {
      'a.other': { topic: 'a', json: '$.v', as: 'number' },
      'a.timed': { topic: 'a', json: '$.v', time: '$.ts', as: 'number' },
    } as const;

    expect(read(signals, 'a', payload)?.time).toEqual(time);
  });
});
