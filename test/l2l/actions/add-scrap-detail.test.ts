import { describe, expect, it } from 'vitest';
import { answer, at, frozenCall, NEVER, scripted, stored } from '../calls.ts';
import { actionContract } from '../contract.ts';

const PARAMS = {
  line: 'LINE-1',
  category: 'CRACK',
  scrap: 3,
  scrapped: at('2026-03-02 06:04:59'),
  product: 'P-100',
} as const;
const ACTION = stored('add_scrap_detail', PARAMS, { chain: null });
const row = (id: number, scrap: string, lastupdated = '2026-03-02T13:05:00') => ({ id, line: 101, scrap, lastupdated });

/** L2L whose list of scrap is `listed`. */
function l2l(listed: readonly object[], line: readonly object[] = [{ id: 101, code: 'LINE-1' }]) {
  return scripted(({ method, path }) =>
    answer({ success: true, data: method === 'POST' ? {} : path.startsWith('lines') ? line : listed }),
  );
}

actionContract('add_scrap_detail', () => ({
  actions: [ACTION],
  fields: { base: { scrapRows: {}, at: 0 } },
  success: { success: true, data: { id: 900001 } },
}));

describe('add_scrap_detail', () => {
  it('the call names line, category, product and the true time', () => {
    const { delivery } = l2l([]);
    const { request } = frozenCall(delivery, [ACTION]);
    expect(request.path).toBe('/api/1.0/scrapdetail/add_scrap_detail/');
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({
      site: '43',
      linecode: 'LINE-1',
      scrap_datetime: '2026-03-02 06:04:59',
      scrap: '3',
      scrapcategory: 'CRACK',
      product_code: 'P-100',
    });
  });

  it('L2L finds the product where the rule says so', () => {
    const { delivery } = l2l([]);
    const { request } = frozenCall(delivery, [stored('add_scrap_detail', { ...PARAMS, product: null })]);
    const fields = new URLSearchParams(request.body);
    expect([fields.get('product_autodetect'), fields.get('product_code')]).toEqual(['True', null]);
  });

  it('the gateway reads the newest scrap of the line before the call', async () => {
    const { delivery, sent, clock } = l2l([row(2, '5.00'), row(1, '4.50', '2026-03-02T12:00:00')]);
    expect(await delivery.prepare(frozenCall(delivery, [ACTION]), NEVER)).toEqual({
      kind: 'send',
      base: { scrapRows: { 1: 4.5, 2: 5 }, at: clock.now() },
    });
    expect(sent.at(-1)).toMatchObject({ path: 'scrapdetail/', fields: { line: '101', order_by: '-lastupdated' } });
  });

  it.each<[string, object[], object[]?]>([
    ['whose order nobody knows', [row(1, '4.00', '2026-03-02T12:00:00'), row(2, '5.00')]],
    ['without times', [{ id: 1, line: 101, scrap: '4.00' }]],
    ['of another line', [{ ...row(1, '4.00'), line: 102 }]],
    ['of a line that L2L does not know', [], []],
  ])('the gateway compares nothing with a list %s', async (_what, listed, line) => {
    const { delivery } = l2l(listed, line);
    expect(await delivery.prepare(frozenCall(delivery, [ACTION]), NEVER)).toEqual({ kind: 'send', base: null });
  });

  it.each([
    ['lacks the right to read scrap', 403],
    ['gets a refusal to this read', 200],
  ])('the gateway sends scrap without a comparison when the key %s', async (_what, status) => {
    const settings = { askKey: async () => 'takes' as const, verify: async () => {}, unverified: () => null };
    const line = answer({ success: true, data: [{ id: 101, code: 'LINE-1' }] });
    const refusal = answer({ success: false, error: 'E-17' }, status);
    const { delivery } = scripted(({ path }) => (path.startsWith('lines') ? line : refusal), { settings });
    expect(await delivery.prepare(frozenCall(delivery, [ACTION]), NEVER)).toEqual({ kind: 'send', base: null });
  });

  const BEFORE = { 1: 4, 2: 5 };
  it.each<[string, object[], Readonly<Record<string, number>> | undefined, string]>([
    ['nothing changed', [row(2, '5.00'), row(1, '4.00')], BEFORE, 'absent'],
    ['one record has this scrap more', [row(1, '7.00'), row(2, '5.00')], BEFORE, 'applied'],
    ['there is a new record of this scrap', [row(3, '3.00'), row(2, '5.00'), row(1, '4.00')], BEFORE, 'applied'],
    ['the first record has this scrap', [row(3, '3.00')], {}, 'applied'],
    ['somebody added another scrap', [row(1, '8.00'), row(2, '5.00')], BEFORE, 'undecided'],
    ['somebody added scrap too', [row(1, '7.00'), row(2, '6.00')], BEFORE, 'undecided'],
    ['nothing was read before', [row(1, '7.00')], undefined, 'undecided'],
  ])('a look-up after a lost answer: %s', async (_what, listed, scrapRows, kind) => {
    const { delivery } = l2l(listed);
    const base = scrapRows ? { scrapRows, at: 0 } : null;
    const look = await delivery.look(frozenCall(delivery, [ACTION], undefined, { base }), NEVER);
    expect(look).toMatchObject({ kind });
    if (kind === 'undecided') {
      expect(look).toMatchObject({ detail: expect.stringMatching(/: look in L2L whether LINE-1 has these 3 CRACK$/) });
    }
  });
});
