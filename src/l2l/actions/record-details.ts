import { z } from 'zod';
import type { Follow, Look } from '../../core/delivery.ts';
import { textField } from '../envelope.ts';
import { apiPath, encodeFields } from '../form.ts';
import { createLineIds } from '../lines.ts';
import { compareDetail, isAbout, setFields, setState, setTimes, setWords } from '../record-sets.ts';
import { type ActionContext, type ActionHandler, type ActionOf, type CallOf, defineAction } from './action.ts';
import { Code, Instant, Quantity } from './fields.ts';

const MOST_SETS = 50;

/** Books production details. Sets of many lines share a call; L2L takes the batch at once and works on it later. */
export const recordDetails = defineAction({
  kind: 'record_details',
  params: z.object({
    line: Code,
    start: Instant,
    end: Instant,
    actual: Quantity,
    scrap: Quantity,
    product: Code.nullable(),
    operatorCount: Quantity.exactOptional(),
    blind: z.boolean().exactOptional(),
  }),
  policy: {
    priority: 2,
    repeatable: false,
    maxActions: MOST_SETS,
    acrossLanes: true,
  },
  worksLater: true,
  create: createHandler,
});

type Set = ActionOf<'record_details'>;

function createHandler({ site, zone, reader }: ActionContext): ActionHandler<'record_details'> {
  const lines = createLineIds(reader, site);
  const nameOf = ({ params }: Set) => `${params.line} ${setTimes(params, zone).start}`;

  /** Whether L2L holds the set; or why that could not be read. */
  async function lookFor(set: Set, since: number, signal: AbortSignal) {
    const line = await lines.id(set.params.line, signal);
    if (!line.ok) return line;
    if (line.id === null) return { ok: true, found: 'other' } as const;
    const query = { site, line: line.id, ...setTimes(set.params, zone) };
    const read = await reader.read('pitchdetails/', query, signal);
    if (!read.ok) return read;
    const compared = read.records.map(record => compareDetail(record, set.params, zone, since));
    const found = compared.find(it => it === 'same') ?? compared.find(it => it === 'different') ?? 'other';
    return { ok: true, found } as const;
  }

  async function look(call: CallOf<'record_details'>, signal: AbortSignal): Promise<Look> {
    // L2L's clock may be a little behind ours.
    const since = (call.sentAt ?? call.createdAt) - 2 * 60_000;
    const errors = await reader.read(
      'pitchdetails/record_details_batch_errors/',
      { site, start: zone.minute(since) },
      signal,
    );
    if (!errors.ok) return { kind: 'failed', outcome: errors.outcome };

    const present: Set[] = [];
    const doubtful: string[] = [];
    const refused: string[] = [];
    for (const set of call.actions) {
      const error = errors.records.find(record => isAbout(record, set.params, zone));
      if (error) {
        refused.push(`${nameOf(set)} (${setWords(error)})`);
        continue;
      }
      const seen = await lookFor(set, call.createdAt - 2 * 60_000, signal);
      if (!seen.ok) return { kind: 'failed', outcome: seen.outcome };
      if (seen.found === 'same') present.push(set);
      if (seen.found === 'different') doubtful.push(nameOf(set));
    }

    const total = call.actions.length;
    if (present.length === total) return { kind: 'applied', result: {}, detail: `all ${total} sets are booked` };
    if (present.length + doubtful.length + refused.length === 0) {
      return { kind: 'absent', detail: `none of the ${total} sets is booked or in error` };
    }
    // Any trace means that the batch was taken: what is missing may still come, and must not be sent again.
    const missing = call.actions.filter(set => !present.includes(set)).map(nameOf);
    const parts = [
      `${present.length} of ${total} sets are booked, the others are not: ${missing.join(', ')}`,
      doubtful.length > 0 ? `booked with other quantities: ${doubtful.join(', ')}` : '',
      refused.length > 0 ? `in error: ${refused.join(', ')}` : '',
    ];
    return { kind: 'undecided', detail: parts.filter(Boolean).join('; ') };
  }

  async function follow(call: CallOf<'record_details'>, signal: AbortSignal): Promise<Follow> {
    const batchId = call.result?.batchId;
    if (batchId === undefined)
      return { kind: 'undecided', detail: 'the batch id is missing, its sets can not be followed' };
    const query = { site, batch_id: batchId };
    const status = await reader.read('pitchdetails/record_details_batch_status/', query, signal);
    if (!status.ok) return { kind: 'failed', outcome: status.outcome };

    const total = call.actions.length;
    const states = status.records.map(setState);
    const final = states.filter(state => state !== 'pending').length;
    if (final < total || final < states.length)
      return { kind: 'pending', detail: `${final} of ${total} sets are final` };

    // Read after the states are final: an error that comes later than the list would be missed.
    const errors = await reader.read('pitchdetails/record_details_batch_errors/', query, signal);
    if (!errors.ok) return { kind: 'failed', outcome: errors.outcome };
    const told = [...errors.records, ...status.records.filter(record => setState(record) === 'failed')];
    const failed = new Map<string, string>();
    for (const set of call.actions) {
      const record = told.find(candidate => isAbout(candidate, set.params, zone));
      if (record) failed.set(set.key, setWords(record));
    }
    const expected = Math.max(errors.records.length, states.filter(state => state === 'failed').length);
    if (failed.size < expected) {
      const words = errors.records.map(setWords).join('; ');
      return {
        kind: 'undecided',
        detail: `${expected} sets of batch ${batchId} failed, not all can be told: ${words}`,
      };
    }
    return { kind: 'final', failed, detail: `${total - failed.size} of ${total} sets of batch ${batchId} are booked` };
  }

  return {
    freeze(actions) {
      const batch = JSON.stringify(actions.map(({ params }) => setFields(params, zone)));
      const path = apiPath('pitchdetails/record_details_batch/');
      return { kind: 'request', request: { method: 'POST', path, body: encodeFields({ site, batch }) } };
    },

    succeeded(_call, envelope, answer) {
      const batchId = textField(envelope.body, 'batch_id');
      return batchId === undefined
        ? { kind: 'unknown', reason: 'unreadable', detail: 'L2L said success but gave no batch id' }
        : { kind: 'accepted', result: { batchId }, answer };
    },

    look,
    follow,
  };
}
