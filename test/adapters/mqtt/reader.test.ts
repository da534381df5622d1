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
  ])('follows a path into %s', (payload, expected) => {
    expect(read({ 'r3.fault': R3 }, 'cell7', payload)?.samples).toEqual([{ signal: 'r3.fault', ...expected }]);
  });

  it('calls a payload that is not UTF-8 bad', () => {
    const reading = read({ 'a.b': { topic: 'a', as: 'string' } }, 'a', Buffer.from([0xff, 0xfe]));

    expect(reading?.samples).toEqual([
      { signal: 'a.b', value: null, quality: 'bad', reason: expect.stringMatching(/^the payload is not UTF-8 text/) },
    ]);
  });

  it.each([
    ['$..fault', /^the payload can't be searched: recursion limit/],
    ['$.robots', /^what is nested too deep is not a number/],
  ])('calls what is nested too deep for %s bad, and does not end by it', (json, reason) => {
    const payload = `{"robots":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;

    expect(read({ 'a.b': { topic: 'a', json, as: 'number' } }, 'a', payload)?.samples).toEqual([
      { signal: 'a.b', value: null, quality: 'bad', reason: expect.stringMatching(reason) },
    ]);
  });

  it('knows which topics nobody reads', () => {
    expect(read({ 'a.b': { topic: 'a/+', as: 'string' } }, 'b/c', 'x')).toBeUndefined();
  });

  it.each([
    ['{"v":1,"ts":1772431200}', { at: 1_772_431_200_000 }],
    ['{"v":1,"ts":"06:00"}', { problem: '$.ts is not a time with a zone, nor a number of seconds or ms' }],
    ['{"v":1}', { problem: '$.ts matches nothing' }],
  ])('takes the time of all fields from the one that names it: %s', (payload, time) => {
    const signals = {
      'a.other': { topic: 'a', json: '$.v', as: 'number' },
      'a.timed': { topic: 'a', json: '$.v', time: '$.ts', as: 'number' },
    } as const;

    expect(read(signals, 'a', payload)?.time).toEqual(time);
  });
});
