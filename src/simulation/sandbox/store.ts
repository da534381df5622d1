import type { Batch, Dispatch, LogEntry, PitchDetail, SandboxData, ScrapDetail } from './records.ts';
import type { SandboxWorld } from './world.ts';

/** The sandbox's memory: its records, indexes over the ones that grow, and the log. */
export interface Store {
  readonly data: SandboxData;
  dispatchesOf(machine: number): readonly Dispatch[];
  dispatch(id: number): Dispatch | undefined;
  detailsOf(line: number): readonly PitchDetail[];
  addDispatch(dispatch: Omit<Dispatch, 'id' | 'dispatchnumber'>): Dispatch;
  addDetail(detail: Omit<PitchDetail, 'id'>): PitchDetail;
  addScrap(scrap: Omit<ScrapDetail, 'id'>): ScrapDetail;
  addBatch(batch: Omit<Batch, 'id' | 'records'>, sets: readonly Readonly<Record<string, unknown>>[]): Batch;
  /** The product's record id; a code nobody knows becomes a product, as L2L does it. */
  product(site: number, code: string, at: number): number;
  /** Notes a write that took effect. */
  applied(entry: Omit<LogEntry, 'seq'>): void;
}

// Ids of different areas never meet, so that a mix-up is refused instead of hitting some other record.
const FIRST_ID = {
  sites: 3,
  lines: 101,
  machines: 2001,
  dispatchtypes: 31,
  trades: 51,
  reasons: 71,
  products: 901,
  users: 401,
  dispatches: 57_001,
  details: 800_001,
  scraps: 900_001,
  batches: 301,
} as const;
const FIRST_DISPATCH_NUMBER = 8001;

export function createStore(world: SandboxWorld, now: number): Store {
  const data = dataOf(world, now);
  const dispatches = new Map<number, Dispatch>();
  const byMachine = new Map<number, Dispatch[]>();
  const byLine = new Map<number, PitchDetail[]>();
  let batchRecords = 0;

  return {
    data,
    dispatchesOf: machine => byMachine.get(machine) ?? [],
    dispatch: id => dispatches.get(id),
    detailsOf: line => byLine.get(line) ?? [],
    addDispatch(fields) {
      const count = data.dispatches.length;
      const id = FIRST_ID.dispatches + count;
      const dispatch: Dispatch = { id, dispatchnumber: FIRST_DISPATCH_NUMBER + count, ...fields };
      data.dispatches.push(dispatch);
      dispatches.set(id, dispatch);
      append(byMachine, dispatch.machine, dispatch);
      return dispatch;
    },
    addDetail(fields) {
      const detail: PitchDetail = { id: FIRST_ID.details + data.details.length, ...fields };
      data.details.push(detail);
      append(byLine, detail.line, detail);
      return detail;
    },
    addScrap(fields) {
      const record: ScrapDetail = { id: FIRST_ID.scraps + data.scraps.length, ...fields };
      data.scraps.push(record);
      return record;
    },
    addBatch(fields, sets) {
      const records = sets.map(sent => ({
        id: FIRST_ID.batches * 1000 + batchRecords++,
        sent,
        status: 'queued' as const,
        error: null,
        pitchdetail: null,
      }));
      const batch: Batch = { id: FIRST_ID.batches + data.batches.length, ...fields, records };
      data.batches.push(batch);
      return batch;
    },
    product(site, code, at) {
      const known = data.products.find(product => product.site === site && product.code === code);
      if (known) return known.id;
      const id = FIRST_ID.products + data.products.length;
      data.products.push({ id, site, code, created: at, lastupdated: at });
      return id;
    },
    applied(entry) {
      data.log.push({ seq: data.log.length + 1, ...entry });
    },
  };
}

function append<T>(index: Map<number, T[]>, key: number, item: T): void {
  const list = index.get(key);
  if (list) list.push(item);
  else index.set(key, [item]);
}

function dataOf(world: SandboxWorld, now: number): SandboxData {
  const data: SandboxData = {
    sites: [],
    lines: [],
    machines: [],
    dispatchtypes: [],
    trades: [],
    reasons: [],
    products: [],
    users: [],
    dispatches: [],
    details: [],
    scraps: [],
    batches: [],
    log: [],
  };
  const stamp = { created: now, lastupdated: now };
  const coded = (area: 'trades' | 'reasons' | 'products', site: number, code: string, isDefault?: boolean) => {
    const id = FIRST_ID[area] + data[area].length;
    data[area].push({ id, site, code, ...(isDefault ? { default: true } : {}), ...stamp });
  };
  for (const seed of world.sites) {
    const { site } = seed;
    data.sites.push({
      id: FIRST_ID.sites + data.sites.length,
      site,
      description: seed.description ?? `Site ${site}`,
      timezone: seed.timezone,
      test_site: seed.test_site ?? true,
      active: seed.active ?? true,
      ...stamp,
    });
    for (const { code, default: isDefault } of seed.trades) coded('trades', site, code, isDefault);
    for (const code of seed.reasons ?? []) coded('reasons', site, code);
    for (const code of seed.products ?? []) coded('products', site, code);
    for (const loginid of seed.users) data.users.push({ id: FIRST_ID.users + data.users.length, site, loginid });
    for (const type of seed.dispatchtypes) {
      data.dispatchtypes.push({
        id: FIRST_ID.dispatchtypes + data.dispatchtypes.length,
        site,
        code: type.code,
        active: type.active ?? true,
        impact: type.impact ?? 1,
        allowmultiple: type.allowmultiple ?? true,
        reasonrequiredonopen: type.reasonrequiredonopen ?? false,
        requiretoolingonopen: type.requiretoolingonopen ?? false,
        ...stamp,
      });
    }
    for (const line of seed.lines) {
      const id = FIRST_ID.lines + data.lines.length;
      const product = data.products.find(candidate => candidate.site === site && candidate.code === line.product);
      data.lines.push({
        id,
        site,
        code: line.code,
        externalid: line.externalid ?? null,
        defaultproduct: product?.id ?? null,
        enable_pitchdetails_api: line.enable_pitchdetails_api ?? true,
        ...stamp,
      });
      for (const machine of line.machines) {
        data.machines.push({
          id: FIRST_ID.machines + data.machines.length,
          site,
          line: id,
          code: machine.code,
          active: machine.active ?? true,
          cyclecount: machine.cyclecount ?? 0,
          ...stamp,
        });
      }
    }
  }
  return data;
}
