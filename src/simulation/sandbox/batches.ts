import { type Answer, type Call, siteOf, siteOfRecord } from './call.ts';
import type { Manners } from './manners.ts';
import { paramsOf, Refusal, wordsOf } from './params.ts';
import { recordSet } from './production.ts';
import type { Batch, BatchRecord, Site } from './records.ts';
import { utcTime } from './site-time.ts';

const MOST_SETS = 50;

/** Takes the batch and answers its id; the sets are looked at later, each on its own. */
export function recordBatch(call: Call): Answer {
  const { params, store, at, manners } = call;
  const site = siteOf(call);
  const sets = setsOf(params.required('batch'));
  const { batchDelay, batchPace: pace } = manners;
  const batch = store.addBatch({ site: site.site, created: at, due: at + batchDelay, pace }, sets);
  for (const index of batch.records.keys()) call.schedule(dueOf(batch, index));
  return { batch_id: batch.id };
}

function setsOf(text: string): readonly Record<string, unknown>[] {
  let sets: unknown;
  try {
    sets = JSON.parse(text);
  } catch {
    throw new Refusal('Invalid batch: not a JSON list');
  }
  if (!Array.isArray(sets) || sets.length === 0) throw new Refusal('Invalid batch: not a JSON list of record details');
  if (sets.length > MOST_SETS)
    throw new Refusal(`Invalid batch: ${sets.length} sets exceed the maximum of ${MOST_SETS}`);
  if (!sets.every(set => typeof set === 'object' && set !== null && !Array.isArray(set))) {
    throw new Refusal('Invalid batch: every set must be a JSON object');
  }
  return sets;
}

function dueOf({ due, pace }: Batch, index: number): number {
  return due + index * pace;
}

/** Works on every set that is due: `callFor` makes the call a set would have been. */
export function workOnBatches(
  batches: readonly Batch[],
  now: number,
  callFor: (params: ReturnType<typeof paramsOf>) => Call,
): void {
  for (const batch of batches) {
    for (const [index, record] of batch.records.entries()) {
      if (dueOf(batch, index) > now) break;
      if (record.status === 'queued') workOnSet(batch, record, callFor(paramsOf(fieldsOf(record.sent))));
    }
  }
}

function workOnSet(batch: Batch, record: BatchRecord, call: Call): void {
  try {
    const site = siteOfRecord(call.store, batch);
    const detail = recordSet(call, site, record.id, 'pitchdetails/record_details_batch');
    record.status = 'finished';
    record.pitchdetail = detail.id;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    record.status = 'failed';
    record.error = wordsOf(error, call.manners);
  }
}

function* fieldsOf(set: Readonly<Record<string, unknown>>): Iterable<readonly [string, string]> {
  for (const [name, value] of Object.entries(set)) if (value !== null) yield [name, String(value)];
}

export function batchStatus(call: Call): Answer {
  const site = siteOf(call);
  const id = call.params.integer('batch_id');
  if (id === undefined) throw new Refusal('Missing batch_id parameter');
  if (!call.store.data.batches.some(batch => batch.id === id && batch.site === site.site)) {
    throw new Refusal(`Batch ${id} does not exist`);
  }
  return { data: found(call, site, id, () => true) };
}

export function batchErrors(call: Call): Answer {
  const site = siteOf(call);
  return { data: found(call, site, call.params.integer('batch_id'), record => record.status === 'failed') };
}

/** The names of the states in each vocabulary. The first one is that of sites/asyncjob_status. */
const STATE_NAMES = {
  small: { queued: 'queued', finished: 'finished', failed: 'failed' },
  capitals: { queued: 'PENDING', finished: 'PROCESSED', failed: 'ERROR' },
  numbers: { queued: 0, finished: 2, failed: 3 },
  unknown: { queued: 'neu', finished: 'verbucht', failed: 'abgewiesen' },
} as const satisfies Record<Manners['batch_words'], Record<BatchRecord['status'], string | number>>;

/** The shape of a record is not documented: it is what was sent, and the state. */
function found(call: Call, site: Site, id: number | undefined, wanted: (record: BatchRecord) => boolean): unknown[] {
  const start = call.params.time('start', ['minute'], site.timezone) ?? Number.NEGATIVE_INFINITY;
  const end = call.params.time('end', ['minute'], site.timezone) ?? Number.POSITIVE_INFINITY;
  return call.store.data.batches
    .filter(batch => batch.site === site.site && (id === undefined || batch.id === id))
    .filter(batch => batch.created >= start && batch.created < end)
    .flatMap(batch => batch.records.filter(wanted).map(record => shown(batch, record, site, call)));
}

function shown(
  batch: Batch,
  record: BatchRecord,
  site: Site,
  { manners, microseconds }: Call,
): Record<string, unknown> {
  return {
    ...record.sent,
    id: record.id,
    batch_id: batch.id,
    site: site.site,
    status: STATE_NAMES[manners.batch_words][record.status],
    error: record.error,
    pitchdetail: record.pitchdetail,
    created: utcTime(batch.created, microseconds),
  };
}
