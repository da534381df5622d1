import type { Follow } from '../../core/delivery.ts';
import { type L2lRecord, textField } from '../envelope.ts';
import { apiPath, encodeFields } from '../form.ts';
import { readWhole } from '../reader.ts';
import { setFields, setState, setWords, stateWord } from '../record-sets.ts';
import { batchClockOf, errorsAbout, failedSets } from '../set-fates.ts';
import { type ActionContext, type ActionHandler, type CallOf, defineAction } from './action.ts';
import { type BatchSearch, createBatchSearch, learnClocks } from './batch-search.ts';
import { createSingleSets } from './single-sets.ts';

/** While L2L lists a batch as under way in words that the gateway knows, it waits this long after the send (ms). Then it searches for the sets. */
const WAITED_FOR = 24 * 3_600_000;

/** Books production details. Sets of many lines share a call. L2L takes the batch at once and works on it later. */
export const recordDetails = defineAction({
  kind: 'record_details',
  worksLater: true,
  create: context => (context.reads === 'never' ? createSingleSets(context) : createHandler(context)),
});

type Batch = CallOf<'record_details'>;

function createHandler(context: ActionContext): ActionHandler<'record_details'> {
  const { site, zone, clock } = context;
  const search = createBatchSearch(context);
  /** When L2L took each batch that it still works on. */
  const takenAt = new Map<number, number>();
  let slowest = 0;

  function noteFinal(call: Batch): void {
    slowest = Math.max(slowest, clock.now() - (takenAt.get(call.id) ?? clock.now()));
    takenAt.delete(call.id);
  }

  return {
    freeze(actions) {
      const batch = JSON.stringify(actions.map(({ params }) => setFields(params, zone)));
      const path = apiPath('pitchdetails/record_details_batch/');
      return { kind: 'request', request: { method: 'POST', path, body: encodeFields({ site, batch }) } };
    },

    async prepare(call, signal) {
      const sentBefore = call.actions.filter(set => set.guarded);
      if (sentBefore.length === 0) return { kind: 'send', base: null };
      // If the answer is lost, errors of an earlier batch must not count as the outcome of this one.
      const read = await search.errors(call, signal);
      if (!read.ok) return { kind: 'failed', outcome: read.outcome };
      return { kind: 'send', base: { errors: errorsAbout(sentBefore, read.records, zone), at: clock.now() } };
    },

    succeeded(call, envelope, answer) {
      const batchId = textField(envelope.body, 'batch_id');
      if (batchId === undefined)
        return { kind: 'unknown', reason: 'unreadable', detail: 'L2L said success but gave no batch id' };
      takenAt.set(call.id, clock.now());
      return { kind: 'accepted', result: { batchId }, answer };
    },

    slowest: () => slowest,
    look: search.look,

    async follow(call, signal) {
      const batchId = call.result?.batchId;
      if (batchId === undefined) return search.follow(call, signal);
      const followed = await followById(call, batchId, { ...context, search }, signal);
      if (followed.kind === 'final' || followed.kind === 'undecided') noteFinal(call);
      return followed;
    },
  };
}

/** Reads the state of a batch, and the errors of the sets that failed. A batch that takes too long is searched for. */
async function followById(
  call: Batch,
  batchId: string,
  { search, ...context }: ActionContext & { readonly search: BatchSearch },
  signal: AbortSignal,
): Promise<Follow> {
  const { site, zone, clock, reader, memory } = context;
  const query = { site, batch_id: batchId };
  const status = await readWhole(reader, 'pitchdetails/record_details_batch_status/', query, signal);
  if (!status.ok) return { kind: 'failed', outcome: status.outcome };

  const total = setsIn(call);
  const states = status.records.map(setState);
  const strange = status.records.find(record => setState(record) === 'unknown');
  if (strange) {
    search.strangeWord(stateWord(strange));
    return search.follow(call, signal);
  }
  const final = states.filter(state => state !== 'pending').length;
  const isFinal = final >= total && final >= states.length;
  const isLate = clock.now() - (call.sentAt ?? call.createdAt) >= WAITED_FOR;
  if (!isFinal && isLate) return search.follow(call, signal);
  const detail = `${final} of ${total} sets are final`;
  const failedRecords = status.records.filter(record => setState(record) === 'failed');
  const failuresIn = (records: readonly L2lRecord[]) => {
    const times = batchClockOf(call.actions, [...status.records, ...records], zone);
    learnClocks(context, times ? { batchClock: times } : {});
    return failedSets(call.actions, records, memory().facts().batchClock, zone);
  };
  const refused = failuresIn(failedRecords);
  const hasNews = [...refused.keys()].some(key => !call.ended?.has(key));
  if (!isFinal && !hasNews) return { kind: 'pending', detail };

  // These are read after the states, so that no error comes later than the list.
  const errors = await readWhole(reader, 'pitchdetails/record_details_batch_errors/', query, signal);
  if (!errors.ok) return { kind: 'failed', outcome: errors.outcome };
  // A set whose error is not shown would count as recorded.
  if (status.cut || errors.cut) return search.follow(call, signal);
  const failed = new Map([...refused, ...failuresIn(errors.records)]);
  if (!isFinal) return { kind: 'pending', detail, failed };
  // A set that failed early, and that a person sent again, is in another call by now.
  const moved = total - call.actions.length;
  const expected = Math.max(errors.records.length, failedRecords.length) - moved;
  if (failed.size < expected) {
    const words = errors.records.map(setWords).join('; ');
    return {
      kind: 'undecided',
      detail: `${expected} sets of batch ${batchId} failed, not all can be named: ${words}`,
    };
  }
  await search.confirmed(
    call,
    call.actions.filter(({ key }) => !failed.has(key)),
    signal,
  );
  return {
    kind: 'final',
    failed,
    detail: `${call.actions.length - failed.size} of ${total} sets of batch ${batchId} are booked`,
  };
}

/** How many sets the request has. The call may have fewer by now. */
function setsIn({ request }: Batch): number {
  const batch: unknown = JSON.parse(new URLSearchParams(request.body).get('batch') ?? '');
  return Array.isArray(batch) ? batch.length : 0;
}
