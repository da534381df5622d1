import { describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../queue/harness.ts';
import { testJournal } from '../support/journal.ts';
import { type EpisodeOptions, episode, openPlant } from './episode.ts';

const MINUTE = 60_000;

type Plant = Awaited<ReturnType<typeof openPlant>>;
const settled = ({ isIdle }: Plant) => vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

/** Sends an episode that ended a minute ago, and waits for its end. */
async function send(plant: Plant, number: number, options: EpisodeOptions = {}) {
  const one = episode(number, 10 * MINUTE, MINUTE, options);
  await plant.commit(one.open);
  await settled(plant);
  await plant.commit(one.close);
  await settled(plant);
  return one;
}

const events = ({ journal }: Plant, kind: string) => journal.events(50).filter(event => event.kind === kind);
const warnings = ({ log }: Plant) => log.lines.filter(({ level }) => level === 'warn');

describe('what L2L stored differently', () => {
  it('nothing is reported when L2L stores what was sent', async () => {
    const plant = await openPlant();
    await send(plant, 1, { open: { reason: 'HYDR' } });
    expect(events(plant, 'site_differs')).toEqual([]);
    expect(warnings(plant)).toEqual([]);
  });

  it('a close that loses the completed time is reported once with both values, and later ones complete first', async () => {
    const plant = await openPlant({ manners: { completed: 'now' } });
    await send(plant, 1);
    const later = [await send(plant, 2), await send(plant, 3)];
    const [differs, ...more] = events(plant, 'site_differs');
    expect(more).toEqual([]);
    expect(differs?.detail).toMatch(/^PRESS-01: L2L stored completed \S+ \S+, sent \S+ \S+$/);
    expect(events(plant, 'site_learnt')).toMatchObject([{ detail: expect.stringContaining('completed first') }]);
    expect(warnings(plant)).toHaveLength(2);
    expect(plant.dispatches().slice(1)).toMatchObject(
      later.map(({ completed }) => ({ completed, closed: expect.any(Number) })),
    );
    expect(plant.story().slice(2)).toEqual([
      'open 57002',
      'complete 57002',
      'close 57002',
      'open 57003',
      'complete 57003',
      'close 57003',
    ]);
    expect(plant.journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
    await plant.queue.stop(0);
    plant.journal.close();
    expect(testJournal(plant.folder).site.facts()).toMatchObject({ closeLosesCompleted: true });
  });

  it('a lost time is reported although the answer to its close is lost, and the answer to the next close teaches it', async () => {
    const plant = await openPlant({ manners: { completed: 'now' } });
    plant.sandbox.setFaults([{ kind: 'reset', when: 'after', path: 'dispatches/close', count: 1 }]);
    await send(plant, 1);
    expect(events(plant, 'site_differs')).toHaveLength(1);
    // A person may have closed the dispatch meanwhile.
    expect(plant.journal.site.facts().closeLosesCompleted).not.toBe(true);
    await send(plant, 2);
    expect(plant.journal.site.facts().closeLosesCompleted).toBe(true);
  });

  it.each(['complete', 'close'])('a lost answer to the %s of the two costs no time and no second close', async path => {
    const plant = await openPlant({ manners: { completed: 'now' } });
    plant.journal.site.learn({ closeLosesCompleted: true }, null);
    plant.sandbox.setFaults([{ kind: 'reset', when: 'after', path: `dispatches/${path}`, count: 1 }]);
    const { completed, close } = await send(plant, 1);
    expect(plant.dispatches()).toMatchObject([{ completed, closed: expect.any(Number) }]);
    expect(plant.story()).toEqual(['open 57001', 'complete 57001', 'close 57001']);
    expect(await plant.row(close)).toMatchObject({ state: 'delivered' });
  });

  it('a person who closes between the two calls ends the episode', async () => {
    const plant = await openPlant({ manners: { completed: 'now' } });
    plant.journal.site.learn({ closeLosesCompleted: true }, null);
    const one = episode(1, 10 * MINUTE, MINUTE);
    await plant.commit(one.open);
    await settled(plant);
    await plant.person('dispatches/close/57001');
    await plant.commit(one.close);
    await settled(plant);
    expect(await plant.row(one.close)).toMatchObject({ state: 'delivered' });
    expect(plant.story()).toEqual(['open 57001', 'close 57001']);
  });

  it.each([
    ['before', (completed: number) => completed - MINUTE],
    ['after', () => Date.now() - MINUTE],
  ])('a dispatch that a person completed with a time %s the true one teaches nothing about a close', async (_, by) => {
    const plant = await openPlant();
    const one = episode(1, 10 * MINUTE, MINUTE);
    await plant.commit(one.open);
    await settled(plant);
    const { log } = plant;
    await plant.person('dispatches/complete/57001', { completed: plant.siteText(by(one.completed)) });
    await plant.commit(one.close);
    await settled(plant);
    expect(plant.journal.site.facts().closeLosesCompleted).toBeUndefined();
    expect(events(plant, 'site_differs')).toHaveLength(1);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
