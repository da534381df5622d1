import type { RecordDetailsParams } from '../actions/action.ts';
import { errorMessage } from '../core/errors.ts';
import { type HistoryEntry, LARGEST_PAGE } from '../core/history.ts';
import type { Logger } from '../core/logger.ts';
import { valueFromJson } from '../core/value-json.ts';
import type { Journal } from '../journal/journal.ts';
import type { CompiledRule, ProductionRule } from '../rules/program.ts';

export type NameProductsOptions = {
  readonly journal: Pick<Journal, 'history' | 'decisions'>;
  readonly rules: readonly CompiledRule[];
  readonly log: Logger;
};

/**
 * Sets of production that are parked because their product was not known are sent when the config names it by now: a lookup has the row
 * it lacked. By the values of that time, and only by a rule that asks for those. Never rejects: what stays parked is a person's.
 */
export async function nameProducts({ journal, rules, log }: NameProductsOptions): Promise<void> {
  const { history, decisions } = journal;
  const production = rules.filter(rule => rule.kind === 'production');

  async function nameOne({ id, rule, params }: HistoryEntry): Promise<boolean> {
    const product = productOf(
      production.find(({ name, renamedFrom }) => rule === name || rule === renamedFrom),
      params as RecordDetailsParams,
    );
    if (product === undefined) return false;
    const why = 'the config names it now';
    const decided = await decisions.decide({ kind: 'retry', id, product, who: 'the gateway', why, confirmed: false });
    return decided.kind === 'done';
  }

  let named = 0;
  try {
    for (let after: number | null = 0; after !== null; ) {
      const page = history.page({ states: ['parked'], kind: 'record_details', after, limit: LARGEST_PAGE });
      named += (await Promise.all(page.entries.map(nameOne))).filter(Boolean).length;
      after = page.next;
    }
  } catch (cause) {
    log.error(
      { error: errorMessage(cause) },
      'sets whose product is known by now stay parked: the next start tries again',
    );
  }
  if (named > 0) log.info({ sets: named }, 'the product of parked production is known by now: it is sent');
}

/** Undefined: it is not known yet, or was not the question. */
function productOf(rule: ProductionRule | undefined, { unknownProduct }: RecordDetailsParams): string | undefined {
  const template = rule?.product;
  if (!unknownProduct || !template || template.signals.length === 0) return undefined;
  const found = template.resolve(signal => {
    const value = unknownProduct.seen[signal];
    return value === undefined ? undefined : valueFromJson(value);
  });
  return 'code' in found ? found.code : undefined;
}
