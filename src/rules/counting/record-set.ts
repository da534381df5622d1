import { type Step, tell } from '../engine/step.ts';
import { expiryOf, type Teller, unknownOf } from '../engine/teller.ts';
import { laneOf } from '../program.ts';
import type { Interval } from './intervals.ts';
import { productAt } from './product-runs.ts';
import type { ProductionState } from './production-state.ts';

/** What telling an interval reads and leaves in the state of its rule. */
type Books = Pick<ProductionState, 'line' | 'of' | 'product' | 'clock' | 'runs' | 'carry' | 'parked'>;

/**
 * Tells one interval as one set. Without a product code it is parked by the reason instead: shown, never sent. Scrap beyond
 * the total, and what rounding to two decimals leaves, is carried to the next one. `where`: `counted on press1.strokes`.
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
  const words = `${books.of} ${parts}, scrap ${scrap}`;
  const run = productAt(books.runs, start, books.product);
  if (run.missing !== null) {
    const parked = books.parked[run.missing];
    books.parked[run.missing] = {
      from: parked?.from ?? start,
      to: end,
      parts: (parked?.parts ?? 0) + parts,
      scrap: (parked?.scrap ?? 0) + scrap,
      intervals: (parked?.intervals ?? 0) + 1,
    };
    tell(step, teller, at, 'interval_parked', `${words} kept and not sent: ${run.missing}`);
    return;
  }
  const good = parts - (books.of === 'total' ? scrap : 0) + books.carry;
  const actual = Math.max(0, Math.round(good * 100) / 100);
  books.carry = Math.round((good - actual) * 1e6) / 1e6;
  if (actual === 0 && scrap === 0) return;
  const { line, clock: time } = books;
  step.actions.push({
    key: `${teller.name}@${end}:record`,
    kind: 'record_details',
    rule: teller.name,
    lane: laneOf('record_details', line),
    chain: null,
    at,
    time,
    params: { line, start, end, actual, scrap, product: run.code, ...(blind ? { blind } : {}) },
    cause: teller.cause(`${words} ${where}${blind ? ' while nothing was seen' : ''}`),
    mode: step.mode,
    ...expiryOf(teller, at),
    ...unknownOf(teller),
  });
  tell(step, teller, at, 'interval_closed', `${actual} good, ${scrap} scrap`);
}
