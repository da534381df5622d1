import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { recordSet } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { testJournal, write } from '../support/journal.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 2, 2, 12);

function set(rule: string, end: number) {
  const made = recordSet('L1', 1) as Extract<Action, { kind: 'record_details' }>;
  return { ...made, rule, key: `${rule}@${end}:record`, params: { ...made.params, start: end - HOUR, end } };
}

describe('the record sets of a rule', () => {
  it('record sets are found by their ends, over a restart, and those of other rules and times are not', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    const [before, first, last, after] = [NOON - 1, NOON, NOON + HOUR + 0.5, NOON + 2 * HOUR].map(end =>
      set('count', end),
    );
    await write(
      journal,
      ...[before, first, last, after].flatMap(one => one ?? []),
      set('counter', NOON),
      set('coun', NOON),
    );
    journal.close();
    expect(testJournal(folder).recordedSets('count', NOON, NOON + 2 * HOUR)).toEqual([first?.params, last?.params]);
  });
});
