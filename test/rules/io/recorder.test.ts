import { describe, expect, it } from 'vitest';
import type { DecisionRow } from '../../../src/core/rule-decision.ts';
import { createRecorder } from '../../../src/rules/io/recorder.ts';
import type { RuleEvent } from '../../../src/rules/program.ts';

const MINUTE = 60_000;
const event = (at: number, over: Partial<RuleEvent> = {}): RuleEvent => ({
  rule: 'press1_down',
  at,
  kind: 'returned',
  detail: `after ${at}`,
  ...over,
});

/** The final rows in the journal: a row that counts replaces itself. */
function rowsOf(written: readonly DecisionRow[]): DecisionRow[] {
  const rows = new Map<string, DecisionRow>();
  written.forEach((row, index) => void rows.set(row.row === null ? `one ${index}` : `row ${row.row}`, row));
  return [...rows.values()];
}

describe('recorder', () => {
  it('the recorder gives each decision to one commit, and a decision with an action to none', () => {
    const recorder = createRecorder();
    const values = [{ signal: 's', value: true, quality: 'good', at: 1 }];
    recorder.note([event(1, { values }), event(2, { kind: 'activated' }), event(3, { kind: 'counted' })], 3);

    expect(recorder.take(3, 10)).toEqual([
      { rule: 'press1_down', at: 1, kind: 'returned', text: 'after 1', values, count: 1, until: null, row: null },
    ]);
    expect([recorder.take(4, 10), recorder.isEmpty]).toEqual([[], true]);
  });

  it('the recorder gives at most the asked number at once', () => {
    const recorder = createRecorder();
    recorder.note(
      Array.from({ length: 25 }, (_, n) => event(n, { rule: `rule${n}` })),
      25,
    );
    expect([recorder.take(25, 10), recorder.take(25, 10), recorder.take(25, 10)].map(rows => rows.length)).toEqual([
      10, 10, 5,
    ]);
  });

  it.each([
    ['20 times a second', 50],
    ['every ten seconds', 10_000],
  ])(
    'the recorder writes a bounded number of rows for a rule that does the same %s, and counts every decision',
    (_, every) => {
      const recorder = createRecorder();
      const written: DecisionRow[] = [];
      const day = 24 * 60 * MINUTE;
      let count = 0;
      for (let at = 0; at < day / (every === 50 ? 12 : 1); at += every) {
        count++;
        recorder.note([event(at, { lasted: at % 7919 })], at);
        if (at % 10_000 === 0) written.push(...recorder.take(at, 500));
      }
      written.push(...recorder.take(Infinity, Infinity));
      const rows = rowsOf(written);

      expect(rows.length).toBeLessThan(330);
      expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(count);
      for (const { at, until } of rows) expect((until ?? at) - at).toBeLessThanOrEqual(10 * MINUTE);
    },
  );

  it('the recorder keeps the longest of the decisions that it counts together', () => {
    const recorder = createRecorder();
    for (let n = 0; n < 20; n++) recorder.note([event(n * 1000, { lasted: 1 })], n * 1000);
    recorder.take(20_000, 500);
    for (const [at, lasted] of [
      [21_000, 4000],
      [22_000, 20_000],
      [23_000, 3000],
    ] as const) {
      recorder.note([event(at, { lasted })], at);
    }
    expect(recorder.take(24_000, 500)).toMatchObject([{ at: 21_000, until: 23_000, count: 3, text: 'after 22000' }]);
    // A row is written again at most once a second, and only when it changed.
    recorder.note([event(24_100)], 24_100);
    expect(recorder.take(24_200, 500)).toEqual([]);
    expect(recorder.take(25_100, 500)).toMatchObject([{ at: 21_000, count: 4, row: 1 }]);
    expect(recorder.take(30_000, 500)).toEqual([]);
  });

  it('the recorder keeps kinds and rules apart: a flapping rule hides no other', () => {
    const recorder = createRecorder();
    for (let n = 0; n < 1000; n++) recorder.note([event(n)], n);
    recorder.take(1000, 500);
    recorder.note([event(1001, { kind: 'unknown' }), event(1002, { rule: 'press2_down' })], 1002);
    expect(recorder.take(1003, 500).map(({ rule, kind, count }) => [rule, kind, count])).toEqual([
      ['press1_down', 'unknown', 1],
      ['press2_down', 'returned', 1],
    ]);
  });

  it('the recorder gives single rows again to a rule that was quiet', () => {
    const recorder = createRecorder();
    for (let n = 0; n < 100; n++) recorder.note([event(n)], n);
    recorder.take(1000, 500);
    const later = 60 * MINUTE;
    recorder.note([event(later)], later);
    expect(recorder.take(later, 500)).toMatchObject([{ at: later, count: 1, row: null }]);
  });

  it('the recorder holds a bounded number of decisions while nothing takes them', () => {
    const recorder = createRecorder();
    for (let n = 0; n < 30_000; n++) recorder.note([event(n, { rule: `rule${n}` })], n);
    expect(recorder.take(Infinity, Infinity)).toHaveLength(20_000);
  });
});
