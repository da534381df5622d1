import { describe, expect, it } from 'vitest';
import { table } from '../../../src/cli/records/table.ts';
import { createTimes } from '../../../src/cli/records/times.ts';
import type { HistoryEntry } from '../../../src/core/history.ts';
import { closeDispatch, increment, openDispatch, recordSet, setCycles } from '../../support/actions.ts';

const times = createTimes(null, 5000);

function entry(action: ReturnType<typeof openDispatch>, change: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    ...action,
    id: 1,
    destination: 'd',
    state: 'dead',
    detail: null,
    result: null,
    createdAt: 1000,
    settledAt: 2000,
    notBefore: null,
    expiresAt: null,
    held: false,
    guarded: false,
    call: null,
    ...change,
  };
}

const LONG = 'There was a problem with your request: reasoncode HYDR does not exist for dispatch type DOWN';

describe('list of actions', () => {
  it.each([80, 100, 132])('a table fits %i columns whatever the texts are', columns => {
    const rows = table(
      'queue',
      [
        entry(
          { ...openDispatch('PRESS-01', 1), rule: 'press_shop_press_1_hydraulics_down' },
          { id: 123_456, detail: LONG },
        ),
        entry(recordSet('LINE-1', 1), { detail: 'x' }),
      ],
      times,
      columns,
    );

    expect(Math.max(...rows.map(row => row.length))).toBeLessThanOrEqual(columns);
    expect(rows[1]).toMatch(/^123456 {2}dead {3}1970-01-01 00:00:02 UTC {2}PRESS-01 {2}open DOWN/);
  });

  it.each([110, 132])('a table fits %i columns with the two times of the journal', columns => {
    const rows = table('journal', [entry(openDispatch('PRESS-01', 7), { detail: LONG, at: 60_000 })], times, columns);

    expect(Math.max(...rows.map(row => row.length))).toBeLessThanOrEqual(columns);
    expect(rows[0]).toMatch(/^id {2}state {2}true time {16}made {21}where/);
    expect(rows[1]).toMatch(/dead {3}1970-01-01 00:00:07 UTC {2}1970-01-01 00:01:00 UTC {2}PRESS-01/);
  });

  it.each([
    [openDispatch('A', 1), '1970-01-01 00:00:01 UTC'],
    [closeDispatch('A', 7), '1970-01-01 00:00:07 UTC'],
    [increment('A', 5), '1970-01-01 00:00:05 UTC'],
    [setCycles('A', 3, 7), '1970-01-01 00:00:03 UTC'],
    [recordSet('A', 2), '1970-01-01 00:02:00 UTC'],
  ])('a table shows the true time of each kind: %#', (action, time) => {
    expect(table('journal', [entry(action, { at: 3_600_000 })], times)[1]).toContain(
      `${time}  1970-01-01 01:00:00 UTC`,
    );
  });

  it.each([
    [{ dispatchId: 1, foundOpen: 1008, nothing: 'n' }, 'found open #1008'],
    [{ dispatchId: 1, dispatchNumber: 1008, adopted: true, nothing: 'n' }, 'found open #1008'],
    [{ dispatchId: 1, dispatchNumber: 1008, nothing: 'n' }, 'found open #1008'],
    [{ nothing: 'it was over' }, 'nothing'],
    [{ dispatchId: 1, dispatchNumber: 1008 }, 'delivered'],
  ])('a table shows the result of an open: %j', (result, word) => {
    const [, row] = table('journal', [entry(openDispatch('A', 1), { state: 'delivered', result })], times);

    expect(row?.slice(4)).toMatch(new RegExp(`^${word} {2}`));
  });

  it('a table is not cut where there is no terminal', () => {
    expect(table('queue', [entry(openDispatch('A', 1), { detail: LONG })], times)[1]).toContain(LONG);
  });

  it('a table lets no text break a line or control the terminal', () => {
    const [, row] = table('queue', [entry(openDispatch('A', 1), { detail: 'a\nb\u001b[2Jc' })], times, 100);

    expect(row).toMatch(/a b \[2Jc$/);
  });

  it.each([
    [{ state: 'waiting' }, 'waiting'],
    [{ state: 'waiting', held: true }, 'held'],
    [{ state: 'waiting', notBefore: 9000 }, 'blocked'],
    [{ state: 'in_call', call: 'frozen' }, 'ready'],
    [{ state: 'in_call', call: 'unknown' }, 'in doubt'],
    [{ state: 'in_call', call: 'accepted' }, 'accepted'],
    [{ state: 'parked' }, 'parked'],
    [{ state: 'shadow' }, 'shadow'],
  ] as const)('a table names the place of %j', ({ state, ...rest }, word) => {
    const call =
      'call' in rest
        ? { id: 1, state: rest.call, attempt: 0, notBefore: 0, createdAt: 0, sentAt: null, detail: null }
        : null;
    const [, row] = table('queue', [entry(openDispatch('A', 1), { state, ...rest, call })], times);

    expect(row?.slice(4)).toMatch(new RegExp(`^${word} {2}`));
  });
});
