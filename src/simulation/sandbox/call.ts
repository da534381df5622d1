import type { Manners } from './manners.ts';
import { type Params, Refusal } from './params.ts';
import type { Coded, Dispatch, DispatchType, Line, LogEntry, Machine, Site } from './records.ts';
import type { Store } from './store.ts';

/** One call whose key was right, as its method sees it. */
export type Call = {
  readonly store: Store;
  readonly params: Params;
  readonly manners: Manners;
  /** Now (ms since 1970). */
  readonly at: number;
  /** Login name of the caller. */
  readonly by: string;
  /** The record id in the path. */
  readonly id: number | undefined;
  readonly microseconds: boolean;
  /** Hands a batch over to be worked on when it is due. */
  readonly schedule: (due: number) => void;
};

/** The fields of an answer beside `success`. */
export type Answer = Readonly<Record<string, unknown>>;

export function siteOf(call: Call): Site {
  const text = call.params.text('site');
  if (text === undefined) throw new Refusal('Unable to lookup site. Error: site not specified');
  const site = call.store.data.sites.find(candidate => String(candidate.site) === text);
  if (!site) throw new Refusal(`Unable to lookup site. Error: there is no site ${text}`);
  return site;
}

/** The record's site; it is there because records are only made for sites of the world. */
export function siteOfRecord(store: Store, record: { readonly site: number }): Site {
  const site = store.data.sites.find(candidate => candidate.site === record.site);
  if (!site) throw new Error(`the sandbox holds a record of site ${record.site}, which it does not have`);
  return site;
}

/**
 * The record a call names by code or by id. Refuses when neither is given or nothing active is found.
 * `codes` and `ids` are the names of the parameters, in order of precedence.
 */
function find<
  T extends { readonly id: number; readonly site: number; readonly code: string; readonly active?: boolean },
>(
  call: Call,
  what: string,
  records: readonly T[],
  site: Site | null,
  codes: readonly string[],
  ids: readonly string[],
): T | undefined {
  for (const [names, matches] of [
    [codes, (record: T, text: string) => record.code === text],
    [ids, (record: T, text: string) => String(record.id) === text],
  ] as const) {
    for (const name of names) {
      const text = call.params.text(name);
      if (text === undefined) continue;
      const found = records.filter(record => matches(record, text) && (site === null || record.site === site.site));
      const only = found[0];
      if (!only || only.active === false) throw new Refusal(`Invalid ${name}: there is no active ${what} ${text}`);
      if (found.length > 1) throw new Refusal('Unable to lookup site. Error: site not specified');
      return only;
    }
  }
  return undefined;
}

/** Codes are unique in a site only: without a site, a code that several sites have is refused. */
export function machineOf(call: Call, site: Site | null): Machine {
  const machine = find(call, 'machine', call.store.data.machines, site, ['machinecode'], ['machine']);
  if (!machine) throw new Refusal('Missing machinecode parameter');
  return machine;
}

export function dispatchTypeOf(call: Call, site: Site | null): DispatchType {
  const { dispatchtypes } = call.store.data;
  const type = find(call, 'dispatch type', dispatchtypes, site, ['dispatchtypecode'], ['dispatchtype']);
  if (!type) throw new Refusal('Missing dispatchtypecode parameter');
  return type;
}

export function reasonOf(call: Call, site: Site): Coded | undefined {
  return find(call, 'reason', call.store.data.reasons, site, ['reasoncode'], ['reason_id']);
}

/** undefined: the call names no product. */
export function productIn(call: Call, site: Site): Coded | undefined {
  return find(call, 'product', call.store.data.products, site, ['productcode'], []);
}

export function lineOf(call: Call, site: Site): Line {
  const externalid = call.params.text('line_externalid');
  const line =
    find(call, 'line', call.store.data.lines, site, ['linecode'], ['line']) ??
    call.store.data.lines.find(candidate => candidate.site === site.site && candidate.externalid === externalid);
  if (!line) throw new Refusal(externalid === undefined ? 'Missing linecode parameter' : `No line ${externalid} found`);
  return line;
}

/** The dispatch whose id is in the path. Its number is something else and finds nothing. */
export function dispatchOf(call: Call): Dispatch {
  const dispatch = call.id === undefined ? undefined : call.store.dispatch(call.id);
  if (!dispatch || dispatch.deleted) throw new Refusal(`Dispatch ${call.id ?? ''} does not exist`);
  return dispatch;
}

export function note(call: Call, what: string, target: string, change: LogEntry['change']): void {
  const ignored = call.params.ignored();
  call.store.applied({ at: call.at, what, by: call.by, target, change, ...(ignored.length > 0 ? { ignored } : {}) });
}
