import type { Action, ActionParams } from '../../src/actions/action.ts';

const CAUSE = { rule: 'r', where: 'gateway.yaml:1', text: 'because', values: [] };

/** An increment of one machine's cycle count. `n` makes it distinct. */
export function increment(machine: string, n: number, count = 1): Action {
  const params: ActionParams['increment_cycles'] = { machine, count, from: n * 1000, to: n * 1000 + 999 };
  return {
    key: `${machine}@${n}:increment`,
    kind: 'increment_cycles',
    rule: 'r',
    lane: `cycles:${machine}`,
    chain: null,
    at: n * 1000,
    time: 'received',
    params,
    cause: CAUSE,
    mode: 'live',
  };
}

/** The open of a machine's episode `n`. */
export function openDispatch(machine: string, n: number): Action {
  const params: ActionParams['open_dispatch'] = {
    machine,
    type: 'DOWN',
    description: `${machine} stopped`,
    reported: n * 1000,
    ifFoundOpen: 'open',
  };
  return {
    key: `${machine}#${n}:open`,
    kind: 'open_dispatch',
    rule: 'r',
    lane: `dispatch:${machine}`,
    chain: `${machine}#${n}`,
    at: n * 1000,
    time: 'received',
    params,
    cause: CAUSE,
    mode: 'live',
  };
}

/** The close that belongs to {@link openDispatch}. */
export function closeDispatch(machine: string, n: number): Action {
  const params: ActionParams['close_dispatch'] = { machine, type: 'DOWN', completed: n * 1000 + 500, how: 'close' };
  return {
    key: `${machine}#${n}:close`,
    kind: 'close_dispatch',
    rule: 'r',
    lane: `dispatch:${machine}`,
    chain: `${machine}#${n}`,
    at: n * 1000 + 500,
    time: 'received',
    params,
    cause: CAUSE,
    mode: 'live',
  };
}

/** The close of everything of a machine and type, at the end of {@link openDispatch}. */
export function closeMachine(machine: string, n: number): Action {
  const { params, ...close } = closeDispatch(machine, n);
  const { type, completed } = params as ActionParams['close_dispatch'];
  return {
    ...close,
    key: `${machine}#${n}:close_all`,
    kind: 'close_machine',
    params: { machine, type, completed },
  } as Action;
}

/** One record set of a line. `n` makes it distinct. */
export function recordSet(line: string, n: number, actual = 5): Action {
  const params: ActionParams['record_details'] = {
    line,
    start: n * 60_000,
    end: (n + 1) * 60_000,
    actual,
    scrap: 0,
    product: 'P1',
  };
  return {
    key: `${line}@${n}:record`,
    kind: 'record_details',
    rule: 'r',
    lane: `production:${line}`,
    chain: null,
    at: n * 60_000,
    time: 'received',
    params,
    cause: CAUSE,
    mode: 'live',
  };
}

/** One record set of a line with an unknown product: its lookup has no row for recipe 7. */
export function unnamedSet(line: string, n: number): Action {
  const set = recordSet(line, n) as Extract<Action, { kind: 'record_details' }>;
  const unknownProduct = { why: 'lookup recipes has no row for recipe = 7', seen: { recipe: '7' } };
  return { ...set, params: { ...set.params, product: null, unknownProduct } };
}

/** The machine's absolute count; `movement` is the movement since the rule first saw its counter. */
export function setCycles(machine: string, n: number, movement: number): Action {
  return {
    key: `${machine}@${n}:set`,
    kind: 'set_cycles',
    rule: 'r',
    lane: `cycles:${machine}`,
    chain: `${machine}#1`,
    at: n * 1000,
    time: 'received',
    params: { machine, movement, at: n * 1000 },
    cause: CAUSE,
    mode: 'live',
  };
}
