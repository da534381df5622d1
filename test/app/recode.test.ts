import { describe, expect, it } from 'vitest';
import { recodeBy } from '../../src/app/recode.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { HistoryEntry } from '../../src/core/history.ts';

const YAML = `
gateway: { name: g, mode: live, data: data, http: "off" }
l2l: { url: https://acme.leading2lean.com, api_key: "\${KEY}", site: 43, timezone: America/Denver, user: gateway }
lookups: { codes: { key: number, file: codes.csv } }
sources:
  plc:
    protocol: mqtt
    url: mqtt://localhost
    client_id: gateway
    signals:
      press.down: { topic: down, as: bool }
      press.fault: { topic: fault, as: integer }
      press.parts: { topic: parts, as: integer, counter: { wraps: never, max_rate: 60/min } }
      press.article: { topic: article, as: integer }
rules:
  down:
    when: press.down
    on_delay: 0s
    dispatch: { machine: PRESS-01, type: DOWN, trade: MAINT, reason: "{{ codes[press.fault].reason }}", description: Down }
  count: { cycles: { machine: PRESS-01, counter: press.parts, every: 1h, mode: total } }
  made:
    renamed_from: produced
    production: { line: LINE-1, good: press.parts, product: "{{ codes[press.article].reason }}", every: 15m }
`;
const CSV = 'number,reason\n7,HYDR\n9,P-100\n';

function recode(entry: Partial<HistoryEntry>) {
  const files: Record<string, string> = { 'gateway.yaml': YAML, 'codes.csv': CSV };
  const read = (path: string) => new TextEncoder().encode(files[path] ?? '');
  const { program } = loadConfig('gateway.yaml', { KEY: 'k' }, read);
  return recodeBy(program)({ cause: { rule: '', where: '', text: '', values: [] }, ...entry } as HistoryEntry);
}
const saw = (signal: string, value: string | number) => ({
  cause: { rule: '', where: '', text: '', values: [{ signal, value, quality: 'good', at: 1 }] },
});
const open = {
  machine: 'PRES-01',
  type: 'DWN',
  trade: 'MNT',
  reason: 'HDR',
  description: 'as it was',
  reported: 5,
  ifFoundOpen: 'leave',
} as const;

describe('an action gets the codes that its rule has now', () => {
  it('a dispatch gets machine, type, trade, and the reason that the lookup gives for the fault of that time', () => {
    const codes = { machine: 'PRESS-01', type: 'DOWN', trade: 'MAINT' };
    const entry = { kind: 'open_dispatch', rule: 'down', params: open } as const;
    for (const [seen, reason] of [
      [saw('press.fault', 7), 'HYDR'],
      [saw('press.fault', '7'), 'HYDR'],
      // The value of the signal was not kept, so the reason stays.
      [{}, 'HDR'],
    ] as const) {
      expect(recode({ ...entry, ...seen })).toEqual({
        lane: 'dispatch:PRESS-01',
        params: { ...open, ...codes, reason },
      });
    }
    // The lookup has no row for this value, so the dispatch is opened without a reason.
    const none = recode({ ...entry, ...saw('press.fault', 8) });
    expect('params' in none && none.params).not.toHaveProperty('reason');
  });

  it('a count gets the machine and keeps its movement', () => {
    const params = { machine: 'X', movement: 5, at: 9 };
    expect(recode({ kind: 'set_cycles', rule: 'count', params })).toEqual({
      lane: 'cycles:PRESS-01',
      params: { ...params, machine: 'PRESS-01' },
    });
  });

  it('production gets line and product, also under the former name of its rule', () => {
    const params = { line: 'X', start: 1, end: 2, actual: 3, scrap: 0, product: 'P-10' };
    const entry = { kind: 'record_details', rule: 'produced', params } as const;
    const now = (product: string) => ({ lane: 'production:LINE-1', params: { ...params, line: 'LINE-1', product } });
    expect(recode({ ...entry, ...saw('press.article', 9) })).toEqual(now('P-100'));
    expect(recode({ ...entry, ...saw('press.article', 8) })).toEqual(now('P-10'));
  });

  it.each([
    ['gone', 'open_dispatch', /no rule gone/],
    ['count', 'open_dispatch', /another kind/],
  ] as const)('rule %s has no codes for a call of kind %s', (rule, kind, words) => {
    expect(recode({ rule, kind, params: open })).toEqual({ why: expect.stringMatching(words) });
  });
});
