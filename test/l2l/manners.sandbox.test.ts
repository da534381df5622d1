import { describe, expect, it } from 'vitest';
import { type Random, seededRandom } from '../../src/simulation/random.ts';
import type { FaultInput } from '../../src/simulation/sandbox/faults.ts';
import { MANNER_NAMES, type MannerName, type Manners, valuesOf } from '../../src/simulation/sandbox/manners.ts';
import { unexplained } from './manner-plant.ts';

const SEEDS = [1, 2, 4, 101];

/** Manners that the plant does not handle yet. */
const NOT_YET: readonly MannerName[] = [
  ...(['pitch_filters', 'rate_limit', 'refusal_words', 'rights', 'missing_right'] as const),
  ...(['lookups', 'created_by', 'pages', 'ids', 'fields', 'lists'] as const),
];
const MET = MANNER_NAMES.filter(name => !NOT_YET.includes(name));

const each = MET.flatMap(name => valuesOf(name).map(value => [name, value] as const));

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

function randomManners(random: Random): Partial<Manners> {
  return Object.fromEntries(MET.map(name => [name, pick(random, valuesOf(name))]));
}

/** Up to four writes whose answers are lost, before or after L2L applied them. */
function lostAnswers(random: Random): FaultInput[] {
  const path = () =>
    pick(random, ['dispatches/open', 'dispatches/close', 'dispatches/complete', 'cycle_count', 'record_details']);
  return ['before', 'after', 'after', 'after'].map(when => ({
    kind: 'reset',
    when: when as 'before' | 'after',
    method: 'POST',
    path: path(),
    count: 1,
  }));
}

describe('a short day against an L2L with manners', () => {
  it.each(each)('%s=%s: L2L stores the truth, or a person reads the reason why not', async (name, value) => {
    expect(await unexplained({ [name]: value })).toEqual([]);
  });

  it.each(SEEDS)(
    'seed %s, with random manners and lost answers: L2L stores the truth, or a person reads the reason why not',
    async seed => {
      const random = seededRandom(seed);
      const manners = randomManners(random);
      expect(await unexplained(manners, lostAnswers(random)), JSON.stringify(manners)).toEqual([]);
    },
  );
});
