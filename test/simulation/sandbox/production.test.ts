import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../support/virtual-clock.ts';
import { NO_DELAY, record, records, sandboxForTest } from './support.ts';

const SET = {
  linecode: 'LINE-1',
  start: '2026-03-02 06:00:00',
  end: '2026-03-02 06:05:00',
  actual: 12,
  scrap: 1.5,
  productcode: 'P-100',
};
const ONE = { site: 43, ...SET };
const batchOf = (...sets: object[]) => ({ site: 43, batch: JSON.stringify(sets) });

describe('sandbox record_details', () => {
  it('the sandbox books a set', async () => {
    const { sandbox, post } = await sandboxForTest();
    const booked = await post('pitchdetails/record_details/', ONE);
    expect(record(booked)).toMatchObject({
      start: SET.start,
      end: SET.end,
      actual: '12.00',
      scrap: '1.50',
      batch_record: null,
    });
    expect(sandbox.state().details).toHaveLength(1);
  });

  it.each([
    ['no line', { linecode: '' }, 'Missing linecode'],
    ['the line of nobody', { linecode: 'LINE-9' }, 'no active line LINE-9'],
    ['no start', { start: '' }, 'Missing start'],
    ['no end', { end: '' }, 'Missing end'],
    ['an end at the start', { end: SET.start }, 'must come after'],
    ['an end before the start', { end: '2026-03-02 05:59:59' }, 'must come after'],
    ['ISO time', { start: '2026-03-02T06:00:00' }, 'does not match'],
    ['time without seconds', { start: '2026-03-02 06:00' }, 'does not match'],
    ['three digits after the point', { actual: 1.234 }, 'up to 2 digits'],
    ['less than nothing', { scrap: -1 }, 'up to 2 digits'],
    ['no product', { productcode: '' }, 'Missing productcode'],
  ])('the sandbox refuses %s', async (_what, wrong, error) => {
    const { sandbox, post } = await sandboxForTest();
    expect((await post('pitchdetails/record_details/', { ...ONE, ...wrong })).error).toContain(error);
    expect(sandbox.state().details).toEqual([]);
  });

  it.each([
    ['the same', '2026-03-02 06:00:00', '2026-03-02 06:05:00', false],
    ['inside', '2026-03-02 06:01:00', '2026-03-02 06:02:00', false],
    ['around', '2026-03-02 05:00:00', '2026-03-02 07:00:00', false],
    ['into its end by a fraction', '2026-03-02 06:04:59.999', '2026-03-02 06:10:00', false],
    ['right after', '2026-03-02 06:05:00', '2026-03-02 06:10:00', true],
    ['right before', '2026-03-02 05:55:00', '2026-03-02 06:00:00', true],
  ])(
    'the sandbox takes a set %s another one of the line only when they do not overlap',
    async (_what, start, end, success) => {
      const { sandbox, post } = await sandboxForTest();
      await post('pitchdetails/record_details/', ONE);
      expect(await post('pitchdetails/record_details/', { ...ONE, start, end })).toMatchObject({ success });
      expect(await post('pitchdetails/record_details/', { ...ONE, linecode: 'LINE-2', start, end })).toMatchObject({
        success: true,
      });
      sandbox.setManners({ overlap: 'accept' });
      expect(await post('pitchdetails/record_details/', ONE)).toMatchObject({ success: true });
    },
  );

  it('the sandbox refuses an unknown product, as it refuses other unknown codes', async () => {
    const { sandbox, post } = await sandboxForTest();

    const { error } = await post('pitchdetails/record_details/', { ...ONE, productcode: 'P-NEW' });

    expect(error).toBe('Invalid productcode: there is no active product P-NEW');
    expect(sandbox.state().details).toEqual([]);
    expect(sandbox.state().products.map(({ code }) => code)).not.toContain('P-NEW');
  });

  it('the sandbox makes a product from an unknown code when that is its manner, and detects the default product', async () => {
    const { sandbox, post } = await sandboxForTest();
    sandbox.setManners({ unknown_product: 'create' });
    await post('pitchdetails/record_details/', { ...ONE, productcode: 'P-NEW' });
    const { productcode: _code, ...without } = { ...ONE, linecode: 'LINE-2' };
    await post('pitchdetails/record_details/', { ...without, product_autodetect: 'True' });
    const { products, details } = sandbox.state();
    const codes = details.map(({ product }) => products.find(({ id }) => id === product)?.code);
    expect(codes).toEqual(['P-NEW', 'P-200']);
  });

  it('the sandbox reads sets back only by site, line id, end and one of start and product', async () => {
    const { sandbox, post, get } = await sandboxForTest();
    const fraction = { ...ONE, start: '2026-03-02 06:00:00.153', end: '2026-03-02 06:05:00.007' };
    const { id } = record(await post('pitchdetails/record_details/', fraction));
    const line = sandbox.state().lines[0]?.id ?? 0;
    const exact = { site: 43, line, start: fraction.start, end: fraction.end };
    expect(records(await get('pitchdetails/', exact)).map(found => found.id)).toEqual([id]);
    const window = { site: 43, line, start__gte: '2026-03-02T13:00:00', end__lte: '2026-03-02T13:10:00', limit: 10 };
    expect(records(await get('pitchdetails/', window)).map(found => found.start)).toEqual([fraction.start]);
    expect(records(await get('pitchdetails/', { ...exact, start: SET.start }))).toEqual([]);
    for (const left of ['line', 'end', 'start'] as const) {
      const { [left]: _left, ...rest } = exact;
      expect((await get('pitchdetails/', rest as typeof exact)).error).toContain('must be filtered');
    }
    const byLinecode = await get('pitchdetails/', { site: 43, linecode: 'LINE-1', start: SET.start, end: SET.end });
    expect(byLinecode.error).toContain('must be filtered');
  });

  it('the sandbox gives the most recent set of a line', async () => {
    const now = Date.parse('2026-03-02T13:00:00Z');
    const { post, get } = await sandboxForTest({ clock: virtualClock(now) });
    const text = (ago: number) => new Date(now - 7 * 3_600_000 - ago).toISOString().slice(0, 19).replace('T', ' ');
    for (const minutes of [40, 20, 30]) {
      const [start, end] = [text((minutes + 5) * 60_000), text(minutes * 60_000)];
      await post('pitchdetails/record_details/', { ...ONE, start, end, actual: minutes });
    }
    const latest = await get('pitchdetails/mostrecent/', { site: 43, linecode: 'LINE-1' });
    expect(record(latest).actual).toBe('20.00');
    expect((await get('pitchdetails/mostrecent/', { site: 43, linecode: 'LINE-1', daysback: 29 })).error).toContain(
      'daysback',
    );
  });
});

describe('sandbox production details with the manner pitch_times=utc', () => {
  const IN_UTC = { start: '2026-03-02 13:00:00', end: '2026-03-02 13:05:00' };

  it('the sandbox writes start and end in UTC, and stores the same instants', async () => {
    const { sandbox, post, get } = await sandboxForTest({ manners: { pitch_times: 'utc' } });
    const booked = record(await post('pitchdetails/record_details/', ONE));
    expect(booked).toMatchObject(IN_UTC);
    const window = { site: 43, line: Number(booked.line), end__lte: '2026-03-02T14:00:00', start__gte: '2026-03-02' };
    expect(records(await get('pitchdetails/', window))).toMatchObject([IN_UTC]);
    expect(sandbox.state().details).toMatchObject([{ start: Date.parse('2026-03-02T13:00:00Z') }]);
  });
});

describe('sandbox record_details_batch', () => {
  it('the sandbox takes a batch at once and works on it later, each set on its own', async () => {
    const clock = virtualClock(Date.parse('2026-03-02T13:30:00Z'));
    const { sandbox, post, get } = await sandboxForTest({ manners: { batchDelay: 300 }, clock });
    const bad = { ...SET, linecode: 'LINE-9' };
    const taken = await post('pitchdetails/record_details_batch/', batchOf(SET, bad, { ...SET, linecode: 'LINE-2' }));
    const batch_id = Number(taken.body.batch_id);
    expect(taken.body).toEqual({ success: true, batch_id });
    expect(sandbox.state().details).toEqual([]);
    const status = async () => records(await get('pitchdetails/record_details_batch_status/', { site: 43, batch_id }));
    expect((await status()).map(({ status: name }) => name)).toEqual(['queued', 'queued', 'queued']);

    clock.advance(300);
    expect((await status()).map(({ status: name }) => name)).toEqual(['finished', 'failed', 'finished']);
    const errors = records(await get('pitchdetails/record_details_batch_errors/', { site: 43, batch_id }));
    expect(errors).toEqual([expect.objectContaining({ ...bad, batch_id, error: expect.stringContaining('LINE-9') })]);
    expect(records(await get('pitchdetails/record_details_batch_errors/', { site: 43 }))).toHaveLength(1);
    expect(sandbox.state().details.map(({ actual }) => actual)).toEqual([12, 12]);
  });

  it.each([
    ['no JSON', { site: 43, batch: 'x' }, 'not a JSON list'],
    ['an object', { site: 43, batch: '{}' }, 'not a JSON list'],
    ['nothing', batchOf(), 'not a JSON list'],
    ['a list of texts', { site: 43, batch: '["x"]' }, 'must be a JSON object'],
    ['51 sets', batchOf(...Array.from({ length: 51 }, () => SET)), '51 sets exceed the maximum of 50'],
    ['no site', { batch: JSON.stringify([SET]) }, 'site not specified'],
    ['no batch', { site: 43 }, 'Missing batch'],
  ])('the sandbox refuses %s as a whole', async (_what, fields, error) => {
    const { sandbox, post } = await sandboxForTest({ manners: NO_DELAY });
    expect((await post('pitchdetails/record_details_batch/', fields)).error).toContain(error);
    expect(sandbox.state().batches).toEqual([]);
  });

  it('the sandbox reports an overlap with a set of the same batch', async () => {
    const { post, get } = await sandboxForTest({ manners: NO_DELAY });
    const taken = await post('pitchdetails/record_details_batch/', batchOf(SET, SET));
    const query = { site: 43, batch_id: Number(taken.body.batch_id) };
    await expect
      .poll(async () =>
        records(await get('pitchdetails/record_details_batch_errors/', query)).map(({ error }) => error),
      )
      .toEqual([expect.stringContaining('overlaps')]);
  });

  it('the sandbox finds errors by the minute in which the batch was made', async () => {
    const { post, get } = await sandboxForTest({ manners: NO_DELAY });
    await post('pitchdetails/record_details_batch/', batchOf({ ...SET, end: SET.start }));
    const errors = (query: object) => get('pitchdetails/record_details_batch_errors/', { site: 43, ...query });
    await expect.poll(async () => records(await errors({}))).toHaveLength(1);
    expect(records(await errors({ start: '2026-01-01 00:00' }))).toHaveLength(1);
    expect(records(await errors({ end: '2026-01-01 00:00' }))).toHaveLength(0);
    expect((await errors({ start: '2026-01-01 00:00:00' })).error).toContain('Invalid start');
  });

  it.each([
    ['capitals', 'PENDING', 'PROCESSED', 'ERROR'],
    ['numbers', 0, 2, 3],
    ['unknown', 'neu', 'verbucht', 'abgewiesen'],
  ] as const)('with the manner batch_words=%s the states of a set are %s, %s and %s', async (batch_words, ...names) => {
    const clock = virtualClock(Date.parse('2026-03-02T13:30:00Z'));
    const { post, get } = await sandboxForTest({ manners: { batch_words, batchDelay: 100, batchPace: 100 }, clock });
    const sets = batchOf(SET, { ...SET, linecode: 'LINE-2' }, { ...SET, linecode: 'LINE-9' });
    const batch_id = Number((await post('pitchdetails/record_details_batch/', sets)).body.batch_id);
    const status = async () => records(await get('pitchdetails/record_details_batch_status/', { site: 43, batch_id }));
    const [queued, finished, failed] = names;

    clock.advance(100);
    expect((await status()).map(({ status: name }) => name)).toEqual([finished, queued, queued]);
    clock.advance(200);
    expect((await status()).map(({ status: name }) => name)).toEqual([finished, finished, failed]);
  });

  it('the sandbox knows no other batch', async () => {
    const { get } = await sandboxForTest();
    expect((await get('pitchdetails/record_details_batch_status/', { site: 43 })).error).toContain('Missing batch_id');
    expect((await get('pitchdetails/record_details_batch_status/', { site: 43, batch_id: 1 })).error).toContain(
      'does not exist',
    );
  });
});
