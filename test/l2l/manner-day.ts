import type { Action, ActionParams } from '../../src/actions/action.ts';
import { cyclesOf, dispatchesOf, partsOf } from '../support/sandbox.ts';
import { episode, type openPlant } from './episode.ts';

const MINUTE = 60_000;
const NOW = Math.floor(Date.now() / MINUTE) * MINUTE;

type Episode = ReturnType<typeof episode>;
export type Plant = Awaited<ReturnType<typeof openPlant>>;

/** A part of the plant's day: the records that L2L has to store, and the words by which a person notices when L2L does not have them. */
export type Part = {
  readonly name: string;
  readonly actions: readonly Action[];
  readonly truth: object;
  readonly stored: (plant: Plant) => object;
  /** How many dispatches L2L has because of it. */
  readonly dispatches: number;
  readonly cause: RegExp;
};

/** People work in L2L before the gateway starts. */
export async function morning({ person, siteText }: Plant): Promise<void> {
  const seen = { site: '43', machinecode: 'ROBOT-02', dispatchtypecode: 'DOWN', trade: 'MAINT', user: 'kim' };
  const reported = siteText(NOW - 40 * MINUTE);
  await person('dispatches/open/', { ...seen, description: 'seen by kim', reported });
  const stood = { site: '43', linecode: 'LINE-3', productcode: 'P-300', actual: '1' };
  const [start, end] = [siteText(NOW - 30 * MINUTE), siteText(NOW - 29.5 * MINUTE)];
  await person('pitchdetails/record_details/', { ...stood, start, end });
}

/** @param isAnswerLost The answers to some calls are lost. */
export function dayOf(isAnswerLost: boolean): readonly [Part, ...Part[]] {
  return [firstStop(), ...laterStops(isAnswerLost), ...counts(), ...production()];
}

/** A stop of a machine. An episode that was over before its send may go as one request, which has whole minutes. */
function stop(name: string, number: number, one: Episode, cause: RegExp): Part {
  const { machine, reason = null, trade, ifMissed } = one.open.params as ActionParams['open_dispatch'];
  const time = (at: number | null) => (ifMissed === 'add' && at !== null ? wholeMinute(at) : at);
  return {
    name,
    actions: [one.open, one.close],
    truth: { reported: time(one.reported), completed: time(one.completed), isClosed: true, trade, reason },
    stored({ sandbox }) {
      const state = sandbox.state();
      const dispatch = dispatchesOf(state, machine)[number];
      if (!dispatch) return {};
      return {
        reported: time(dispatch.reported),
        completed: time(dispatch.completed),
        isClosed: dispatch.closed !== null,
        trade: state.trades.find(({ id }) => id === dispatch.trade)?.code,
        reason: state.reasons.find(({ id }) => id === dispatch.reason)?.code ?? null,
      };
    },
    dispatches: 1,
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
    stop('missed stop', 0, episode(1, 20 * MINUTE, 10 * MINUTE, missed), isAnswerLost ? LOST_TIME : nothing),
    {
      ...stop('stop with a trade that L2L does not have', 0, wrong, /PRCO/),
      actions: [wrong.open],
      truth: { reported: wrong.reported, missing: true },
      dispatches: 0,
    },
    operatorsStop(),
    sharedStop(isAnswerLost ? LOST_TIME : nothing),
  ];
}

/** A second rule sees the same stop, and it clears first. Both share one dispatch, which the first rule ends. */
function sharedStop(cause: RegExp): Part {
  const options = { machine: 'ROBOT-01', type: 'QUALITY' } as const;
  const first = episode(1, 40 * MINUTE, 10 * MINUTE, { rule: 'one', ...options });
  const second = episode(1, 30 * MINUTE, 20 * MINUTE, { rule: 'two', ...options });
  const shared = stop('stop that two rules see', 0, first, cause);
  return { ...shared, actions: [first.open, second.open, second.close, first.close] };
}

/** An operator has opened it. The rule leaves it alone. */
function operatorsStop(): Part {
  const options = { rule: 'robot2', machine: 'ROBOT-02' } as const;
  const one = episode(1, 30 * MINUTE, 20 * MINUTE, options);
  return {
    name: "stop with an operator's dispatch",
    actions: [one.open, one.close],
    truth: { createdby: ['kim'], closed: [null] },
    stored({ sandbox }) {
      const found = dispatchesOf(sandbox.state(), options.machine);
      return { createdby: found.map(({ createdby }) => createdby), closed: found.map(({ closed }) => closed) };
    },
    dispatches: 1,
    cause: /^never$/,
  };
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
    chain: 'strokes#1',
    params: { machine: 'WELD-01', movement: 12, at: NOW },
  };
  const cause = /stood at|stands at/;
  const cycles = (machine: string) => (plant: Plant) => ({ cycles: cyclesOf(plant.sandbox.state(), machine) });
  return [
    {
      name: 'added cycles',
      actions: [add(3), add(4)],
      truth: { cycles: 7 },
      stored: cycles('PRESS-01'),
      dispatches: 0,
      cause,
    },
    { name: 'set cycles', actions: [set], truth: { cycles: 12 }, stored: cycles('WELD-01'), dispatches: 0, cause },
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
      dispatches: 0,
      cause: /^never$/,
    },
    {
      name: 'production of a product that L2L does not have',
      actions: [set('LINE-2', 'P-NEW', 9)],
      truth: { good: 5, scrap: 1 },
      stored: made('LINE-2'),
      dispatches: 0,
      cause: /P-NEW/,
    },
    {
      name: 'production in a time that a person recorded already',
      actions: [set('LINE-3', 'P-300', 30)],
      truth: { good: 6, scrap: 1 },
      stored: made('LINE-3'),
      dispatches: 0,
      cause: /overlap/i,
    },
  ];
}
