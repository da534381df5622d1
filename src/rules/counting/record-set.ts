import type { Action } from '../../actions/action.ts';
import { laneOf } from '../../actions/words.ts';
import { valueFromJson } from '../../core/sample.ts';
import { type ActionAuthor, expiryOf, unknownOf } from '../common/action-author.ts';
import { report, type Step } from '../common/step.ts';
import type { Uncertain } from './blind-product.ts';
import { sumOfCategories } from './categories.ts';
import type { Interval } from './intervals.ts';
import { type Product, productAt, productWords } from './product-runs.ts';
import type { ProductionState } from './production-state.ts';

/** The part of the rule's state that the set of an interval reads and changes. */
type Books = Pick<
  ProductionState,
  'line' | 'of' | 'product' | 'clock' | 'runs' | 'carry' | 'countedIn' | 'blindProduct' | 'uncertain'
>;

/**
 * Makes one set of one interval, and an action for the scrap of each category. Without a product code the set is parked until somebody names the product. Scrap beyond the total,
 * and the rest of the rounding to two decimals, is carried to the next one. `where`: `counted on press1.strokes`.
 * L2L gets the scrap of a category once: the set has only scrap without one.
 */
export function makeRecordSet(
  books: Books,
  interval: Interval,
  author: ActionAuthor,
  { where, operators }: { readonly where: string; readonly operators?: number | undefined },
  at: number,
  step: Step,
): void {
  const { start, end, parts, scrap, blind, uncertain } = interval;
  const good = parts - (books.of === 'total' ? scrap : 0) + books.carry;
  const actual = Math.max(0, Math.round(good * 100) / 100);
  books.carry = Math.round((good - actual) * 1e6) / 1e6;
  if (actual === 0 && scrap === 0) return;
  const { line, clock: time } = books;
  const { code: product, missing: why, seen } = productOf(books, interval);
  const doubt = uncertain ? doubtWords(uncertain) : null;
  const shared = {
    rule: author.name,
    chain: null,
    at,
    time,
    cause: author.cause(
      `${books.of} ${parts}, scrap ${scrap} ${where}${blind ? ' while nothing was seen' : ''}${doubt === null ? '' : `; product uncertain: ${doubt}`}`,
      // The next product may already run.
      new Map(Object.entries(seen).map(([signal, value]) => [signal, valueFromJson(value)])),
    ),
    mode: books.countedIn ?? step.mode,
    ...expiryOf(author, at),
    ...unknownOf(author),
  };
  const unknownProduct = why === null ? {} : { unknownProduct: { why, seen } };
  const without = scrap - sumOfCategories(interval);
  const made: Action[] = [];
  if (actual > 0 || without > 0) {
    made.push({
      ...shared,
      key: `${author.name}@${end}:record`,
      kind: 'record_details',
      lane: laneOf('record_details', line),
      params: {
        line,
        start,
        end,
        actual,
        scrap: without,
        product,
        ...unknownProduct,
        ...(operators !== undefined && { operatorCount: operators }),
        ...(blind ? { blind } : {}),
        ...(doubt !== null && { uncertainProduct: doubt }),
      },
    });
  }
  for (const [category, count] of Object.entries(interval.categories ?? {})) {
    if (count === 0) continue;
    made.push({
      ...shared,
      key: `${author.name}@${end}:scrap:${category}`,
      kind: 'add_scrap_detail',
      lane: laneOf('add_scrap_detail', line),
      params: { line, category, scrap: count, scrapped: end - 1000, product, ...unknownProduct },
    });
  }
  step.actions.push(...made);
  const [first] = made;
  const facts = { line, ...(first && { action: first.key }) };
  const words = `${actual} good, ${scrap} scrap`;
  if (doubt !== null) {
    books.uncertain += actual + scrap;
    const parked = product === null ? 'they wait for a product code' : `they are recorded as ${product}`;
    report(step, author, at, 'product_uncertain', `${words} of line ${line}: ${doubt}; ${parked}`, facts);
  }
  if (why !== null)
    report(step, author, at, 'interval_parked', `${words} of line ${line} wait for a product code: ${why}`, facts);
  else if (doubt === null) report(step, author, at, 'interval_closed', words, facts);
}

/** The product at the beginning of the interval; none: the product is uncertain and the config wants a person to name it. */
function productOf(books: Books, { start, uncertain }: Interval): Product {
  if (!uncertain) return productAt(books.runs, start, books.product);
  if (books.blindProduct === 'old') return uncertain.before;
  return { code: null, missing: doubtWords(uncertain), seen: {} };
}

function doubtWords({ before, after }: Uncertain): string {
  const then = after === null ? 'what ran after it was not read' : `${productWords(after)} ran after it`;
  return `${productWords(before)} ran before a time in which nothing was read, ${then}`;
}
