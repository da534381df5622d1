import type { UnknownProduct } from '../actions/kind.ts';
import { kindOf, kindsThat } from '../actions/registry.ts';
import { errorMessage } from '../core/errors.ts';
import { type HistoryEntry, LARGEST_PAGE } from '../core/history.ts';
import type { Logger } from '../core/logger.ts';
import { valueFromJson } from '../core/sample.ts';
import type { Journal } from '../journal/journal.ts';
import { codesOfRule } from '../rules/about-rules.ts';
import type { CodeTemplate, CompiledRule } from '../rules/program.ts';

export type NameProductsOptions = {
  readonly journal: Pick<Journal, 'history' | 'decisions'>;
  readonly rules: readonly CompiledRule[];
  readonly log: Logger;
};

/**
 * Sends the production sets that were parked because their product was unknown, as soon as the config names the product: a lookup now has
 * the missing row. The product follows from the signal values in the set, and only when its rule reads those signals. Never rejects: a set
 * that stays parked waits for a person.
 */
export async function nameProducts({ journal, rules, log }: NameProductsOptions): Promise<void> {
  const { history, decisions } = journal;

  async function nameOne({ id, rule, kind, params }: HistoryEntry): Promise<boolean> {
    const author = rules.find(({ name, renamedFrom }) => rule === name || rule === renamedFrom);
    const unknown = kindOf(kind).decision.product?.unknown(params);
    const product = productOf(author && codesOfRule(author).product, unknown);
    if (product === undefined) return false;
    const why = 'the config names it now';
    const decided = await decisions.decide({ kind: 'retry', id, product, who: 'the gateway', why, confirmed: false });
    return decided.kind === 'done';
  }

  let named = 0;
  try {
    for (const kind of kindsThat(({ decision }) => decision.product !== undefined)) {
      for (let after: number | null = 0; after !== null; ) {
        const page = history.page({ states: ['parked'], kind, after, limit: LARGEST_PAGE });
        named += (await Promise.all(page.entries.map(nameOne))).filter(Boolean).length;
        after = page.next;
      }
    }
  } catch (cause) {
    log.error(
      { error: errorMessage(cause) },
      'production stays parked although its product is known now: the next start tries again',
    );
  }
  if (named > 0) log.info({ sets: named }, 'parked production is sent: its product is known now');
}

/** Undefined: the product is still unknown, or the set was parked for another reason. */
function productOf(template: CodeTemplate | null | undefined, unknown: UnknownProduct | undefined): string | undefined {
  if (!unknown || !template || template.signals.length === 0) return undefined;
  const found = template.resolve(signal => {
    const value = unknown.seen[signal];
    return value === undefined ? undefined : valueFromJson(value);
  });
  return 'code' in found ? found.code : undefined;
}
