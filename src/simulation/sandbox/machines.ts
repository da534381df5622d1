import { type Answer, type Call, note, siteOf } from './call.ts';
import { eventRow } from './dispatch-rows.ts';
import { type Row, shownRow, utc } from './list.ts';
import { Refusal } from './params.ts';
import type { Machine } from './records.ts';
import type { Store } from './store.ts';

export const MACHINE_FIELDS = [
  'id',
  'site',
  'code',
  'description',
  'active',
  'line',
  'linecode',
  'cyclecount',
  'cyclecount_multiplier',
  'created',
  'lastupdated',
] as const;

export function machineRow(store: Store, machine: Machine): Row {
  return {
    id: machine.id,
    site: machine.site,
    code: machine.code,
    description: machine.code,
    active: machine.active,
    line: machine.line,
    linecode: store.data.lines.find(({ id }) => id === machine.line)?.code ?? null,
    cyclecount: machine.cyclecount,
    cyclecount_multiplier: 1,
    created: utc(machine.created),
    lastupdated: utc(machine.lastupdated),
  };
}

export function setCycleCount(call: Call): Answer {
  return count(call, 'machines/set_cycle_count', (_before, given) => given);
}

export function incrementCycleCount(call: Call): Answer {
  return count(call, 'machines/increment_cycle_count', (before, given) => before + given);
}

/** By id, or by code and site. L2L keeps 64 bits; the sandbox 53, and refuses what does not fit. */
function count(call: Call, what: string, next: (before: number, given: number) => number): Answer {
  const machine = countedMachine(call);
  const given = call.params.integer('cyclecount');
  if (given === undefined) throw new Refusal('Missing cyclecount parameter');
  const before = machine.cyclecount;
  const after = next(before, given);
  if (!Number.isSafeInteger(after)) throw new Refusal(`Invalid cyclecount: ${given}`);
  machine.cyclecount = after;
  if (call.params.text('skip_lastupdated') !== '1') machine.lastupdated = call.at;
  note(call, what, machine.code, { from: before, to: after, by: given });
  return { machine: shownRow(machineRow(call.store, machine), call.microseconds) };
}

function countedMachine(call: Call): Machine {
  const id = call.id ?? call.params.integer('id');
  const { machines } = call.store.data;
  if (id !== undefined) {
    call.params.text('site');
    const machine = machines.find(candidate => candidate.id === id);
    if (!machine) throw new Refusal(`Machine ${id} does not exist`);
    return machine;
  }
  const site = siteOf(call);
  const code = call.params.required('code');
  const machine = machines.find(candidate => candidate.site === site.site && candidate.code === code);
  if (!machine) throw new Refusal(`Invalid code: there is no machine ${code}`);
  return machine;
}

export function getOpenDispatches(call: Call): Answer {
  const { params, store } = call;
  const site = siteOf(call);
  const machine = store.data.machines.find(({ id, site: number }) => id === call.id && number === site.site);
  if (!machine) throw new Refusal(`Machine ${call.id ?? ''} does not exist`);
  const types = params.text('dispatchtype_ids')?.split(',').map(Number);
  const withData = (params.text('get_data') ?? '1') === '1';
  const found = store
    .dispatchesOf(machine.id)
    .filter(dispatch => dispatch.closed === null && !dispatch.deleted)
    .filter(dispatch => !types || types.includes(dispatch.dispatchtype));
  const data = found.map(dispatch => shownRow(eventRow(store, dispatch, call.at), call.microseconds));
  return withData ? { count: found.length, data } : { count: found.length };
}
