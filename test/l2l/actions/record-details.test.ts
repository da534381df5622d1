import { describe, expect, it } from 'vitest';
import type { RecordDetailsParams } from '../../../src/core/action.ts';
import { NO_CHAIN, type StoredAction } from '../../../src/core/delivery.ts';
import type { Exchange } from '../../../src/l2l/client.ts';
import { answer, at, frozenCall, NEVER, type Sent, scripted, stored } from '../calls.ts';
import { actionContract } from '../contract.ts';

const set = (line: string, minute: number, fields: Partial<RecordDetailsParams> = {}): StoredAction => {
  const start = at('2026-03-02 06:00:00') + minute * 60_000;
  const params = { line, start, end: start + 5 * 60_000, actual: 10, scrap: 1, product: 'P-100', ...fields };
  return stored('record_details', params, { key: `${line}@${minute}`, chain: null });
};
const SETS = [set('LINE-1', 0), set('LINE-1', 5), set('LINE-2', 0)];
const sentSet = (line: string, start: string, end: string, fields: object = {}) => ({
  linecode: line,
  start: `2026-03-02 ${start}`,
  end: `2026-03-02 ${end}`,
  ...fields,
});
const SENT = [
  sentSet('LINE-1', '06:00:00', '06:05:00'),
  sentSet('LINE-1', '06:05:00', '06:10:00'),
  sentSet('LINE-2', '06:00:00', '06:05:00'),
];

actionContract('record_details', () => ({ actions: SETS, success: { success: true, batch_id: 301 } }));

describe('record_details', () => {
  const batchOf = (actions: readonly StoredAction[]) => {
    const { delivery } = scripted(() => answer({}));
    const { request } = frozenCall(delivery, actions);
    expect(request.path).toBe('/api/1.0/pitchdetails/record_details_batch/');
    const fields = Object.fromEntries(new URLSearchParams(request.body));
    expect(Object.keys(fields)).toEqual(['site', 'batch']);
    return JSON.parse(fields.batch ?? '');
  };

  it('books sets of many lines in one batch, in site time, with two decimals', () => {
    const exact = set('LINE-2', 0, { product: null, actual: 10.006, scrap: 0.1 + 0.2, operatorCount: 2 });
    expect(batchOf([set('LINE-1', 0), exact])).toEqual([
      { ...SENT[0], actual: 10, scrap: 1, productcode: 'P-100' },
      { ...SENT[2], actual: 10.01, scrap: 0.3, operator_count: 2, product_autodetect: true },
    ]);
  });

  it('shows parts of a second where an interval has them', () => {
    const start = at('2026-03-02 06:00:00') + 250;
    expect(batchOf([set('LINE-1', 0, { start, end: start + 500 })])).toMatchObject([
      { start: '2026-03-02 06:00:00.250000', end: '2026-03-02 06:00:00.750000' },
    ]);
  });

  it('never ends before it begins in the hour that comes twice, whose passes share its text', () => {
    const start = Date.parse('2026-11-01T07:50:00Z'); // 01:50, first time
    expect(batchOf([set('LINE-1', 0, { start, end: start + 20 * 60_000 })])).toMatchObject([
      { start: '2026-11-01 01:25:00', end: '2026-11-01 01:35:00' },
    ]);
  });

  it('is accepted with a batch id, not delivered', async () => {
    const { delivery } = scripted(() => answer({ success: true, batch_id: 301 }));
    const outcome = await delivery.send(frozenCall(delivery, SETS), NEVER);
    expect(outcome).toMatchObject({ kind: 'accepted', result: { batchId: '301' } });
  });

  it('is unknown when the batch id is missing', async () => {
    const { delivery } = scripted(() => answer({ success: true }));
    expect((await delivery.send(frozenCall(delivery, SETS), NEVER)).kind).toBe('unknown');
  });

  describe('follow-up', () => {
    const follow = async (status: readonly object[], errors: readonly object[]) => {
      const { delivery, sent } = scripted(({ path }) =>
        answer({ success: true, data: path.includes('status') ? status : errors }),
      );
      const call = frozenCall(delivery, SETS, NO_CHAIN, { state: 'accepted', result: { batchId: '301' } });
      const result = await delivery.follow(call, NEVER);
      for (const { fields } of sent) expect(fields).toEqual({ site: '43', batch_id: '301' });
      return result;
    };
    const as = (...names: string[]) => names.map((status, index) => ({ ...SENT[index], status }));

    it.each([
      ['one is queued', as('finished', 'queued', 'finished')],
      ['one is started', as('Complete', 'started', 'Complete')],
      ['one is not listed yet', as('finished', 'finished')],
      ['one is incomplete', as('done', 'not finished', 'done')],
      ['none is listed', []],
    ])('waits while %s', async (_what, status) => {
      expect((await follow(status, [])).kind).toBe('pending');
    });

    it.each(['finished', 'Completed', 'success', 'DONE', 'processed'])('takes "%s" for done', async name => {
      expect(await follow(as(name, name, name), [])).toMatchObject({ kind: 'final', failed: new Map() });
    });

    it("names the sets that failed, with L2L's words", async () => {
      const errors = [{ ...SENT[1], error: 'overlaps detail 5' }];
      const result = await follow(as('finished', 'failed', 'finished'), errors);
      expect(result).toMatchObject({ kind: 'final', failed: new Map([['LINE-1@5', 'overlaps detail 5']]) });
    });

    it('finds what was sent one level down, with a T and digits in its times', async () => {
      const record = { record: sentSet('LINE-2', '06:00:00.000', '06:05:00.000'), error_message: 'no product' };
      record.record.start = record.record.start.replace(' ', 'T');
      const result = await follow(as('finished', 'finished', 'error'), [record]);
      expect(result).toMatchObject({ kind: 'final', failed: new Map([['LINE-2@0', 'no product']]) });
    });

    it('believes the list of errors when the states say all is well', async () => {
      const result = await follow(as('finished', 'finished', 'finished'), [{ ...SENT[0], errors: ['bad'] }]);
      expect(result).toMatchObject({ kind: 'final', failed: new Map([['LINE-1@0', 'bad']]) });
    });

    it('does not guess which sets failed', async () => {
      const result = await follow(
        [{ status: 'finished' }, { status: 'failed' }, { status: 'finished' }],
        [{ error: 'no line' }],
      );
      expect(result).toMatchObject({ kind: 'undecided', detail: expect.stringContaining('no line') });
    });
  });

  describe('look after a lost answer', () => {
    const created = '2026-03-02 13:10:00';
    const sentAt = Date.parse('2026-03-02T13:09:00Z');
    const detail = (fields: object = {}) => ({ actual: '10.00', scrap: '1.00', created, ...fields });
    /** L2L with these details and errors; every line is known. */
    const look = (details: (sent: Sent) => readonly object[], errors: readonly object[] = []) => {
      const respond = (sent: Sent): Exchange => {
        const line = sent.fields.code;
        if (sent.path === 'lines/')
          return answer({ success: true, data: [{ id: line === 'LINE-1' ? 101 : 102, code: line }] });
        return answer({ success: true, data: sent.path === 'pitchdetails/' ? details(sent) : errors });
      };
      const { delivery, sent } = scripted(respond);
      const call = frozenCall(delivery, SETS, NO_CHAIN, { createdAt: sentAt, sentAt });
      return { look: delivery.look(call, NEVER), sent };
    };
    const echo = ({ fields }: Sent) => detail({ start: fields.start, end: fields.end });

    it('finds all: applied, each line looked up once', async () => {
      const { look: result, sent } = look(one => [echo(one)]);
      expect(await result).toMatchObject({ kind: 'applied' });
      expect(sent.filter(({ path }) => path === 'lines/')).toHaveLength(2);
      expect(sent.filter(({ path }) => path === 'pitchdetails/').map(({ fields }) => fields)).toEqual([
        { site: '43', line: '101', start: '2026-03-02 06:00:00', end: '2026-03-02 06:05:00' },
        { site: '43', line: '101', start: '2026-03-02 06:05:00', end: '2026-03-02 06:10:00' },
        { site: '43', line: '102', start: '2026-03-02 06:00:00', end: '2026-03-02 06:05:00' },
      ]);
    });

    it('finds none: absent', async () => {
      expect((await look(() => []).look).kind).toBe('absent');
    });

    it('finds some: the batch was taken, and what is missing is never repeated', async () => {
      const result = await look(one => (one.fields.line === '101' ? [echo(one)] : [])).look;
      expect(result).toMatchObject({
        kind: 'undecided',
        detail: expect.stringContaining('LINE-2 2026-03-02 06:00:00'),
      });
    });

    it('finds one in error: the batch was taken', async () => {
      const result = await look(() => [], [{ ...SENT[2], error: 'no product' }]).look;
      expect(result).toMatchObject({ kind: 'undecided', detail: expect.stringContaining('no product') });
    });

    it('finds the time with other quantities: a person decides', async () => {
      expect((await look(one => [{ ...echo(one), actual: 11 }]).look).kind).toBe('undecided');
    });

    it('does not take a record from before the call for its own', async () => {
      expect((await look(one => [{ ...echo(one), created: '2026-03-02 12:00:00' }]).look).kind).toBe('absent');
    });
  });
});
