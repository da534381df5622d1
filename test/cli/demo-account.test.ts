import { describe, expect, it } from 'vitest';
import { createAccount } from '../../src/cli/demo/account.ts';
import { legend, shownLine } from '../../src/cli/demo/account-line.ts';

const time = '2026-03-02T06:01:03.000-07:00';
const show = (line: object) => {
  const [found] = createAccount()(JSON.stringify({ level: 20, time, ...line }));
  return found && shownLine(found, 'America/Denver', false);
};

describe('demo account', () => {
  it.each<[string, object, string]>([
    [
      'what a rule did',
      {
        msg: 'counter was reset',
        event: 'counter_reset',
        rule: 'press1_down',
        at: time,
        detail: 'press1.running is false',
      },
      '06:01:03 MST  rule    press1_down        counter reset: press1.running is false',
    ],
    [
      'what it saw and what L2L must be told',
      {
        msg: 'action made',
        does: 'open dispatch DOWN at PRESS-01',
        action: {
          rule: 'press1_down',
          kind: 'open_dispatch',
          lane: 'dispatch:PRESS-01',
          params: { machine: 'PRESS-01', type: 'DOWN' },
          cause: { values: [{ signal: 'press1.running', value: false, quality: 'good', at: time }] },
        },
      },
      '06:01:03 MST  action  press1_down        press1.running = false → open dispatch DOWN at PRESS-01',
    ],
    [
      'a call that is repeated',
      {
        msg: 'call sent',
        call: 7,
        kind: 'record_details',
        lanes: ['production:LINE-1', 'production:LINE-2'],
        attempt: 2,
      },
      '06:01:03 MST  call    LINE-1 LINE-2      record production (call 7, attempt 2)',
    ],
    [
      'what L2L answered',
      {
        msg: 'call answered',
        call: 7,
        kind: 'open_dispatch',
        lanes: ['dispatch:PRESS-01'],
        outcome: { kind: 'delivered', result: { dispatchId: 57_001, dispatchNumber: 8001 }, answer: '{}' },
      },
      '06:01:03 MST  L2L     PRESS-01           opened dispatch 8001 (call 7)',
    ],
    [
      'which dispatch was closed',
      {
        msg: 'call answered',
        call: 8,
        kind: 'close_dispatch',
        lanes: ['dispatch:PRESS-01'],
        outcome: { kind: 'delivered', result: { dispatchId: 57_001, dispatchNumber: 8001 }, answer: '{}' },
      },
      '06:01:03 MST  L2L     PRESS-01           closed dispatch 8001 (call 8)',
    ],
    [
      'an error of the server',
      {
        msg: 'call answered',
        call: 7,
        kind: 'open_dispatch',
        lanes: ['dispatch:PRESS-01'],
        outcome: { kind: 'unknown', reason: 'server', detail: 'HTTP 500: the server failed: <html>' },
      },
      '06:01:03 MST  L2L     PRESS-01           no answer (HTTP 500): asked later (call 7)',
    ],
    [
      'what went wrong',
      {
        msg: 'call answered',
        call: 7,
        kind: 'increment_cycles',
        lanes: ['cycles:PRESS-01'],
        outcome: { kind: 'unknown', reason: 'reset', detail: 'the connection ended' },
      },
      '06:01:03 MST  L2L     PRESS-01           no answer (the connection ended): asked later (call 7)',
    ],
    [
      'what a look-up found',
      {
        msg: 'call looked up',
        call: 7,
        kind: 'open_dispatch',
        lanes: ['dispatch:PRESS-01'],
        look: { kind: 'applied', result: {}, detail: 'found as dispatch 8001' },
      },
      '06:01:03 MST  L2L     PRESS-01           looked up: it was applied (found as dispatch 8001) (call 7)',
    ],
  ])('the account of the demo reports %s', (_what, line, expected) => {
    expect(show(line)).toBe(expected);
  });

  it.each(['', 'not json', '{"msg":"Redis answers again","time":1}', '[]'])(
    'the account of the demo leaves out %j',
    line => {
      expect(createAccount()(line)).toEqual([]);
    },
  );

  it('the account of the demo has colours only for a terminal', () => {
    const line = { at: Date.parse(time), stage: 'L2L', subject: 'PRESS-01', text: 'delivered', tone: 'good' } as const;
    expect(shownLine(line, 'UTC', true)).toContain('\u001b[32mdelivered\u001b[0m');
    expect(shownLine(line, 'UTC', false)).not.toContain('\u001b');
  });

  it('the account of the demo reports a new product of a line before the first parts of it, and only then', () => {
    const account = createAccount();
    const record = (line: string, product: string | null) => ({
      level: 20,
      time,
      msg: 'action made',
      does: `record 4 good, 0 scrap of ${product} on ${line}`,
      action: { rule: 'press1_parts', kind: 'record_details', params: { line, product }, cause: { values: [] } },
    });
    const texts = [
      record('LINE-1', 'P-110'),
      record('LINE-1', 'P-110'),
      record('LINE-2', 'P-210'),
      record('LINE-1', 'P-120'),
      record('LINE-1', null),
      record('LINE-1', 'P-120'),
    ].map(line => account(JSON.stringify(line)).map(({ text }) => text.replace(/^ → /, '')));
    expect(texts).toEqual([
      ['record 4 good, 0 scrap of P-110 on LINE-1'],
      ['record 4 good, 0 scrap of P-110 on LINE-1'],
      ['record 4 good, 0 scrap of P-210 on LINE-2'],
      ['product changed: P-110 → P-120', 'record 4 good, 0 scrap of P-120 on LINE-1'],
      ['record 4 good, 0 scrap of null on LINE-1'],
      ['record 4 good, 0 scrap of P-120 on LINE-1'],
    ]);
  });

  const made = (kind: string) => ({
    msg: 'action made',
    does: 'it',
    action: { rule: 'r', kind, cause: { values: [] } },
  });
  const answered = (kind: string, outcome: object) => ({
    msg: 'call answered',
    call: 1,
    kind,
    lanes: ['cycles:PRESS-01'],
    outcome,
  });
  const event = (kind: string) => ({ msg: 'any message', event: kind, rule: 'r', detail: '' });
  it.each([
    ['a dispatch', made('open_dispatch'), false],
    ['counts', made('increment_cycles'), true],
    ['an answer about counts', answered('increment_cycles', { kind: 'delivered' }), true],
    ['an answer about a dispatch', answered('close_dispatch', { kind: 'delivered' }), false],
    ['no answer, whatever the call', answered('increment_cycles', { kind: 'unknown', detail: 'reset' }), false],
    ['a step of a rule', event('pending'), true],
    ['parts whose product is uncertain', event('product_uncertain'), false],
  ])('the account of the demo is calm: %s', (_what, line, detail) => {
    expect(createAccount()(JSON.stringify({ level: 20, time, ...line }))).toMatchObject([{ detail }]);
  });

  it('the account of the demo explains its columns, and only the stages that are shown', () => {
    expect(legend('America/Denver', false)).toContain('America/Denver');
    expect(legend('America/Denver', false)).not.toMatch(/^ {2}call /m);
    expect(legend('America/Denver', true)).toMatch(/^ {2}call /m);
  });

  it('the account of the demo cuts a line to the width of the terminal', () => {
    const line = {
      at: Date.parse(time),
      stage: 'L2L',
      subject: 'PRESS-01',
      text: 'x'.repeat(500),
      tone: 'good',
    } as const;
    expect(shownLine(line, 'America/Denver', false, 120)).toHaveLength(120);
  });
});
