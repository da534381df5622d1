import { describe, expect, it } from 'vitest';
import { type Random, seededRandom } from '../../src/simulation/random.ts';
import type { FaultInput } from '../../src/simulation/sandbox/faults.ts';
import {
  MANNER_NAMES,
  MANNERS,
  type MannerName,
  type Manners,
  valuesOf,
} from '../../src/simulation/sandbox/manners.ts';
import { unexplained } from './manner-plant.ts';

const SEEDS = [2, 6, 9, 10];

/** A right matters together with the answer to who lacks it. */
const ALONE = MANNER_NAMES.filter(name => name !== 'rights' && name !== 'missing_right');
const unusual = (name: MannerName) => valuesOf(name).filter(value => value !== MANNERS[name].default);

/** The answer to one call of each kind is lost, so that the gateway has to read what L2L did. */
const LOST: readonly FaultInput[] = ['dispatches/open', 'dispatches/close', 'cycle_count', 'record_details'].map(
  path => ({
    kind: 'reset',
    when: 'after',
    method: 'POST',
    path,
    count: 1,
  }),
);

const PAGES: readonly FaultInput[] = [{ kind: 'html', page: 'maintenance' }, { kind: 'html' }, { kind: 'redirect' }];

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

function randomManners(random: Random): Partial<Manners> {
  return Object.fromEntries(MANNER_NAMES.map(name => [name, pick(random, valuesOf(name))]));
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

/** The days run side by side. */
async function allUnexplained(
  days: readonly Partial<Manners>[],
  faults: readonly FaultInput[] = [],
): Promise<string[]> {
  return (await Promise.all(days.map(manners => unexplained(manners, faults)))).flat();
}

describe('a short day against an L2L with manners: L2L stores the truth, or a person reads the reason why not', () => {
  it('with the usual manners', async () => {
    expect(await unexplained({})).toEqual([]);
  });

  it.each(ALONE)('%s, with each unusual value and lost answers', async name => {
    expect(
      await allUnexplained(
        unusual(name).map(value => ({ [name]: value })),
        LOST,
      ),
    ).toEqual([]);
  });

  it.each(unusual('rights'))('rights=%s, with each answer to who lacks a right and lost answers', async rights => {
    const days = valuesOf('missing_right').map(value => ({ rights, missing_right: value }));
    expect(await allUnexplained(days as Partial<Manners>[], LOST)).toEqual([]);
  });

  it.each(['before', 'after'] as const)('pages in place of answers, %s L2L took the calls', async when => {
    const faults = PAGES.flatMap(fault => [
      { ...fault, when, method: 'GET', count: 1 } as FaultInput,
      { ...fault, when, method: 'POST', path: 'open', count: 1 } as FaultInput,
      { ...fault, when, method: 'POST', path: 'close', count: 1 } as FaultInput,
      { ...fault, when, method: 'POST', path: 'cycle', count: 1 } as FaultInput,
      { ...fault, when, method: 'POST', path: 'record_details', count: 1 } as FaultInput,
    ]);
    expect(await allUnexplained([{}], faults)).toEqual([]);
  });

  it.each(SEEDS)('seed %s: random manners and lost answers', async seed => {
    const random = seededRandom(seed);
    const manners = randomManners(random);
    expect(await unexplained(manners, lostAnswers(random))).toEqual([]);
  });
});
