import { describe, expect, it } from 'vitest';
import { page } from '../../../src/cli/records/page.ts';
import { createTimes } from '../../../src/cli/records/times.ts';
import type { HistoryDetail } from '../../../src/core/history.ts';
import { increment, openDispatch } from '../../support/actions.ts';
import { testFolder } from '../../support/folder.ts';
import { IN_DOUBT, REFUSED, settle, testJournal, write } from '../../support/journal.ts';

const source = { times: createTimes(null, 0), commandLine: (words: string) => `gateway ${words} g.yaml` };

async function detail(end: Parameters<typeof settle>[2]): Promise<HistoryDetail> {
  const journal = testJournal(testFolder());
  await write(journal, increment('A', 1), increment('A', 2));
  const id = await settle(
    journal,
    'cycles:A',
    { state: 'unknown', reason: 'timeout', detail: 'no answer within 60s' },
    2,
  );
  await journal.transition(id, ['unknown'], { at: 970_000, notBefore: 0, reason: null, detail: null, ...end });
  const found = journal.decisions.detail(1);
  if (!found) throw new Error('it was written');
  return found;
}

describe('page of an action', () => {
  it('the page of an action separates attempts from look-ups, and shows the other actions of the call', async () => {
    const text = page(await detail(IN_DOUBT), source).join('\n');

    for (const part of [
      /attempt 1 {3}1970-01-01 00:16:00 UTC {2}in doubt \(timeout\) no answer within 60s/,
      /look {8}1970-01-01 00:16:10 UTC {2}parked \(timeout\) A stood at 5, stands at 9/,
      /in the same call\n {2}2 {2}parked {2}add 1 cycle to A/,
      '\n\ngateway queue retry 1 g.yaml\n  effect      it waits to be sent again: add 2 cycles to A',
      'asks first  retry means: L2L does not have it; the gateway sends it',
    ]) {
      expect(text).toMatch(part);
    }
  });

  it("the page of an action reports that a person's dispatch was found open", async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1));
    await settle(journal, 'dispatch:A', { state: 'delivered', result: { dispatchId: 1, foundOpen: 1008 } });
    const found = journal.decisions.detail(1);

    const text = found ? page(found, source).join('\n') : '';

    expect(text).toContain('state       found open #1008: a person opened it');
  });

  it('the page of an action offers no decision when L2L has the action', async () => {
    expect(page(await detail({ state: 'delivered' }), source).join('\n')).not.toContain('queue retry');
  });

  it('the page of an action names settings as the config does, and marks a refusal that may be temporary', async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1));
    const { id } = journal.freeze(journal.waiting('dispatch:A', 1), { method: 'POST', path: '/p', body: '' }, 0);
    await journal.markSending(id, 0, null, 1);
    const refused = { at: 2000, notBefore: 0, reason: 'refused', detail: 'No rights' } as const;
    await journal.transition(id, ['sending'], { ...refused, state: 'retry' });
    await journal.transition(id, ['retry'], { ...refused, state: 'rejected' });
    const found = journal.decisions.detail(1);

    const text = found ? page(found, source).join('\n') : '';

    expect(text).toContain('if_found_open: ');
    expect(text).toMatch(/attempt 1 .* refused for now No rights\n {2}then .*:02 UTC {2}refused No rights/);
  });

  it.each([60, 80, 100])(
    'the page of an action fits %i columns and indents the lines that continue a text',
    async columns => {
      const lines = page(await detail({ ...REFUSED, detail: 'a reason of many words '.repeat(20) }), source, columns);

      expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(columns);
      expect(lines.filter(line => /^ {14}\S.*many words/.test(line)).length).toBeGreaterThan(3);
    },
  );

  it('the page of an action cuts a word that is longer than a line', async () => {
    const lines = page(await detail({ ...REFUSED, detail: 'x'.repeat(1000) }), source, 80);

    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80);
    expect(lines.join('').match(/x/g)?.length).toBeGreaterThanOrEqual(1000);
  });

  it('the page of an action keeps a form field readable, whatever text it holds', async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1));
    const body = 'site=43&description=%5B1%5D%20broken%0A%1B%5B2J&note=';
    const call = journal.freeze(journal.waiting('dispatch:A', 1), { method: 'POST', path: '/p', body }, 0);
    await journal.markSending(call.id, 0, null, 1);
    const found = journal.decisions.detail(1);

    const text = found ? page(found, source).join('\n') : '';

    expect(text).toContain('              description = [1] broken [2J\n              note        =');
  });
});
