import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordDetailsParams } from '../../../src/actions/action.ts';
import { NO_CHAIN, type StoredAction } from '../../../src/core/delivery.ts';
import { shortMemory } from '../../../src/core/site-memory.ts';
import type { Exchange } from '../../../src/l2l/exchange.ts';
import { setTimes } from '../../../src/l2l/set-times.ts';
import { recordingLogger } from '../../support/recording-logger.ts';
import { answer, at, DENVER, frozenCall, NEVER, type Sent, scripted, stored } from '../calls.ts';
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
/** An earlier batch showed that L2L gives the times of sets in site time. */
const knownClock = () => {
  const memory = shortMemory();
  memory.learn({ detailClock: 'site' }, null);
  return () => memory;
};
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

  it('one batch holds the sets of many lines, in site time, with two decimals', () => {
    const exact = set('LINE-2', 0, { product: null, actual: 10.006, scrap: 0.1 + 0.2, operatorCount: 2 });
    expect(batchOf([set('LINE-1', 0), exact])).toEqual([
      { ...SENT[0], actual: 10, scrap: 1, productcode: 'P-100' },
      { ...SENT[2], actual: 10.01, scrap: 0.3, operator_count: 2, product_autodetect: true },
    ]);
  });

  it('a set has parts of a second when its interval has them', () => {
    const start = at('2026-03-02 06:00:00') + 250;
    expect(batchOf([set('LINE-1', 0, { start, end: start + 500 })])).toMatchObject([
      { start: '2026-03-02 06:00:00.250000', end: '2026-03-02 06:00:00.750000' },
    ]);
  });

  it('the end is never before the beginning in the repeated hour', () => {
    const start = Date.parse('2026-11-01T07:50:00Z'); // 01:50, first time
    expect(batchOf([set('LINE-1', 0, { start, end: start + 20 * 60_000 })])).toMatchObject([
      { start: '2026-11-01 01:25:00', end: '2026-11-01 01:35:00' },
    ]);
  });

  it('the end is always after the beginning, whatever part of the repeated hour an interval spans', () => {
    const change = Date.parse('2026-11-01T08:00:00Z');
    fc.assert(
      fc.property(
        fc.double({ min: -2 * 3_600_000, max: 3_600_000, noNaN: true }),
        fc.double({ min: 1, max: 2 * 3_600_000, noNaN: true }),
        (from, length) => {
          const start = change + from;
          const { start: startText, end: endText } = setTimes({ start, end: start + length }, DENVER);
          expect(endText > startText).toBe(true);
        },
      ),
      // This set begins less than a millisecond before the change.
      { examples: [[-0.4, 600_000]] },
    );
  });

  it('a batch with an id is accepted, and not yet delivered', async () => {
    const { delivery } = scripted(() => answer({ success: true, batch_id: 301 }));
    const outcome = await delivery.send(frozenCall(delivery, SETS), NEVER);
    expect(outcome).toMatchObject({ kind: 'accepted', result: { batchId: '301' } });
  });

  it('a batch without an id is unknown', async () => {
    const { delivery } = scripted(() => answer({ success: true }));
    expect((await delivery.send(frozenCall(delivery, SETS), NEVER)).kind).toBe('unknown');
  });

  describe('follow-up', () => {
    const follow = async (status: readonly object[], errors: readonly object[]) => {
      const { delivery, sent, clock } = scripted(
        ({ path }) => answer({ success: true, data: path.includes('status') ? status : errors }),
        { memory: knownClock() },
      );
      const accepted = { state: 'accepted', result: { batchId: '301' }, sentAt: clock.now() } as const;
      const call = frozenCall(delivery, SETS, NO_CHAIN, accepted);
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
    ])('a follow-up waits while %s', async (_what, status) => {
      expect((await follow(status, [])).kind).toBe('pending');
    });

    it.each(['verbucht', '2', 'OK?', ''])(
      'a state with the unknown word "%s" leads to a read of the sets, is logged once, and ends within an hour',
      async word => {
        const log = recordingLogger();
        const l2l = { details: [] as object[] };
        const { delivery, sent, clock } = scripted(
          ({ path }) => {
            if (path === 'lines/') return answer({ success: true, data: [{ id: 101, code: 'LINE-1' }] });
            if (path === 'pitchdetails/') return answer({ success: true, data: l2l.details });
            const states = [
              { ...SENT[0], status: 'finished' },
              { ...SENT[1], ...(word && { status: word }) },
            ];
            return answer({ success: true, data: path.includes('status') ? states : [] });
          },
          { memory: knownClock(), log },
        );
        const call = frozenCall(delivery, SETS.slice(0, 2), NO_CHAIN, {
          state: 'accepted',
          result: { batchId: '301' },
          sentAt: clock.now(),
        });
        expect(await delivery.follow(call, NEVER)).toMatchObject({ kind: 'pending' });
        expect(sent.map(({ path }) => path)).toContain('pitchdetails/');
        l2l.details = [{ ...SENT[0], actual: 10, scrap: 1 }];
        expect(await delivery.follow(call, NEVER)).toMatchObject({ kind: 'pending', detail: '1 of 2 sets are final' });
        clock.advance(3_600_000);
        expect(await delivery.follow(call, NEVER)).toMatchObject({
          kind: 'final',
          parked: new Map([['LINE-1@5', expect.any(String)]]),
        });
        l2l.details = SENT.map(sentAs => ({ ...sentAs, actual: 10, scrap: 1 }));
        expect(await delivery.follow(call, NEVER)).toMatchObject({ kind: 'final', parked: new Map() });
        const lines = log.lines.filter(({ fields }) => 'word' in fields);
        expect(lines.map(({ fields }) => fields)).toEqual([{ site: 43, word }]);
      },
    );

    it('after a day, a follow-up searches for the sets of a batch and leaves the missing ones to people', async () => {
      const booked = { ...SENT[0], actual: 10, scrap: 1 };
      const { delivery, clock } = scripted(({ path, fields }) => {
        if (path === 'lines/')
          return answer({
            success: true,
            data: [
              { id: 101, code: 'LINE-1' },
              { id: 102, code: 'LINE-2' },
            ],
          });
        if (path === 'pitchdetails/') return answer({ success: true, data: fields.line === '101' ? [booked] : [] });
        return answer({ success: true, data: path.includes('status') ? as('finished', 'queued', 'queued') : [] });
      });
      const accepted = { state: 'accepted', result: { batchId: '301' }, sentAt: clock.now() } as const;
      const call = frozenCall(delivery, SETS, NO_CHAIN, accepted);
      clock.advanceTo(clock.now() + 24 * 3_600_000 - 1);
      expect((await delivery.follow(call, NEVER)).kind).toBe('pending');
      clock.advanceTo(clock.now() + 1);

      const end = await delivery.follow(call, NEVER);

      expect(end).toMatchObject({ kind: 'final', failed: new Map() });
      expect([...((end.kind === 'final' && end.parked) || new Map()).keys()]).toEqual(
        SETS.slice(1).map(({ key }) => key),
      );
    });

    it.each(['finished', 'Completed', 'success', 'DONE', 'processed'])(
      'a follow-up takes the state "%s" as done',
      async name => {
        expect(await follow(as(name, name, name), [])).toMatchObject({ kind: 'final', failed: new Map() });
      },
    );

    it('a follow-up names the failed sets with the words of L2L', async () => {
      const errors = [{ ...SENT[1], error: 'overlaps detail 5' }];
      const result = await follow(as('finished', 'failed', 'finished'), errors);
      expect(result).toMatchObject({ kind: 'final', failed: new Map([['LINE-1@5', 'overlaps detail 5']]) });
    });

    it('a follow-up finds the sent fields one level deeper, and times with a T and more digits', async () => {
      const record = { record: sentSet('LINE-2', '06:00:00.000', '06:05:00.000'), error_message: 'no product' };
      record.record.start = record.record.start.replace(' ', 'T');
      const result = await follow(as('finished', 'finished', 'error'), [record]);
      expect(result).toMatchObject({ kind: 'final', failed: new Map([['LINE-2@0', 'no product']]) });
    });

    it('the list of errors also counts when the states report success', async () => {
      const result = await follow(as('finished', 'finished', 'finished'), [{ ...SENT[0], errors: ['bad'] }]);
      expect(result).toMatchObject({ kind: 'final', failed: new Map([['LINE-1@0', 'bad']]) });
    });

    it('a follow-up names failed sets while L2L works on the others, and reads the errors only when there are new ones', async () => {
      const errors = [{ ...SENT[1], error: 'overlaps detail 5' }];
      const status = as('queued', 'failed', 'finished');
      expect(await follow(status, errors)).toEqual({
        kind: 'pending',
        detail: '2 of 3 sets are final',
        failed: new Map([['LINE-1@5', 'overlaps detail 5']]),
      });
      const { delivery, sent, clock } = scripted(() => answer({ success: true, data: status }));
      const accepted = { state: 'accepted', result: { batchId: '301' }, sentAt: clock.now() } as const;
      const call = frozenCall(delivery, SETS, NO_CHAIN, { ...accepted, ended: new Set(['LINE-1@5']) });
      expect(await delivery.follow(call, NEVER)).toMatchObject({ kind: 'pending' });
      expect(sent).toHaveLength(1);
    });

    it('a batch is final although one of its refused sets is in another call by now', async () => {
      const { delivery, clock } = scripted(({ path }) =>
        answer({
          success: true,
          data: path.includes('status') ? as('finished', 'failed', 'finished') : [{ ...SENT[1], error: 'overlaps' }],
        }),
      );
      const accepted = { state: 'accepted', result: { batchId: '301' }, sentAt: clock.now() } as const;
      const call = frozenCall(delivery, SETS, NO_CHAIN, accepted);
      const left = { ...call, actions: call.actions.filter(({ key }) => key !== 'LINE-1@5') };
      expect(await delivery.follow(left, NEVER)).toMatchObject({ kind: 'final', failed: new Map() });
    });

    it('states and errors in pages shorter than the batch are all read', async () => {
      const status = as('failed', 'finished', 'failed');
      const errors = [
        { ...SENT[0], error: 'overlaps' },
        { ...SENT[2], error: 'no product' },
      ];
      const { delivery, clock } = scripted(
        ({ path, fields }) => {
          const from = Number(fields.offset ?? 0);
          const all = path.includes('status') ? status : errors;
          return answer({ success: true, limit: 1, data: all.slice(from, from + 1) });
        },
        { memory: knownClock() },
      );
      const accepted = { state: 'accepted', result: { batchId: '301' }, sentAt: clock.now() } as const;
      const end = await delivery.follow(frozenCall(delivery, SETS, NO_CHAIN, accepted), NEVER);
      expect(end).toMatchObject({
        kind: 'final',
        failed: new Map([
          ['LINE-1@0', 'overlaps'],
          ['LINE-2@0', 'no product'],
        ]),
      });
    });

    it('a follow-up does not guess which sets failed', async () => {
      const result = await follow(
        [{ status: 'finished' }, { status: 'failed' }, { status: 'finished' }],
        [{ error: 'no line' }],
      );
      expect(result).toMatchObject({ kind: 'undecided', detail: expect.stringContaining('no line') });
    });
  });

  describe('look-up after a lost answer', () => {
    const HOUR = 3_600_000;
    const created = '2026-03-02 13:10:00';
    const sentAt = Date.parse('2026-03-02T13:09:00Z');
    const detail = (start: string, end: string, fields: object = {}) => ({
      start: `2026-03-02 ${start}`,
      end: `2026-03-02 ${end}`,
      actual: '10.00',
      scrap: '1.00',
      created,
      ...fields,
    });
    const DETAILS = {
      101: [detail('06:00:00', '06:05:00'), detail('06:05:00', '06:10:00')],
      102: [detail('06:00:00', '06:05:00')],
    };
    type Details = Readonly<Record<number, readonly object[]>>;
    type L2l = { details: Details; errors: readonly object[]; window?: (sent: Sent) => Exchange };

    /** The state of L2L may change between the reads. Every line is known. */
    const lost = (first: Details, errors: readonly object[] = [], sets = SETS) => {
      const l2l: L2l = { details: first, errors };
      const respond = (sent: Sent): Exchange => {
        const line = sent.fields.code;
        if (sent.path === 'lines/')
          return answer({ success: true, data: [{ id: line === 'LINE-1' ? 101 : 102, code: line }] });
        if (sent.path !== 'pitchdetails/') return answer({ success: true, data: l2l.errors });
        return l2l.window?.(sent) ?? answer({ success: true, data: l2l.details[Number(sent.fields.line)] ?? [] });
      };
      const { delivery, sent, clock } = scripted(respond, { memory: knownClock() });
      clock.advanceTo(sentAt + 5 * 60_000);
      const call = frozenCall(delivery, sets, NO_CHAIN, { createdAt: sentAt, sentAt });
      const reads = () => sent.splice(0).filter(({ path }) => path === 'pitchdetails/');
      return {
        l2l,
        sent,
        reads,
        clock,
        look: () => delivery.look(call, NEVER),
        follow: () => delivery.follow({ ...call, state: 'accepted', result: {} }, NEVER),
      };
    };

    it('all sets found means applied, with one read of the errors and one for each line', async () => {
      const { look, sent, reads } = lost(DETAILS);
      expect(await look()).toMatchObject({ kind: 'applied' });
      expect(sent.map(({ path }) => path)).toEqual([
        'pitchdetails/record_details_batch_errors/',
        'lines/',
        'pitchdetails/',
        'lines/',
        'pitchdetails/',
      ]);
      // In UTC, 15 hours wider than the sets on both sides: the sets are inside, whichever zone L2L uses in the comparison.
      const window = { site: '43', start__gte: '2026-03-01T22:00:00', order_by: 'id', offset: '0' };
      expect(reads().map(({ fields }) => fields)).toEqual([
        { ...window, line: '101', end__lte: '2026-03-03T04:10:00' },
        { ...window, line: '102', end__lte: '2026-03-03T04:05:00' },
      ]);
    });

    it('a look-up reads on while a page is full', async () => {
      const { look, l2l, reads } = lost({});
      l2l.window = ({ fields }) => {
        const all = DETAILS[fields.line === '101' ? 101 : 102];
        return answer({ success: true, limit: 1, data: all.slice(Number(fields.offset), Number(fields.offset) + 1) });
      };
      expect((await look()).kind).toBe('applied');
      expect(reads().map(({ fields }) => `${fields.line} ${fields.offset}`)).toEqual([
        '101 0',
        '101 1',
        '101 2',
        '102 0',
        '102 1',
      ]);
    });

    it('a look-up reads set by set when L2L refuses a window, and never asks for a window again', async () => {
      const { look, l2l, reads } = lost({});
      l2l.window = ({ fields }) => {
        if (fields.start === undefined) return answer({ success: false, error: 'must be filtered by end' });
        const all = DETAILS[fields.line === '101' ? 101 : 102];
        return answer({
          success: true,
          data: all.filter(({ start, end }) => start === fields.start && end === fields.end),
        });
      };
      expect((await look()).kind).toBe('applied');
      const first = ['2026-03-02 06:00:00', '2026-03-02 13:00:00'];
      expect(reads().map(({ fields }) => fields.start)).toEqual([
        undefined,
        ...first,
        '2026-03-02 06:05:00',
        '2026-03-02 13:05:00',
        ...first,
      ]);
      await look();
      expect(reads()).toHaveLength(6);
    });

    it.each(['pitchdetails/', 'pitchdetails/record_details_batch_errors/'])(
      'no set in a part of a list (%s) is not absent, and a person decides after an hour',
      async path => {
        const one = detail('05:00:00', '05:05:00', { id: 1, error: 'no product', linecode: 'LINE-9' });
        const { delivery, clock } = scripted(
          sent => {
            if (sent.path === 'lines/') return answer({ success: true, data: [{ id: 101, code: sent.fields.code }] });
            // L2L gives the same page again, whatever the offset is.
            return answer(sent.path === path ? { success: true, limit: 1, data: [one] } : { success: true, data: [] });
          },
          { memory: knownClock() },
        );
        clock.advanceTo(sentAt + 5 * 60_000);
        const call = frozenCall(delivery, SETS, NO_CHAIN, { createdAt: sentAt, sentAt });
        expect(await delivery.look(call, NEVER)).toMatchObject({
          kind: 'pending',
          detail: expect.stringContaining('only a part of its list'),
        });
        clock.advanceTo(sentAt + HOUR);
        expect((await delivery.look(call, NEVER)).kind).toBe('undecided');
      },
    );

    it('a set of a line that L2L does not show is not absent', async () => {
      const { delivery, clock } = scripted(
        ({ path, fields }) => {
          const others = fields.code === undefined ? [{ id: 7, code: 'LINE-7' }] : [];
          return answer({ success: true, data: path === 'lines/' ? others : [] });
        },
        { memory: knownClock() },
      );
      clock.advanceTo(sentAt + 5 * 60_000);
      const call = frozenCall(delivery, SETS, NO_CHAIN, { createdAt: sentAt, sentAt });
      expect(await delivery.look(call, NEVER)).toMatchObject({
        kind: 'pending',
        detail: expect.stringContaining('L2L shows no line LINE-1'),
      });
    });

    it('no set found means absent', async () => {
      const others = [detail('05:55:00', '06:00:00'), detail('06:00:00', '06:10:00')];
      expect((await lost({ 101: others, 102: others }).look()).kind).toBe('absent');
    });

    it('a detail from before the call is the set: the journal may have been restored from a backup', async () => {
      const old = { created: '2026-03-02 09:00:00' };
      const { look } = lost({ 102: [detail('06:00:00', '06:05:00', old)] }, [], SETS.slice(2));
      expect((await look()).kind).toBe('applied');
    });

    it('an error from long before the call belongs to an earlier one', async () => {
      const old = { ...SENT[2], error: 'no product', created: '2026-03-02 12:00:00' };
      expect((await lost({}, [old]).look()).kind).toBe('absent');
    });

    it.each([
      [
        'one of another line booked',
        DETAILS[102],
        [],
        '1 of 3 sets are booked; not yet there: LINE-1 2026-03-02 06:00:00',
      ],
      ['one in error', [], [{ ...SENT[2], error: 'no product' }], 'in error: LINE-2 2026-03-02 06:00:00'],
      [
        'one booked with other quantities',
        [detail('06:00:00', '06:05:00', { actual: 11 })],
        [],
        '1 of 3 sets are booked',
      ],
    ])('a batch is never sent again when a look-up finds %s', async (_what, details, errors, words) => {
      const { look } = lost({ 102: details }, errors);
      expect(await look()).toMatchObject({ kind: 'accepted', result: {}, detail: expect.stringContaining(words) });
    });

    it('a look-up follows a batch until each set is booked or refused, and does not read a finished line again', async () => {
      const { look, follow, l2l, reads } = lost({ 102: DETAILS[102] });
      expect((await look()).kind).toBe('accepted');
      reads();
      expect(await follow()).toEqual({ kind: 'pending', detail: '1 of 3 sets are final' });
      expect(reads().map(({ fields }) => fields.line)).toEqual(['101']);

      l2l.details = { 101: DETAILS[101].slice(0, 1) };
      expect(await follow()).toEqual({ kind: 'pending', detail: '2 of 3 sets are final' });
      l2l.errors = [{ ...SENT[1], error: 'overlaps detail 5' }];
      expect(await follow()).toMatchObject({
        kind: 'final',
        failed: new Map([['LINE-1@5', 'overlaps detail 5']]),
        parked: new Map(),
        detail: expect.stringContaining('2 of 3'),
      });
    });

    it('a look-up names a refused set while another set is still missing', async () => {
      const { follow } = lost({}, [{ ...SENT[1], error: 'overlaps detail 5' }]);
      expect(await follow()).toMatchObject({ kind: 'pending', failed: new Map([['LINE-1@5', 'overlaps detail 5']]) });
    });

    it('a follow-up after a restart reads everything again', async () => {
      expect(await lost({ 102: DETAILS[102] }).follow()).toEqual({ kind: 'pending', detail: '1 of 3 sets are final' });
    });

    it('after an hour, sets that are missing or booked with other quantities are parked', async () => {
      const { follow, clock } = lost({
        101: [detail('06:00:00', '06:05:00')],
        102: [detail('06:00:00', '06:05:00', { actual: 11 })],
      });
      clock.advanceTo(sentAt + HOUR - 1);
      expect((await follow()).kind).toBe('pending');
      clock.advanceTo(sentAt + HOUR);
      expect(await follow()).toEqual({
        kind: 'final',
        failed: new Map(),
        parked: new Map([
          ['LINE-1@5', expect.stringContaining('neither booked it nor refused it')],
          ['LINE-2@0', 'L2L has 11 good, 1 scrap at its times, the gateway sent 10 good, 1 scrap'],
        ]),
        detail: '1 of 3 sets are booked, found by their times',
      });
    });

    it('a follow-up with a failed read goes on later', async () => {
      const { look, l2l } = lost({});
      l2l.window = () => answer({ success: true }, 503);
      expect(await look()).toMatchObject({ kind: 'failed', outcome: { kind: 'retry' } });
    });
  });

  describe('the wait before the first look-up', () => {
    it('the wait is at least twice the longest time that L2L took for a batch, up to an hour', async () => {
      const { delivery, clock } = scripted(({ method }) =>
        answer(method === 'POST' ? { success: true, batch_id: 301 } : { success: true, data: DONE }),
      );
      const DONE = SENT.map(sent => ({ ...sent, status: 'finished' }));
      const settle = () => delivery.policy('record_details').settle;
      const batch = async (took: number) => {
        const call = frozenCall(delivery, SETS);
        await delivery.send(call, NEVER);
        clock.advance(took);
        await delivery.follow({ ...call, state: 'accepted', result: { batchId: '301' } }, NEVER);
      };
      expect(settle()).toBe(5 * 60_000);
      await batch(60_000);
      expect(settle()).toBe(5 * 60_000);
      await batch(10 * 60_000);
      expect(settle()).toBe(20 * 60_000);
      await batch(5 * 3_600_000);
      expect(settle()).toBe(3_600_000);
      expect(delivery.policy('open_dispatch').settle).toBe(60_000);
    });
  });
});
