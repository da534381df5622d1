import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { DecisionRow } from '../../src/core/rule-decision.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { testFolder } from '../support/folder.ts';
import { testJournal } from '../support/journal.ts';

const row = (at: number, over: Partial<DecisionRow> = {}): DecisionRow => ({
  rule: 'press1_down',
  at,
  kind: 'returned',
  text: `at ${at}`,
  values: [{ signal: 's', value: 1, quality: 'good', at }],
  count: 1,
  until: null,
  row: null,
  ...over,
});

async function write(journal: Journal, ...decisions: DecisionRow[]): Promise<void> {
  await journal.commit({ states: [], actions: [], taken: [], values: [], decisions, at: 1 });
}

const times = (journal: Journal, wanted: Partial<Parameters<Journal['ruleDecisions']['page']>[0]>) =>
  journal.ruleDecisions.page({ limit: 100, ...wanted }).entries.map(({ at }) => at);

describe('decisions in the journal', () => {
  it('decisions are read as they were written, also after a start', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    await write(journal, row(5));
    journal.close();

    const { row: _, ...expected } = row(5);
    expect(testJournal(folder).ruleDecisions.page({ limit: 10 })).toEqual({ entries: [expected], next: null });
  });

  it('a repeated decision increases the count of its row', async () => {
    const journal = testJournal(testFolder());
    await write(journal, row(5, { row: 1 }), row(5, { row: 2, text: 'another' }));
    await write(journal, row(5, { row: 1, count: 7, until: 9, text: 'the longest' }));
    // A decision whose first row was refused is written completely.
    await write(journal, row(8, { row: 3, count: 2, until: 9 }));

    const { entries } = journal.ruleDecisions.page({ limit: 10 });
    expect(entries.map(({ at, count, until, text }) => [at, count, until, text])).toEqual([
      [5, 7, 9, 'the longest'],
      [5, 1, null, 'another'],
      [8, 2, 9, 'at 8'],
    ]);
  });

  it('decisions are found by rule and time, in both directions, page by page', async () => {
    const journal = testJournal(testFolder());
    const many = Array.from({ length: 50 }, (_, n) => row(n * 10));
    await write(journal, ...many, row(25, { rule: 'other' }), row(40, { row: 1, count: 9, until: 95, text: 'counts' }));

    const rule = 'press1_down';
    expect(times(journal, { rule, since: 90, until: 110 })).toEqual([40, 90, 100, 110]);
    expect(times(journal, { rule, since: 90, until: 110, newestFirst: true })).toEqual([110, 100, 90, 40]);
    expect(times(journal, { rule: 'other' })).toEqual([25]);
    expect(times(journal, { since: 470 })).toEqual([470, 480, 490]);
    for (const wanted of [{ rule }, { rule, newestFirst: true }, {}]) {
      const found: number[] = [];
      let after: ReturnType<Journal['ruleDecisions']['page']>['next'] = null;
      do {
        const page = journal.ruleDecisions.page({ ...wanted, ...(after && { after }), limit: 7 });
        found.push(...page.entries.map(({ at }) => at));
        after = page.next;
      } while (after !== null);
      expect(found).toHaveLength('rule' in wanted ? 51 : 52);
    }
  });

  it('the journal lists the runs of the gateway around a page of decisions', async () => {
    const folder = testFolder();
    for (const at of [1000, 5000, 9000]) {
      const journal = testJournal(folder, { now: () => at });
      await journal.commit({ states: [], actions: [], taken: [], values: [], at: at + 500 });
      journal.close();
    }
    const { ruleDecisions } = testJournal(folder, { now: () => 20_000 });

    expect(ruleDecisions.runs(6000, 10_000, true)).toEqual({
      starts: [
        { startedAt: 5000, lastAliveAt: 1500 },
        { startedAt: 9000, lastAliveAt: 5500 },
      ],
      stoppedAt: null,
    });
    expect(ruleDecisions.runs(0, Infinity, false)).toMatchObject({
      starts: [{ lastAliveAt: null }, {}, {}, {}],
      stoppedAt: 9500,
    });
  });

  it('a page of decisions does not read all rows of a rule', async () => {
    const folder = testFolder();
    testJournal(folder).close();
    const db = new DatabaseSync(join(folder, 'journal.db'));
    const plan = db
      .prepare(
        'EXPLAIN QUERY PLAN SELECT id FROM decision WHERE rule = ?1 AND at <= ?3 AND at >= ?2 - 1 AND (at, id) < (?4, ?5) ORDER BY at DESC, id DESC LIMIT 1',
      )
      .all()
      .map(step => String(step.detail))
      .join('; ');
    db.close();
    expect(plan).toMatch(/USING (?:COVERING )?INDEX decision_rule \(rule=\? AND at[<>]/);
    expect(plan).not.toContain('TEMP B-TREE');
  });
});
