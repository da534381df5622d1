import { describe, expect, it } from 'vitest';
import type { Manners } from '../../../src/simulation/sandbox/manners.ts';
import { OPEN, record, records, sandboxForTest } from './support.ts';

const SET = {
  site: 43,
  linecode: 'LINE-1',
  start: '2026-03-02 06:00:00',
  end: '2026-03-02 06:05:00',
  actual: 12,
  productcode: 'P-100',
};

describe('sandbox with the manner rate_limit', () => {
  it.each([
    ['retry_after', { status: 429, success: false }],
    ['bare', { status: 429, success: false }],
    ['unavailable', { status: 503, body: { text: expect.stringContaining('503') } }],
    ['words', { status: 200, error: 'Rate limit exceeded, please try again later.' }],
  ] as const)('%s: about one call in ten is refused, and has no effect', async (rate_limit, answer) => {
    const { sandbox, post } = await sandboxForTest({ manners: { rate_limit } });
    const answers = [];
    for (let number = 1; number <= 100; number += 1)
      answers.push(await post('machines/increment_cycle_count/', { site: 43, code: 'PRESS-02', cyclecount: 1 }));

    const refused = answers.filter(({ success }) => !success);
    expect(refused.length).toBeGreaterThan(5);
    expect(refused.length).toBeLessThan(20);
    for (const one of refused) expect(one).toMatchObject(answer);
    const { cyclecount } = sandbox.state().machines.find(({ code }) => code === 'PRESS-02') ?? {};
    expect(cyclecount).toBe(answers.length - refused.length);
  });

  it.each([
    ['retry_after', '1'],
    ['bare', null],
  ] as const)('%s: Retry-After is %s', async (rate_limit, header) => {
    const { sandbox } = await sandboxForTest({ manners: { rate_limit } });
    const answers = [];
    for (let number = 1; number <= 100; number += 1) answers.push(await fetch(`${sandbox.url}/api/1.0/sites/`));
    const limited = answers.find(({ status }) => status === 429);
    expect(limited?.headers.get('retry-after')).toBe(header);
  });
});

it('the sandbox with the manner refusal_words=opaque gives the same words for every cause, also in a batch', async () => {
  const { post, get } = await sandboxForTest({ manners: { refusal_words: 'opaque', batchDelay: 0 } });
  const words = 'Problem with the request';
  expect(await post('dispatches/open/', { ...OPEN, machinecode: 'X' })).toMatchObject({ success: false, error: words });
  expect((await post('dispatches/close/1/', {})).error).toBe(words);
  await post('pitchdetails/record_details_batch/', { site: 43, batch: JSON.stringify([{ ...SET, linecode: 'X' }]) });
  const errors = () => get('pitchdetails/record_details_batch_errors/', { site: 43 });
  await expect.poll(async () => records(await errors())).toMatchObject([{ error: words }]);
});

const AREAS = ['sites', 'lines', 'machines', 'dispatches', 'trades'] as const;

describe('sandbox with the manner rights', () => {
  it.each([
    ['full', []],
    ['write_only', AREAS],
    ['no_sites', ['sites']],
    ['no_lines', ['lines']],
    ['no_machines', ['machines']],
    ['no_dispatches', ['dispatches']],
  ] as const)('%s: reads of these areas are refused: %j', async (rights, denied) => {
    const { post, get } = await sandboxForTest({ manners: { rights } });
    for (const area of AREAS) {
      const status = (denied as readonly string[]).includes(area) ? 403 : 200;
      expect([area, (await get(`${area}/`)).status]).toEqual([area, status]);
    }
    expect(await post('dispatches/open/', OPEN)).toMatchObject({ success: true });
  });

  it('no_pitchdetails: its methods that read are refused too', async () => {
    const { post, get } = await sandboxForTest({ manners: { rights: 'no_pitchdetails' } });
    expect(await post('pitchdetails/record_details/', SET)).toMatchObject({ success: true });
    expect((await get('pitchdetails/record_details_batch_errors/', { site: 43 })).status).toBe(403);
  });

  it.each([
    ['forbidden', 403],
    ['unauthorized', 401],
    ['words', 200],
  ] as const)('missing_right=%s: the status is %s', async (missing_right, status) => {
    const { get } = await sandboxForTest({ manners: { rights: 'write_only', missing_right } });
    expect(await get('sites/')).toMatchObject({ status, success: false });
  });
});

describe('sandbox with a manner of its records', () => {
  it('lookups=none: no record with a code is found', async () => {
    const { get } = await sandboxForTest({ manners: { lookups: 'none' } });
    expect(records(await get('lines/', { site: 43, code: 'LINE-1' }))).toEqual([]);
    expect(records(await get('machines/', { site: 43 }))).toEqual([]);
    expect(records(await get('sites/', { site: 43 }))).toHaveLength(1);
  });

  it.each([
    ['user', 'gateway'],
    ['key', 'api'],
  ] as const)('created_by=%s: the creator is %s', async (created_by, creator) => {
    const { post } = await sandboxForTest({ manners: { created_by } });
    expect(record(await post('dispatches/open/', OPEN))).toMatchObject({ createdby: creator });
  });

  it('pages=short: a page has five records, and limit says so', async () => {
    const { get } = await sandboxForTest({ manners: { pages: 'short' } });
    const first = await get('machines/', { site: 43, limit: 100, order_by: 'id' });
    expect([records(first).length, first.body.limit]).toEqual([5, 5]);
    expect(records(await get('machines/', { site: 43, limit: 100, offset: 5, order_by: 'id' }))).toHaveLength(1);
  });

  it('ids=strings: ids and numbers of records are strings, and nothing else is', async () => {
    const { post } = await sandboxForTest({ manners: { ids: 'strings' } });
    const opened = record(await post('dispatches/open/', OPEN));
    const texts = ['id', 'dispatchnumber', 'site', 'line', 'machine', 'dispatchtype', 'trade'];
    expect(texts.map(name => typeof opened[name])).toEqual(texts.map(() => 'string'));
    expect(typeof opened.downtime).toBe('number');
  });

  it('fields=other: the fields come in another order, with more of them, and the values are the same', async () => {
    const { sandbox, get } = await sandboxForTest();
    const lines = async () => records(await get('lines/', { site: 43 }));
    const known = await lines();
    sandbox.setManners({ fields: 'other' });
    const other = await lines();

    expect(other).toMatchObject(known);
    const names = [known, other].map(([line = {}]) => Object.keys(line));
    expect(names[1]).toContain('revision');
    expect(names[1]?.at(-1)).toBe(names[0]?.[0]);
  });

  it('lists=null: a list without an entry is null', async () => {
    const { get } = await sandboxForTest({ manners: { lists: 'null' } });
    expect((await get('dispatches/', { site: 43 })).body).toMatchObject({ success: true, data: null });
  });
});

describe('sandbox with the manner pitch_filters', () => {
  it.each([
    ['compare', { success: true, body: { data: [{}] } }],
    ['refuse', { success: false, error: expect.stringContaining('must be filtered') }],
    ['nothing', { success: true, body: { data: [] } }],
  ] as const)('%s: what a read with comparisons gets', async (pitch_filters, answer) => {
    const { get, window } = await withDetail(pitch_filters);
    expect(await get('pitchdetails/', window)).toMatchObject(answer);
  });

  it.each(['compare', 'refuse', 'nothing'] as const)('%s: the exact times find the record', async pitch_filters => {
    const { get, line } = await withDetail(pitch_filters);
    const { start, end } = SET;
    expect(records(await get('pitchdetails/', { site: 43, line, start, end }))).toHaveLength(1);
  });

  async function withDetail(pitch_filters: Manners['pitch_filters']) {
    const { post, get } = await sandboxForTest({ manners: { pitch_filters } });
    const line = Number(record(await post('pitchdetails/record_details/', SET)).line);
    return { get, line, window: { site: 43, line, start__gte: '2026-03-01', end__lte: '2026-03-03' } };
  }
});
