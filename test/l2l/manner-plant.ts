import { vi } from 'vitest';
import type { Action, ActionParams } from '../../src/actions/action.ts';
import type { FaultInput } from '../../src/simulation/sandbox/faults.ts';
import type { Manners } from '../../src/simulation/sandbox/manners.ts';
import { PATIENCE } from '../queue/harness.ts';
import { cyclesOf, dispatchesOf, partsOf } from '../support/sandbox.ts';
import { episode, openPlant } from './episode.ts';

const MINUTE = 60_000;
const NOW = Math.floor(Date.now() / MINUTE) * MINUTE;

type Episode = ReturnType<typeof episode>;
type Plant = Awaited<ReturnType<typeof openPlant>>;

/** A part of the plant's day: the records that L2L has to store, and the words by which a person notices when L2L does not have them. */
type Part = {
  readonly name: string;
  readonly actions: readonly Action[];
  readonly truth: object;
  readonly stored: (plant: Plant) => object;
  readonly cause: RegExp;
};

/** Runs a short day against a sandbox with these manners. Resolves to the differences from the truth for which no word gives a reason. */
export async function unexplained(manners: Partial<Manners>, faults: readonly FaultInput[] = []): Promise<string[]> {
  const plant = await openPlant({ manners, timeout: 2000 });
  const stood = { site: '43', linecode: 'LINE-3', productcode: 'P-300', actual: '1' };
  const [start, end] = [plant.siteText(NOW - 30 * MINUTE), plant.siteText(NOW - 29.5 * MINUTE)];
  await plant.person('pitchdetails/record_details/', { ...stood, start, end });
  plant.sandbox.setFaults(faults);

  const day = [firstStop(), ...laterStops(faults.length > 0), ...counts(), ...production()];
  // The answer to the first close shows how L2L stores its time. Each later close is right. When that answer is lost, the next one shows
  // it.
  for (const action of day[0]?.actions ?? []) await send(plant, action);
  await send(plant, ...day.slice(1).flatMap(({ actions }) => actions));

  const words = await Promise.all(day.map(part => difference(plant, part)));
  const dispatches = day.filter(({ truth }) => 'reported' in truth && !('missing' in truth)).length;
  const extra = plant.dispatches().length - dispatches;
  return [...words.flat(), ...(extra > 0 ? [`${extra} dispatches too many`] : [])];
}

async function send(plant: Plant, ...actions: readonly Action[]): Promise<void> {
  await plant.commit(...actions);
  await vi.waitFor(() => {
    if (!plant.isIdle()) throw new Error('calls are under way');
  }, PATIENCE);
}

/** The state of L2L that differs from the truth, unless a dead letter, a parked action or an event names the cause. */
async function difference(plant: Plant, { name, actions, truth, stored, cause }: Part): Promise<string[]> {
  const [is, expected] = [stored(plant), truth].map(part => JSON.stringify(part));
  if (is === expected) return [];
  const rows = await Promise.all(actions.map(plant.row));
  const isNamed = rows.some(row => /dead|parked/.test(`${row?.state}`) && cause.test(`${row?.detail}`));
  const isReported = plant.journal.events(50).some(({ kind, detail }) => kind === 'site_differs' && cause.test(detail));
  return isNamed || isReported ? [] : [`${name}: ${is}, not ${expected}: ${JSON.stringify(rows)}`];
}

/** A stop of a machine. `open` and `close` are sent as one batch or as two. */
function stop(name: string, number: number, one: Episode, cause: RegExp): Part {
  const { machine, reason = null, trade, ifMissed } = one.open.params as ActionParams['open_dispatch'];
  const [reported, completed] = [one.reported, one.completed].map(at => (ifMissed === 'add' ? wholeMinute(at) : at));
  return {
    name,
    actions: [one.open, one.close],
    truth: { reported, completed, isClosed: true, trade, reason },
    stored({ sandbox }) {
      const state = sandbox.state();
      const dispatch = dispatchesOf(state, machine)[number];
      if (!dispatch) return {};
      return {
        reported: dispatch.reported,
        completed: dispatch.completed,
        isClosed: dispatch.closed !== null,
        trade: state.trades.find(({ id }) => id === dispatch.trade)?.code,
        reason: state.reasons.find(({ id }) => id === dispatch.reason)?.code ?? null,
      };
    },
    cause,
  };
}

function wholeMinute(at: number): number {
  return Math.floor(at / MINUTE) * MINUTE;
}

const LOST_TIME = /L2L stored completed/;

function firstStop(): Part {
  const options = { open: { trade: 'PROC', reason: 'HYDR' } };
  return stop('first stop', 0, episode(1, 50 * MINUTE, 40 * MINUTE, options), LOST_TIME);
}

function laterStops(isAnswerLost: boolean): Part[] {
  const nothing = /^never$/;
  const options = { open: { trade: 'PROC', reason: 'ELEC' } };
  const missed = { rule: 'weld', machine: 'WELD-02', open: { ifMissed: 'add' } } as const;
  const wrong = episode(1, 30 * MINUTE, 0, { rule: 'robot', machine: 'ROBOT-01', open: { trade: 'PRCO' } });
  return [
    stop('second stop', 1, episode(2, 30 * MINUTE, 20 * MINUTE, options), isAnswerLost ? LOST_TIME : nothing),
    stop(
      'stop of another machine',
      0,
      episode(1, 30 * MINUTE, 20 * MINUTE, { rule: 'p2', machine: 'PRESS-02' }),
      isAnswerLost ? LOST_TIME : nothing,
    ),
    stop('missed stop', 0, episode(1, 20 * MINUTE, 10 * MINUTE, missed), nothing),
    {
      ...stop('stop with a trade that L2L does not have', 0, wrong, /PRCO/),
      actions: [wrong.open],
      truth: { reported: wrong.reported, missing: true },
    },
  ];
}

const SHARED = {
  rule: 'r',
  cause: { rule: 'r', where: 'gateway.yaml:1', text: 'because', values: [] },
  mode: 'live',
} as const;

function counts(): Part[] {
  const common = { ...SHARED, at: NOW, time: 'received' } as const;
  const add = (count: number): Action => ({
    ...common,
    key: `cycles@${count}`,
    kind: 'increment_cycles',
    lane: 'cycles:PRESS-01',
    chain: null,
    params: { machine: 'PRESS-01', count, from: 0, to: NOW },
  });
  const set: Action = {
    ...common,
    key: 'cycles@set',
    kind: 'set_cycles',
    lane: 'cycles:WELD-01',
    chain: 'weld#1',
    params: { machine: 'WELD-01', movement: 12, at: NOW },
  };
  const cause = /stood at|stands at/;
  const cycles = (machine: string) => (plant: Plant) => ({ cycles: cyclesOf(plant.sandbox.state(), machine) });
  return [
    { name: 'added cycles', actions: [add(3), add(4)], truth: { cycles: 7 }, stored: cycles('PRESS-01'), cause },
    { name: 'set cycles', actions: [set], truth: { cycles: 12 }, stored: cycles('WELD-01'), cause },
  ];
}

function production(): Part[] {
  const set = (line: string, product: string, minutesAgo: number): Action => ({
    ...SHARED,
    key: `${line}@${minutesAgo}`,
    kind: 'record_details',
    lane: `production:${line}`,
    chain: null,
    at: NOW,
    time: 'received',
    params: {
      line,
      start: NOW - minutesAgo * MINUTE,
      end: NOW - (minutesAgo - 1) * MINUTE,
      actual: 5,
      scrap: 1,
      product,
    },
  });
  const made = (line: string) => (plant: Plant) => partsOf(plant.sandbox.state(), line);
  return [
    {
      name: 'production',
      actions: [set('LINE-1', 'P-100', 9), set('LINE-1', 'P-100', 8)],
      truth: { good: 10, scrap: 2 },
      stored: made('LINE-1'),
      cause: /^never$/,
    },
    {
      name: 'production of a product that L2L does not have',
      actions: [set('LINE-2', 'P-NEW', 9)],
      truth: { good: 5, scrap: 1 },
      stored: made('LINE-2'),
      cause: /P-NEW/,
    },
    {
      name: 'production in a time that a person recorded already',
      actions: [set('LINE-3', 'P-300', 30)],
      truth: { good: 6, scrap: 1 },
      stored: made('LINE-3'),
      cause: /overlap/i,
    },
  ];
}
