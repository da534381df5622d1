import {
  type Answer,
  type Call,
  dispatchOf,
  dispatchTypeOf,
  machineOf,
  note,
  reasonOf,
  siteOf,
  siteOfRecord,
} from './call.ts';
import { dispatchRow } from './dispatch-rows.ts';
import { shownRow } from './list.ts';
import { Refusal } from './params.ts';
import type { Coded, Dispatch, DispatchType, Machine, Site } from './records.ts';
import type { Store } from './store.ts';

export function open(call: Call): Answer {
  const { params, store } = call;
  const site = siteOf(call);
  const machine = machineOf(call, site);
  const type = dispatchTypeOf(call, site);
  const description = params.required('description');
  const user = userOf(store, site, params.required('user'));
  const trade = tradeOf(call, site);
  const reason = reasonOf(call, site);
  const reported = params.time('reported', ['second', 'minute'], site.timezone);
  params.time('due', ['minute'], site.timezone);
  params.choice('manual_update_field', ['reason', 'dispatchtype']);
  params.choice('material_quarantined', ['N', 'Y']);
  params.flag('require_reason_processing');
  for (const unused of ['document_externalid', 'assigned_users', 'parent_dispatch_id', 'last_part_run'])
    params.text(unused);
  if (type.reasonrequiredonopen && !reason) throw new Refusal(`Reason is required to open a ${type.code} dispatch`);
  if (type.requiretoolingonopen) throw new Refusal(`Tooling is required to open a ${type.code} dispatch`);

  if (params.flag('prevent_duplicates')) {
    const existing = duplicateOf(call, machine, type, reported);
    if (existing) return call.manners.duplicate === 'existing' ? { data: shown(call, existing) } : {};
  }
  refuseSecond(store, machine, type);

  const dispatch = store.addDispatch({
    site: site.site,
    machine: machine.id,
    dispatchtype: type.id,
    trade: trade.id,
    reason: reason?.id ?? null,
    description,
    reported: reported ?? wholeSecond(call.at),
    completed: null,
    closed: null,
    deleted: false,
    externalid: null,
    created: call.at,
    createdby: call.manners.created_by === 'key' ? call.by : user,
    lastupdated: call.at,
    lastupdatedby: user,
    notes: [],
  });
  note(call, 'dispatches/open', machine.code, { dispatch: dispatch.id, type: type.code, reported: dispatch.reported });
  return { data: shown(call, dispatch) };
}

/** prevent_duplicates: an open one of the type (rule a), or one completed after `reported` (rule b). */
function duplicateOf(
  call: Call,
  machine: Machine,
  type: DispatchType,
  reported: number | undefined,
): Dispatch | undefined {
  const same = call.store.dispatchesOf(machine.id).filter(other => other.dispatchtype === type.id && !other.deleted);
  const existing = same.find(other => other.closed === null);
  if (existing && call.manners.duplicate === 'refuse') {
    throw new Refusal(
      `There is already an open dispatch ${existing.dispatchnumber} of type ${type.code} for ${machine.code}`,
    );
  }
  const later = same.find(
    other => other.closed !== null && reported !== undefined && (other.completed ?? 0) > reported,
  );
  if (!existing && later) {
    throw new Refusal(`Dispatch ${later.dispatchnumber} was completed after the reported time`);
  }
  return existing;
}

/** "One dispatch per machine" blocks across all types that have the setting. */
function refuseSecond(store: Store, machine: Machine, type: DispatchType): void {
  if (type.allowmultiple) return;
  const single = new Set(store.data.dispatchtypes.filter(other => !other.allowmultiple).map(other => other.id));
  const blocking = store
    .dispatchesOf(machine.id)
    .some(other => other.closed === null && !other.deleted && single.has(other.dispatchtype));
  if (blocking) throw new Refusal(`Machine ${machine.code} already has an open critical Dispatch`);
}

export function complete(call: Call): Answer {
  const dispatch = dispatchOf(call);
  const completed = completedTime(call, siteOfRecord(call.store, dispatch));
  const text = call.params.text('note');
  call.params.flag('validate');
  if (dispatch.completed !== null) throw new Refusal('Dispatch is already completed');
  finish(call, dispatch, completed);
  if (text !== undefined) dispatch.notes.push(text);
  noteEnd(call, 'dispatches/complete', dispatch);
  return { data: shown(call, dispatch) };
}

export function close(call: Call): Answer {
  const dispatch = dispatchOf(call);
  const given = completedTime(call, siteOfRecord(call.store, dispatch));
  const completed = call.manners.completed === 'now' ? wholeSecond(call.at) : given;
  call.params.flag('validate');
  if (dispatch.closed !== null) throw new Refusal('Dispatch already closed');
  finish(call, dispatch, completed);
  dispatch.closed = call.at;
  noteEnd(call, 'dispatches/close', dispatch);
  return { data: shown(call, dispatch) };
}

/** Closes whatever is open for the machine and the type, whoever opened it; a reason given narrows the search. */
export function closemachine(call: Call): Answer {
  const { params, store } = call;
  const given = params.text('site') === undefined ? null : siteOf(call);
  const machine = machineOf(call, given);
  const site = given ?? siteOfRecord(store, machine);
  const type = dispatchTypeOf(call, site);
  const reason = reasonOf(call, site);
  const completed = completedTime(call, site);
  const [text, comment] = [params.text('note'), params.text('comment')];
  const found = store
    .dispatchesOf(machine.id)
    .filter(dispatch => dispatch.closed === null && !dispatch.deleted && dispatch.dispatchtype === type.id)
    .filter(dispatch => reason === undefined || dispatch.reason === reason.id);
  for (const dispatch of found) refuseNegative(dispatch, completed);
  for (const dispatch of found) {
    finish(call, dispatch, completed);
    dispatch.closed = call.at;
    if (text !== undefined) dispatch.notes.push(text);
    if (comment !== undefined) dispatch.description += `\n${comment}`;
    noteEnd(call, 'dispatches/closemachine', dispatch);
  }
  return { data: found.map(dispatch => shown(call, dispatch)) };
}

export function shown(call: Call, dispatch: Dispatch): Record<string, unknown> {
  return shownRow(dispatchRow(call.store, dispatch, call.at), call.microseconds);
}

function completedTime(call: Call, site: Site): number {
  return call.params.time('completed', ['second'], site.timezone) ?? wholeSecond(call.at);
}

/** Sets the completed time unless the dispatch has one: then that one stays. */
function finish(call: Call, dispatch: Dispatch, completed: number): void {
  refuseNegative(dispatch, completed);
  dispatch.completed ??= completed;
  touched(call, dispatch);
}

function refuseNegative(dispatch: Dispatch, completed: number): void {
  if (dispatch.completed === null && completed < dispatch.reported) {
    throw new Refusal('The completed time is before the reported time');
  }
}

function noteEnd(call: Call, what: string, dispatch: Dispatch): void {
  note(call, what, codeOf(call.store, dispatch), { dispatch: dispatch.id, completed: dispatch.completed });
}

export function touched(call: Call, dispatch: Dispatch): void {
  dispatch.lastupdated = call.at;
  dispatch.lastupdatedby = call.by;
}

export function codeOf(store: Store, dispatch: Dispatch): string {
  return store.data.machines.find(({ id }) => id === dispatch.machine)?.code ?? String(dispatch.machine);
}

function userOf(store: Store, site: Site, loginid: string): string {
  if (!store.data.users.some(user => user.site === site.site && user.loginid === loginid)) {
    throw new Refusal(`Invalid user: there is no user ${loginid}`);
  }
  return loginid;
}

/** Required; a trade nobody knows becomes the default trade without a word, unless `trade_required` is set. */
function tradeOf(call: Call, site: Site): Coded {
  const { trade: form } = call.manners;
  const fields = form === 'any' ? ['trade', 'tradecode'] : [form === 'tradecode' ? 'tradecode' : 'trade'];
  const text = fields.map(call.params.text).find(value => value !== undefined);
  if (text === undefined) throw new Refusal(`Missing ${fields[0]} parameter`);
  const trades = call.store.data.trades.filter(trade => trade.site === site.site);
  const trade = trades.find(
    ({ code, id }) =>
      (form !== 'trade_id' && code === text) || ((form === 'any' || form === 'trade_id') && String(id) === text),
  );
  const found = trade ?? (call.params.flag('trade_required') ? undefined : trades.find(other => other.default));
  if (!found) throw new Refusal(`Invalid trade: ${text}`);
  call.params.flag('trade_required');
  return found;
}

/** Times the sandbox takes from its own clock are as whole as the ones that are sent. */
export function wholeSecond(at: number): number {
  return Math.floor(at / 1000) * 1000;
}
