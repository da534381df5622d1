import { type Step, tell } from '../engine/step.ts';
import { expiryOf, type Teller, unknownOf } from '../engine/teller.ts';
import { laneOf } from '../program.ts';
import type { Interval } from './intervals.ts';
import { productAt } from './product-runs.ts';
import type { ProductionState } from './production-state.ts';

/** What telling an interval reads and leaves in the state of its rule. */
type Books = Pick<ProductionState, 'line' | 'of' | 'product' | 'clock' | 'runs' | 'carry' | 'countedIn'>;

/**
 * Tells one interval as one set. Without a product code the set is parked until somebody names the product. Scrap beyond the total,
 * and what rounding to two decimals leaves, is carried to the next one. `where`: `counted on press1.strokes`.
 */
export function tellInterval(
  books: Books,
  interval: Interval,
  teller: Teller,
  where: string,
  at: number,
  step: Step,
): void {
  const { start, end, parts, scrap, blind } = interval;
  const good = parts - (books.of === 'total' ? scrap : 0) + books.carry;
  const actual = Math.max(0, Math.round(good * 100) / 100);
  books.carry = Math.round((good - actual) * 1e6) / 1e6;
  if (actual === 0 && scrap === 0) return;
  const { line, clock: time } = books;
  const { code: product, missing: why, seen } = productAt(books.runs, start, books.product);
  step.actions.push({
    key: `${teller.name}@${end}:record`,
    kind: 'record_details',
    rule: teller.name,
    lane: laneOf('record_details', line),
    chain: null,
    at,
    time,
    params: {
      line,
      start,
      end,
      actual,
      scrap,
      product,
      ...(why !== null && { unknownProduct: { why, seen } }),
      ...(blind ? { blind } : {}),
    },
    cause: teller.cause(`${books.of} ${parts}, scrap ${scrap} ${where}${blind ? ' while nothing was seen' : ''}`),
    mode: books.countedIn ?? step.mode,
    ...expiryOf(teller, at),
    ...unknownOf(teller),
  });
  const words = `${actual} good, ${scrap} scrap`;
  if (why === null) tell(step, teller, at, 'interval_closed', words);
  else tell(step, teller, at, 'interval_parked', `${words} of line ${line} wait for a product code: ${why}`);
}
