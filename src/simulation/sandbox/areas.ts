import { type Answer, type Call, siteOf } from './call.ts';
import { DISPATCH_FIELDS, dispatchRow, eventRow } from './dispatch-rows.ts';
import { listed, type Row, shownRow, utc } from './list.ts';
import { MACHINE_FIELDS, machineRow } from './machines.ts';
import { Refusal } from './params.ts';
import type { Coded, Dispatch } from './records.ts';
import { SCRAP_FIELDS, scrapRow } from './scrap.ts';
import { parseSiteTime, utcTime } from './site-time.ts';

type Area = {
  readonly fields: readonly string[];
  readonly max: number;
  readonly rows: (call: Call) => Iterable<Row>;
};

const CODED_FIELDS = ['id', 'site', 'code', 'description', 'active', 'default', 'created', 'lastupdated'];

function codedArea(area: 'trades' | 'reasons' | 'products'): Area {
  const row = (record: Coded): Row => ({
    id: record.id,
    site: record.site,
    code: record.code,
    description: record.code,
    active: true,
    default: record.default ?? false,
    created: utc(record.created),
    lastupdated: utc(record.lastupdated),
  });
  return { fields: CODED_FIELDS, max: 2000, rows: call => call.store.data[area].map(row) };
}

const STAMPS = ['created', 'lastupdated'];

/** The record areas that can be read as lists. Products are `productcomponents` in the reference. */
export const AREAS: Readonly<Record<string, Area>> = {
  sites: {
    fields: ['id', 'site', 'description', 'timezone', 'test_site', 'active', ...STAMPS],
    max: 2000,
    rows: call =>
      call.store.data.sites.map(({ created, lastupdated, ...site }) => ({
        ...site,
        created: utc(created),
        lastupdated: utc(lastupdated),
      })),
  },
  lines: {
    fields: [
      'id',
      'site',
      'code',
      'description',
      'externalid',
      'active',
      'defaultproduct',
      'enable_pitchdetails_api',
      'enable_production',
      ...STAMPS,
    ],
    max: 2000,
    rows: call =>
      call.store.data.lines.map(({ created, lastupdated, ...line }) => ({
        ...line,
        description: line.code,
        active: true,
        enable_production: true,
        created: utc(created),
        lastupdated: utc(lastupdated),
      })),
  },
  machines: {
    fields: MACHINE_FIELDS,
    max: 2000,
    rows: call => call.store.data.machines.map(machine => machineRow(call.store, machine)),
  },
  dispatchtypes: {
    fields: [
      'id',
      'site',
      'code',
      'description',
      'active',
      'impact',
      'allowmultiple',
      'reasonrequiredonopen',
      'requiretoolingonopen',
      ...STAMPS,
    ],
    max: 2000,
    rows: call =>
      call.store.data.dispatchtypes.map(({ created, lastupdated, ...type }) => ({
        ...type,
        description: type.code,
        created: utc(created),
        lastupdated: utc(lastupdated),
      })),
  },
  trades: codedArea('trades'),
  reasons: codedArea('reasons'),
  productcomponents: codedArea('products'),
  scrapdetail: { fields: SCRAP_FIELDS, max: 2000, rows: call => call.store.data.scraps.map(scrapRow) },
  dispatches: { fields: DISPATCH_FIELDS, max: 1000, rows: dispatchRows },
};

/** Narrowed by the machine first, because only dispatches grow without end. */
function dispatchRows(call: Call): Iterable<Row> {
  const { params, store, at } = call;
  const code = params.peek('machinecode');
  const machines = store.data.machines.filter(machine => machine.code === code);
  const found: readonly Dispatch[] =
    code === undefined ? store.data.dispatches : machines.flatMap(machine => store.dispatchesOf(machine.id));
  return found.map(dispatch => dispatchRow(store, dispatch, at));
}

/** GET on an area: a list, or the one record whose id is in the path. */
export function readArea(area: Area, call: Call): Answer {
  if (call.id === undefined) {
    const isHidden = call.manners.lookups === 'none' && area.fields.includes('code');
    return listed(isHidden ? [] : area.rows(call), area.fields, { ...call, max: area.max });
  }
  const row = [...area.rows(call)].find(({ id }) => id === call.id);
  if (!row) throw new Refusal(`Record ${call.id} does not exist`);
  return { data: shownRow(row, call.microseconds) };
}

const MOST_EVENTS = 1000;

/** The feed of changed dispatches, oldest change first; `lastupdated` is UTC and included. */
export function getEventData(call: Call): Answer {
  const { params, store, at } = call;
  const site = siteOf(call);
  const id = params.integer('dispatch_id');
  const number = params.integer('dispatch_number');
  const since = params.text('lastupdated');
  const from = since === undefined ? undefined : parseSiteTime(since, ['second'], 'UTC');
  if (since !== undefined && from === undefined) throw new Refusal(`Invalid lastupdated: "${since}"`);
  if (from === undefined && id === undefined && number === undefined)
    throw new Refusal('Missing lastupdated parameter');
  const limit = params.integer('limit') ?? MOST_EVENTS;
  if (limit < 1 || limit > MOST_EVENTS)
    throw new Refusal(`Invalid limit: ${limit} exceeds the maximum of ${MOST_EVENTS}`);
  const ids = (name: string) => params.text(name)?.split(',').map(Number);
  const [lines, types] = [ids('line_ids'), ids('dispatchtype_ids')];
  const [open, deleted] = [params.choice('open', ['0', '1']), params.choice('deleted', ['0', '1'])];
  const [externalid, prefix] = [params.text('externalid'), params.text('externalid_prefix')];
  const isnull = params.choice('externalid__isnull', ['True', 'False']);
  const newestFirst = params.choice('reversed', ['0', '1']) === '1';
  const lineOfMachine = new Map(store.data.machines.map(machine => [machine.id, machine.line]));
  const matches = (dispatch: Dispatch) =>
    dispatch.site === site.site &&
    (id === undefined || dispatch.id === id) &&
    (number === undefined || dispatch.dispatchnumber === number) &&
    (from === undefined || dispatch.lastupdated >= from) &&
    (!lines || lines.includes(lineOfMachine.get(dispatch.machine) ?? Number.NaN)) &&
    (!types || types.includes(dispatch.dispatchtype)) &&
    (open === undefined || (dispatch.closed === null) === (open === '1')) &&
    (deleted === undefined || dispatch.deleted === (deleted === '1')) &&
    (externalid === undefined || dispatch.externalid === externalid) &&
    (prefix === undefined || dispatch.externalid?.startsWith(prefix) === true) &&
    (isnull === undefined || (dispatch.externalid === null) === (isnull === 'True'));
  const found = store.data.dispatches
    .filter(matches)
    .toSorted((a, b) => (newestFirst ? b.lastupdated - a.lastupdated : a.lastupdated - b.lastupdated))
    .slice(0, limit);
  const latest = found.length === 0 ? null : Math.max(...found.map(dispatch => dispatch.lastupdated));
  return {
    data: found.map(dispatch => shownRow(eventRow(store, dispatch, at), call.microseconds)),
    max_lastupdated: latest === null ? null : utcTime(latest, call.microseconds),
    max_lastupdated_apiformat: latest === null ? null : utcTime(Math.floor(latest / 1000) * 1000),
  };
}
