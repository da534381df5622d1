import { vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import type { FaultInput } from '../../src/simulation/sandbox/faults.ts';
import type { Manners } from '../../src/simulation/sandbox/manners.ts';
import { PATIENCE } from '../queue/harness.ts';
import { openPlant } from './episode.ts';
import { dayOf, morning, type Part, type Plant } from './manner-day.ts';

/** All that an L2L with opaque words says of a call that it refuses. */
const OPAQUE = /Problem with the request/;

/** Longer than the gateway waits until it checks a key or the list of machines again (ms). */
const UNTIL_CHECKED = 70_000;

/** Runs a short day against a sandbox with these manners. Resolves to the differences from the truth for which no word gives a reason. */
export async function unexplained(manners: Partial<Manners>, faults: readonly FaultInput[] = []): Promise<string[]> {
  const plant = await openPlant({ timeout: 2000, isChecked: true });
  await morning(plant);
  plant.sandbox.setManners(manners);
  plant.sandbox.setFaults(faults);

  const day = dayOf(faults.length > 0 || manners.rate_limit === 'unavailable');
  const [first, ...others] = day;
  // The answer to the first close shows how L2L stores its time. Each later close is right. When that answer is lost, the next one shows
  // it.
  const problems: string[] = [];
  for (const action of first.actions) problems.push(...(await send(plant, manners, action)));
  problems.push(...(await send(plant, manners, ...others.flatMap(({ actions }) => actions))));

  const words = await Promise.all(day.map(part => difference(plant, part, manners)));
  const extra = plant.dispatches().length - day.reduce((sum, part) => sum + part.dispatches, 0);
  if (extra > 0) problems.push(`${extra} dispatches too many`);
  return [...problems, ...words.flat()].map(problem => `${JSON.stringify(manners)}: ${problem}`);
}

/**
 * Sends and waits until nothing moves any more. Calls that lack a right or a record wait: their words have to say so, and then the
 * plant gets the right or the record. Resolves to the words that do not say it.
 */
async function send(plant: Plant, manners: Partial<Manners>, ...actions: readonly Action[]): Promise<string[]> {
  await plant.commit(...actions);
  const problems: string[] = [];
  await vi.waitFor(() => {
    if (!isOver(plant) && !isHeldUp(plant)) throw new Error(`calls are under way: ${JSON.stringify(manners)}`);
  }, PATIENCE);
  if (isOver(plant)) return problems;

  const { heldUp, paused } = plant.queue.status();
  const reasons = [...heldUp.map(({ detail }) => detail), ...paused.map(({ detail }) => detail)];
  problems.push(...reasons.filter(words => !lacks(manners).test(words)).map(words => `held up for: ${words}`));
  plant.sandbox.setManners({ rights: 'full', lookups: 'row' });
  let advanceAt = 0;
  await vi.waitFor(() => {
    // Not with each poll: a call that is under way runs into its time-out.
    if (isHeldUp(plant) && performance.now() > advanceAt) {
      plant.clock.advance(UNTIL_CHECKED);
      advanceAt = performance.now() + 1000;
    }
    if (!isOver(plant)) throw new Error(`calls are under way with every right: ${JSON.stringify(manners)}`);
  }, PATIENCE);
  plant.sandbox.setManners(manners);
  return problems;
}

/** All that is left waits for the dead letter or the parked open of its episode. */
function isOver({ queue, journal, isIdle }: Plant): boolean {
  const { deadLetters, parked, waiting } = journal.counts();
  return isIdle() || (journal.openCalls().length === 0 && deadLetters + parked > 0 && waiting === queue.status().held);
}

function isHeldUp({ queue, journal }: Plant): boolean {
  const { heldUp, paused } = queue.status();
  const lanes = new Set(heldUp.flatMap(each => each.lanes));
  return paused.length > 0 || journal.openCalls().every(call => call.lanes.some(lane => lanes.has(lane)));
}

/** Words that say what the plant lacks under these manners. */
function lacks({ rights = 'full', lookups }: Partial<Manners>): RegExp {
  const area = rights === 'write_only' ? '[a-z]+' : rights.replace('no_', '');
  const right = `reading /${area}/.*(?:right|permission|403|401)`;
  return new RegExp(
    [rights === 'full' ? [] : right, lookups === 'none' ? 'L2L (?:knows|lists) no (?:machine|line|trade)\\b' : []]
      .flat()
      .join('|') || '^never$',
  );
}

/** The state of L2L that differs from the truth, unless a dead letter, a parked action or an event names the cause. */
async function difference(plant: Plant, part: Part, manners: Partial<Manners>): Promise<string[]> {
  const { name, actions, truth, stored, cause } = part;
  const [is, expected] = [stored(plant), truth].map(part => JSON.stringify(part));
  if (is === expected) return [];
  const rows = await Promise.all(actions.map(plant.row));
  const causes = [cause, ...(manners.refusal_words === 'opaque' ? [OPAQUE] : []), lacks(manners)];
  const names = (detail: unknown) => causes.some(words => words.test(`${detail}`));
  const isNamed = rows.some(row => /dead|parked/.test(`${row?.state}`) && names(row?.detail));
  const isReported = plant.journal.events(50).some(({ kind, detail }) => kind === 'site_differs' && cause.test(detail));
  return isNamed || isReported ? [] : [`${name}: ${is}, not ${expected}: ${JSON.stringify(rows)}`];
}
