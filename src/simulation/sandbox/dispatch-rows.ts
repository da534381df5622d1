import { siteOfRecord } from './call.ts';
import { local, type Row, utc } from './list.ts';
import type { Dispatch } from './records.ts';
import type { Store } from './store.ts';

function partsOf(store: Store, dispatch: Dispatch) {
  const { data } = store;
  const site = siteOfRecord(store, dispatch);
  const machine = data.machines.find(({ id }) => id === dispatch.machine);
  const line = data.lines.find(({ id }) => id === machine?.line);
  const type = data.dispatchtypes.find(({ id }) => id === dispatch.dispatchtype);
  const trade = data.trades.find(({ id }) => id === dispatch.trade);
  const reason = data.reasons.find(({ id }) => id === dispatch.reason);
  return { zone: site.timezone, machine, line, type, trade, reason };
}

function downtime(dispatch: Dispatch, now: number): number {
  return Math.floor(((dispatch.completed ?? now) - dispatch.reported) / 60_000);
}

/** The record as the area `dispatches` shows it: site time, with a UTC twin for each. */
export function dispatchRow(store: Store, dispatch: Dispatch, now: number): Row {
  const { zone, machine, line, type, trade, reason } = partsOf(store, dispatch);
  return {
    id: dispatch.id,
    dispatchnumber: dispatch.dispatchnumber,
    site: dispatch.site,
    line: line?.id ?? null,
    linecode: line?.code ?? null,
    machine: dispatch.machine,
    machinecode: machine?.code ?? null,
    dispatchtype: dispatch.dispatchtype,
    dispatchtypecode: type?.code ?? null,
    trade: dispatch.trade,
    tradecode: trade?.code ?? null,
    reason: dispatch.reason,
    reasoncode: reason?.code ?? null,
    description: dispatch.description,
    open: dispatch.closed === null ? 'T' : 'F',
    deleted: dispatch.deleted ? 'Y' : '',
    downtime: downtime(dispatch, now),
    reported: local(dispatch.reported, zone),
    reported_utc: utc(dispatch.reported),
    dispatched: null,
    dispatched_utc: null,
    completed: local(dispatch.completed, zone),
    completed_utc: utc(dispatch.completed),
    closed: local(dispatch.closed, zone),
    closed_utc: utc(dispatch.closed),
    externalid: dispatch.externalid,
    created: utc(dispatch.created),
    createdby: dispatch.createdby,
    lastupdated: utc(dispatch.lastupdated),
    lastupdatedby: dispatch.lastupdatedby,
    currentstatus_dispatchstatus_id: -1,
    currentstatus_description: 'New',
  };
}

/** Fields of the area `dispatches` that the sandbox holds; other names can't be filtered by. */
export const DISPATCH_FIELDS = [
  'id',
  'dispatchnumber',
  'site',
  'line',
  'linecode',
  'machine',
  'machinecode',
  'dispatchtype',
  'dispatchtypecode',
  'trade',
  'tradecode',
  'reason',
  'reasoncode',
  'description',
  'open',
  'deleted',
  'downtime',
  'reported',
  'reported_utc',
  'dispatched',
  'dispatched_utc',
  'completed',
  'completed_utc',
  'closed',
  'closed_utc',
  'externalid',
  'created',
  'createdby',
  'lastupdated',
  'lastupdatedby',
  'currentstatus_dispatchstatus_id',
  'currentstatus_description',
] as const;

/** The record as get_event_data and get_open_dispatches show it; its shape differs from the area's. */
export function eventRow(store: Store, dispatch: Dispatch, now: number): Row {
  const { zone, machine, line, type, trade, reason } = partsOf(store, dispatch);
  return {
    id: dispatch.id,
    dispatchnumber: dispatch.dispatchnumber,
    lineid: line?.id ?? null,
    linecode: line?.code ?? null,
    lineabbreviation: line?.code ?? null,
    areacode: null,
    machineid: dispatch.machine,
    machinecode: machine?.code ?? null,
    machinedescription: machine?.code ?? null,
    description: dispatch.description,
    machinegroup: null,
    downtime: downtime(dispatch, now),
    open: dispatch.closed === null ? 'T' : 'F',
    // Documented as '' but seen as 'F' in records of real sites.
    deleted: dispatch.deleted ? 'Y' : 'F',
    techniciancount: 0,
    tradecode: trade?.code ?? null,
    externalid: dispatch.externalid,
    created: utc(dispatch.created),
    lastupdated: utc(dispatch.lastupdated),
    createdby: dispatch.createdby,
    lastupdatedby: dispatch.lastupdatedby,
    reported: local(dispatch.reported, zone),
    dispatched: null,
    completed: local(dispatch.completed, zone),
    dispatchtype: type?.code ?? null,
    dispatchtypeid: dispatch.dispatchtype,
    reasoncode: reason?.code ?? null,
    currentstatus: { dispatchstatus_id: -1, dispatchstatus_description: 'New' },
    shiftreported: '',
    shiftcompleted: '',
    technicians: [],
    assigned_technicians: [],
    actioncomponents: [],
    external_costs: [],
  };
}
