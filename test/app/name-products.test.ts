import { describe, expect, it } from 'vitest';
import { nameProducts } from '../../src/app/name-products.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { CodeTemplate, CompiledRule } from '../../src/rules/program.ts';
import { counter, lookup, production } from '../rules/support/program.ts';
import { unnamedSet } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { testJournal, write } from '../support/journal.ts';

const NAMED = lookup('recipe', { '7': 'P7' });
const rule = (product: CodeTemplate | null, name = 'r', renamedFrom: string | null = null) =>
  production(name, counter('strokes'), { product, renamedFrom });

/** The waiting actions of a line with two sets of an unknown product, after a start with these rules. */
async function started(...rules: CompiledRule[]): Promise<Journal> {
  const journal = testJournal(testFolder());
  await write(journal, unnamedSet('LINE-1', 1), unnamedSet('LINE-1', 2));
  await nameProducts({ journal, rules, log: silentLogger });
  return journal;
}

describe('sets whose product was not known', () => {
  it.each([
    ['of the rule', rule(NAMED)],
    ['of the rule under its former name', rule(NAMED, 'line1', 'r')],
  ])('parked production is sent when the lookup %s has the row', async (_, rule) => {
    const journal = await started(rule);

    expect(journal.waiting('production:LINE-1', 9)).toMatchObject([
      { params: { start: 60_000, product: 'P7' } },
      { params: { start: 120_000, product: 'P7' } },
    ]);
    const [first] = journal.waiting('production:LINE-1', 1);
    expect(journal.decisions.detail(first?.id ?? 0)?.decisions).toMatchObject([
      { kind: 'retry', who: 'the gateway', why: 'as product P7; the config names it now' },
    ]);
  });

  it.each<[string, CompiledRule[]]>([
    ['the row is not there', [rule(lookup('recipe', { '8': 'P8' }))]],
    ['the rule goes by another signal now', [rule(lookup('other', { '7': 'P7' }))]],
    [
      'the rule has one product now',
      [rule({ text: 'P7', signals: [], codes: ['P7'], resolve: () => ({ code: 'P7' }) })],
    ],
    ['L2L finds the product now', [rule(null)]],
    ['the rule is gone', [rule(NAMED, 'another')]],
  ])('production stays parked when %s', async (_, rules) => {
    const journal = await started(...rules);

    expect(journal.counts()).toMatchObject({ waiting: 0, parked: 2 });
  });
});
