import type { CallBase, Look } from '../../core/delivery.ts';
import { numberField, textField } from '../envelope.ts';
import { apiPath, encodeFields } from '../form.ts';
import { createLineIds } from '../line-ids.ts';
import type { ReadFailure } from '../outcome.ts';
import { type ActionContext, type ActionHandler, type CallOf, defineAction, newest } from './action.ts';

type ScrapCall = CallOf<'add_scrap_detail'>;
type Rows = NonNullable<CallBase['scrapRows']>;

/**
 * Adds the scrap of one category to a line. L2L may add it to a record that it has, so a record does not show from which call its scrap is.
 * The gateway reads the newest records of the line before the call and after a lost answer: the difference shows whether L2L has it.
 */
export const addScrapDetail = defineAction({
  kind: 'add_scrap_detail',
  worksLater: false,
  create: createHandler,
});

/** Records of a line that are compared: the call changes the newest one. */
const NEWEST = 50;

function createHandler({ site, zone, clock, reader }: ActionContext): ActionHandler<'add_scrap_detail'> {
  const lines = createLineIds(reader, site);

  /** The scrap of the newest records of the line, by id. rows null: L2L's list can't be compared. */
  async function readNewest(
    line: string,
    signal: AbortSignal,
  ): Promise<
    { readonly ok: true; readonly rows: Rows | null } | { readonly ok: false; readonly outcome: ReadFailure }
  > {
    const found = await lines.id(line, signal);
    if (!found.ok) return found;
    if (found.id === null) return { ok: true, rows: null };
    const query = {
      site,
      line: found.id,
      order_by: '-lastupdated',
      limit: NEWEST,
      fields: 'id,line,scrap,lastupdated',
    };
    const read = await reader.read('scrapdetail/', query, signal);
    if (!read.ok) return read;
    const rows: Record<string, number> = {};
    let last: string | undefined;
    for (const record of read.records) {
      const [id, scrap, updated] = [
        numberField(record, 'id'),
        numberField(record, 'scrap'),
        textField(record, 'lastupdated'),
      ];
      const isOfLine = (numberField(record, 'line') ?? found.id) === found.id;
      const isInOrder = updated !== undefined && (last === undefined || updated <= last);
      if (id === undefined || scrap === undefined || !isOfLine || !isInOrder) return { ok: true, rows: null };
      rows[id] = scrap;
      last = updated;
    }
    return { ok: true, rows };
  }

  return {
    freeze(actions) {
      const { line, category, scrap, scrapped, product } = newest(actions).params;
      const body = encodeFields({
        site,
        linecode: line,
        scrap_datetime: zone.text(scrapped),
        scrap,
        scrapcategory: category,
        ...(product === null ? { product_autodetect: 'True' } : { product_code: product }),
      });
      return { kind: 'request', request: { method: 'POST', path: apiPath('scrapdetail/add_scrap_detail/'), body } };
    },

    async prepare(call, signal) {
      const at = clock.now();
      const read = await readNewest(newest(call.actions).params.line, signal);
      // It is not documented which filters this area demands, and the key may see no line. After a lost answer a person decides then.
      if (!read.ok && (read.outcome.reason === 'denied' || read.outcome.reason === 'code'))
        return { kind: 'send', base: null };
      if (!read.ok) return { kind: 'failed', outcome: read.outcome };
      return { kind: 'send', base: read.rows && { scrapRows: read.rows, at } };
    },

    // A key without the right to read: after a lost answer a person decides.
    unprepared: () => ({ kind: 'send', base: null }),

    succeeded: (_call, _envelope, answer) => ({ kind: 'delivered', result: {}, answer }),

    async look(call, signal) {
      const base = call.base?.scrapRows;
      if (base === undefined) return undecided(call, 'the scrap in L2L before the call is not known');
      const read = await readNewest(newest(call.actions).params.line, signal);
      if (!read.ok) return { kind: 'failed', outcome: read.outcome };
      return read.rows ? compare(call, base, read.rows) : undecided(call, "L2L's list of scrap can't be compared");
    },
  };
}

/** What changed between both reads shows whether the call was applied, unless somebody else changed more. Pure. */
function compare(call: ScrapCall, before: Rows, after: Rows): Look {
  const { scrap, line } = newest(call.actions).params;
  const ids = Object.keys(after);
  // A record that left the newest ones may have come back with more scrap.
  if (ids.filter(id => !(id in before)).length > 1 && Object.keys(before).length >= NEWEST) {
    return undecided(call, 'too many records of scrap changed meanwhile');
  }
  const changes = ids.map(id => hundredths(after[id]) - hundredths(before[id])).filter(change => change !== 0);
  const [change] = changes;
  if (change === undefined)
    return { kind: 'absent', detail: `the scrap of ${line} in L2L is as it was before the call` };
  if (changes.length === 1 && change === hundredths(scrap)) {
    return { kind: 'applied', result: {}, detail: `${scrap} scrap more of ${line} in L2L` };
  }
  return undecided(call, 'somebody else changed the scrap of the line too');
}

/** L2L keeps two decimals. */
function hundredths(scrap = 0): number {
  return Math.round(scrap * 100);
}

function undecided(call: ScrapCall, why: string): Look {
  const { scrap, category, line } = newest(call.actions).params;
  return { kind: 'undecided', detail: `${why}: look in L2L whether ${line} has these ${scrap} ${category}` };
}
