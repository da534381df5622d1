import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { timeFormat } from '../../../src/cli/log/format.ts';
import { Secret } from '../../../src/core/secret.ts';
import { createTimeNotation } from '../../../src/core/time-notation.ts';

const denver = createTimeNotation('America/Denver');
const AT = new Date('2026-03-02T13:01:00Z');

function line(format: ReturnType<typeof timeFormat>, fields: object): Record<string, unknown> {
  const texts: string[] = [];
  pino({ base: null, ...format }, { write: text => void texts.push(text) }).info(fields, 'm');
  return JSON.parse(texts.join('')) as Record<string, unknown>;
}

describe('times in the log', () => {
  it('the log for programs writes times as ISO text with the offset of the site, also inside a fact', () => {
    const written = line(timeFormat(denver, 'programs'), { at: AT, event: { at: AT, list: [AT, 5] }, since: 5 });

    expect(written).toEqual({
      level: 30,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}-0[67]:00$/),
      at: '2026-03-02T06:01:00.000-07:00',
      event: { at: '2026-03-02T06:01:00.000-07:00', list: ['2026-03-02T06:01:00.000-07:00', 5] },
      since: 5,
      msg: 'm',
    });
  });

  it('the log for people writes times in the zone of the site', () => {
    const written = line(timeFormat(denver, 'people'), { at: AT });

    expect(written).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d M[SD]T$/),
      at: '2026-03-02 06:01:00 MST',
    });
  });

  it.each(['people', 'programs'] as const)(
    'before the config is read, the log for %s writes times as ISO text in the zone of the host',
    readBy => {
      expect(line(timeFormat(null, readBy), {})).toMatchObject({
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/),
      });
    },
  );

  it('the log does not change values that have their own form', () => {
    const written = line(timeFormat(denver, 'programs'), {
      key: new Secret('k'),
      err: new Error('why'),
      nothing: null,
    });

    expect(written).toMatchObject({ key: '***', err: { message: 'why' }, nothing: null });
  });

  it('an impossible time never stops a log line', () => {
    expect(line(timeFormat(denver, 'programs'), { at: new Date(Number.NaN) })).toMatchObject({
      at: 'an impossible time',
    });
  });
});
