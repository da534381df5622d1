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
import { codeOf, shown, touched, wholeSecond } from './dispatches.ts';
import { Refusal } from './params.ts';
import type { Coded, Site } from './records.ts';
import type { Store } from './store.ts';

export function add(call: Call): Answer {
  const { params, store } = call;
  const site = siteOf(call);
  const machine = machineOf(call, site);
  const type = dispatchTypeOf(call, site);
  const description = params.required('description');
  for (const resource of params.required('resource').split(',')) resourceOf(store, site, resource.trim());
  const trade = codedOf(call, 'trades', site, 'tradecode');
  const reason = reasonOf(call, site);
  const reported = params.time('reported', ['minute'], site.timezone) ?? wholeSecond(call.at);
  const completed = params.time('completed', ['minute'], site.timezone) ?? reported;
  const externalid = params.text('externalid') ?? null;
  for (const unused of ['actioncode', 'componentcode', 'comment', 'document_externalid', 'parent_dispatch_id'])
    params.text(unused);
  if (completed < reported) throw new Refusal('The completed time is before the reported time');
  const dispatch = store.addDispatch({
    site: site.site,
    machine: machine.id,
    dispatchtype: type.id,
    trade: trade?.id ?? null,
    reason: reason?.id ?? null,
    description,
    reported,
    completed,
    closed: call.at,
    deleted: false,
    externalid,
    created: call.at,
    createdby: call.by,
    lastupdated: call.at,
    lastupdatedby: call.by,
    notes: [],
  });
  note(call, 'dispatches/add', machine.code, { dispatch: dispatch.id, type: type.code, reported, completed });
  return { data: shown(call, dispatch) };
}

export function addComment(call: Call): Answer {
  const dispatch = dispatchOf(call);
  dispatch.description += `\n${call.params.required('comment')}`;
  touched(call, dispatch);
  note(call, 'dispatches/add_comment', codeOf(call.store, dispatch), { dispatch: dispatch.id });
  return { data: shown(call, dispatch) };
}

export function setReason(call: Call): Answer {
  const dispatch = dispatchOf(call);
  const reason = codedOf(call, 'reasons', siteOfRecord(call.store, dispatch), 'reason');
  dispatch.reason = reason?.id ?? null;
  touched(call, dispatch);
  note(call, 'dispatches/set_reason', codeOf(call.store, dispatch), {
    dispatch: dispatch.id,
    reason: reason?.code ?? null,
  });
  return { data: shown(call, dispatch) };
}

export function changeType(call: Call): Answer {
  const dispatch = dispatchOf(call);
  const site = siteOfRecord(call.store, dispatch);
  const wanted = [call.params.text('dispatchtype_code'), call.params.text('dispatchtype_id')];
  const type = call.store.data.dispatchtypes.find(
    other =>
      other.site === site.site &&
      other.active &&
      (wanted[0] ? other.code === wanted[0] : String(other.id) === wanted[1]),
  );
  if (!type) throw new Refusal('Invalid dispatchtype');
  if (dispatch.completed !== null) throw new Refusal('Cannot modify completed or closed dispatches');
  if (dispatch.dispatchtype === type.id) throw new Refusal('Dispatch is already set to the requested dispatch type');
  dispatch.dispatchtype = type.id;
  touched(call, dispatch);
  note(call, 'dispatches/changetype', codeOf(call.store, dispatch), { dispatch: dispatch.id, type: type.code });
  return {};
}

/** POST on the area itself: of the generic writes only `_action=delete` is built, for tests in which a person deletes. */
export function remove(call: Call): Answer {
  if (call.params.text('_action') !== 'delete')
    throw new Refusal('The sandbox takes no generic write but _action=delete');
  const dispatch = dispatchOf(call.id === undefined ? { ...call, id: call.params.integer('id') } : call);
  dispatch.deleted = true;
  touched(call, dispatch);
  note(call, 'dispatches/delete', codeOf(call.store, dispatch), { dispatch: dispatch.id });
  return {};
}

function resourceOf(store: Store, site: Site, name: string): void {
  const known = store.data.users.some(
    user => user.site === site.site && (user.loginid === name || String(user.id) === name),
  );
  if (!known) throw new Refusal(`Invalid resource name(s): ${name}`);
}

function codedOf(call: Call, area: 'trades' | 'reasons', site: Site, name: string): Coded | undefined {
  const text = call.params.text(name);
  if (text === undefined) return undefined;
  const found = call.store.data[area].find(record => record.site === site.site && record.code === text);
  if (!found) throw new Refusal(`Invalid ${name}: ${text}`);
  return found;
}
