import { between, type Random, seededRandom } from '../../src/simulation/random.ts';
import { MANNERS, type MannerName, type Manners, valuesOf } from '../../src/simulation/sandbox/manners.ts';
import type { Span } from './plan.ts';

/** A time in which the user of the key may not read a record area, or sees no record of it. */
export type Lack = Span & { readonly manners: Pick<Manners, 'rights' | 'missing_right' | 'lookups'> };

export type MannerPlan = { readonly manners: Partial<Manners>; readonly lacks: readonly Lack[] };

/** Under each of these, L2L has to have the truth in the end. `completed` is not among them: an L2L that loses a time does not have it. */
const FREE: readonly MannerName[] = [
  ...(['trade', 'overlap', 'unknown_product', 'pitch_times', 'batch_words', 'pitch_filters', 'rate_limit'] as const),
  ...(['created_by', 'pages', 'ids', 'fields', 'lists'] as const),
];

const MINUTE = 60_000;
const NOTHING: MannerPlan = { manners: {}, lacks: [] };

/**
 * How L2L answers in this seed. These draws are independent of all others of the seed.
 * @param mayBeOpaque false: a refusal has to say that another dispatch is open on the machine
 */
export function drawManners(seed: number, { from, to }: Span, mayBeOpaque: boolean): MannerPlan {
  const random = seededRandom(seed * 4001 + 11);
  if (random() < 0.4) return NOTHING;
  const manners = Object.fromEntries(
    FREE.filter(() => random() < 0.25).map(name => [name, pick(random, unusual(name))]),
  ) as Partial<Manners>;
  const lacks = drawLacks(random, { from, to });
  // Without its record, nobody knows the id of a trade.
  const isHidden = manners.trade === 'trade_id' && lacks.some(lack => lack.manners.lookups === 'none');
  const isOpaque = random() < 0.2 && mayBeOpaque;
  const trade = isHidden ? ({ trade: 'tradecode' } as const) : {};
  const words = isOpaque ? ({ refusal_words: 'opaque' } as const) : {};
  return { manners: { ...manners, ...trade, ...words }, lacks };
}

/** One after the other. */
function drawLacks(random: Random, { from, to }: Span): Lack[] {
  const lacks: Lack[] = [];
  let free = from;
  for (let count = random() < 0.4 ? 1 + Math.floor(random() * 2) : 0; count > 0; count -= 1) {
    const begin = Math.round(between(random, free, to));
    const end = begin + Math.round(5000 * ((20 * MINUTE) / 5000) ** random());
    const isHidden = random() < 0.3;
    const manners = {
      rights: isHidden ? 'full' : pick(random, unusual('rights')),
      missing_right: pick(random, valuesOf('missing_right')),
      lookups: isHidden ? 'none' : 'row',
    } as Lack['manners'];
    lacks.push({ from: begin, to: end, manners });
    free = end;
  }
  return lacks;
}

function unusual(name: MannerName): readonly string[] {
  return valuesOf(name).filter(value => value !== MANNERS[name].default);
}

function pick<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new Error('nothing to pick from');
  return choice;
}

/** The unusual manners and the lacks, each as a word. */
export function mannerWords({ manners, lacks }: MannerPlan): readonly string[] {
  const usual = Object.entries(manners).map(([name, value]) => `${name}=${value}`);
  return [...usual, ...lacks.map(({ manners: { rights, lookups } }) => (lookups === 'none' ? 'no_rows' : rights))];
}
