import type { Follow, Look } from '../../core/delivery.ts';
import { textField } from '../envelope.ts';
import { apiPath, encodeFields } from '../form.ts';
import { ANY_OFFSET, createPitchDetails } from '../pitch-details.ts';
import {
  errorName,
  errorsAbout,
  type Fate,
  failedSets,
  fatesOf,
  setFields,
  setState,
  setTimes,
  setWords,
} from '../record-sets.ts';
import { type ActionContext, type ActionHandler, type ActionOf, type CallOf, defineAction } from './action.ts';

/** L2L's clock may be behind ours (ms). */
const CLOCK_MARGIN = 10 * 60_000;
/** How long after the send a batch whose id was lost is looked for (ms). */
const FOLLOWED_FOR = 3_600_000;
/** How long after the send a batch that L2L lists as under way is waited for (ms): then it is looked for too. */
const WAITED_FOR = 24 * 3_600_000;
const MISSING: Fate = { kind: 'missing' };
const NEVER_CAME =
  'L2L took the batch of this set, and has neither booked it nor refused it since; look for it in L2L before it is sent again';

/** Books production details. Sets of many lines share a call; L2L takes the batch at once and works on it later. */
export const recordDetails = defineAction({
  kind: 'record_details',
  worksLater: true,
  create: createHandler,
});

type Set = ActionOf<'record_details'>;

/** What L2L refused, where it refused any. */
function refusedOf(fates: ReadonlyMap<string, Fate>): { readonly failed?: ReadonlyMap<string, string> } {
  const failed = [...fates].flatMap(([key, fate]) => (fate.kind === 'failed' ? [[key, fate.detail] as const] : []));
  return failed.length > 0 ? { failed: new Map(failed) } : {};
}

function createHandler({ site, zone, clock, reader }: ActionContext): ActionHandler<'record_details'> {
  const pitchDetails = createPitchDetails(reader, site, zone);
  /** What is settled of batches followed up without their id: it is not read again. */
  const settled = new Map<number, Map<string, Fate>>();
  /** When batches were taken that are still worked on. */
  const taken = new Map<number, number>();
  let slowest = 0;
  const nameOf = ({ params }: Set) => `${params.line} ${setTimes(params, zone).start}`;

  const sinceOf = (call: CallOf<'record_details'>) => call.createdAt - CLOCK_MARGIN;

  /** The errors of any batch since shortly before this one was made. */
  function readErrors(call: CallOf<'record_details'>, signal: AbortSignal) {
    // Whose clock `start` goes by is not said: the earliest it can mean is early enough, what is too old is sorted out later.
    const query = { site, start: zone.minute(sinceOf(call) - ANY_OFFSET) };
    return reader.read('pitchdetails/record_details_batch_errors/', query, signal);
  }

  /** What became of the sets of a batch whose id was lost; or why that could not be read. */
  async function readFates(call: CallOf<'record_details'>, signal: AbortSignal) {
    const known = settled.get(call.id) ?? new Map<string, Fate>();
    const open = call.actions.filter(set => !known.has(set.key));
    if (open.length === 0) return { ok: true, fates: known } as const;
    const read = await readErrors(call, signal);
    if (!read.ok) return read;
    const former = new Set(call.base?.errors);
    const errors = read.records.filter(record => !former.has(errorName(record)));

    const fates = new Map(known);
    for (const [line, sets] of Map.groupBy(open, set => set.params.line)) {
      const booked = await pitchDetails.read(
        line,
        sets.map(set => set.params),
        signal,
      );
      if (!booked.ok) return booked;
      // All sets of the line are matched, so that none of the open ones is given the record of a settled one.
      const all = call.actions.filter(set => set.params.line === line);
      const found = fatesOf(all, { details: booked.records, errors }, zone, sinceOf(call));
      for (const { key } of sets) fates.set(key, found.get(key) ?? MISSING);
    }
    return { ok: true, fates } as const;
  }

  function remember(call: number, fates: ReadonlyMap<string, Fate>): void {
    settled.set(call, new Map([...fates].filter(([, fate]) => fate.kind !== 'missing')));
  }

  async function look(call: CallOf<'record_details'>, signal: AbortSignal): Promise<Look> {
    settled.delete(call.id);
    const read = await readFates(call, signal);
    if (!read.ok) return { kind: 'failed', outcome: read.outcome };
    const of = (...kinds: Fate['kind'][]) =>
      call.actions.filter(set => kinds.includes((read.fates.get(set.key) ?? MISSING).kind));
    const total = call.actions.length;
    const missing = of('missing');
    if (of('booked').length === total) return { kind: 'applied', result: {}, detail: `all ${total} sets are booked` };
    if (missing.length === total) return { kind: 'absent', detail: `none of the ${total} sets is booked or in error` };
    // Any trace means that L2L took the batch: what is missing may still come, and must not be sent again.
    remember(call.id, read.fates);
    const parts = [
      `${of('booked', 'different').length} of ${total} sets are booked`,
      of('failed').length > 0 ? `in error: ${of('failed').map(nameOf).join(', ')}` : '',
      missing.length > 0 ? `not yet there: ${missing.map(nameOf).join(', ')}` : '',
    ];
    return { kind: 'accepted', result: {}, detail: parts.filter(Boolean).join('; ') };
  }

  const sinceSent = (call: CallOf<'record_details'>) => clock.now() - (call.sentAt ?? call.createdAt);

  /** A batch L2L took, whose id was lost with its answer: looked for set by set, for an hour. */
  async function followByLooking(call: CallOf<'record_details'>, signal: AbortSignal): Promise<Follow> {
    const read = await readFates(call, signal);
    if (!read.ok) return { kind: 'failed', outcome: read.outcome };
    const { fates } = read;
    remember(call.id, fates);
    const total = call.actions.length;
    const isOver = sinceSent(call) >= FOLLOWED_FOR;
    const final = [...fates.values()].filter(fate => fate.kind !== 'missing').length;
    if (final < total && !isOver)
      return { kind: 'pending', detail: `${final} of ${total} sets are final`, ...refusedOf(fates) };

    settled.delete(call.id);
    const failed = new Map<string, string>();
    const parked = new Map<string, string>();
    for (const { key } of call.actions) {
      const fate = fates.get(key) ?? MISSING;
      if (fate.kind === 'failed') failed.set(key, fate.detail);
      if (fate.kind === 'different') parked.set(key, fate.detail);
      if (fate.kind === 'missing') parked.set(key, NEVER_CAME);
    }
    const booked = total - failed.size - parked.size;
    return { kind: 'final', failed, parked, detail: `${booked} of ${total} sets are booked, found by their times` };
  }

  async function follow(call: CallOf<'record_details'>, signal: AbortSignal): Promise<Follow> {
    const batchId = call.result?.batchId;
    if (batchId === undefined) return followByLooking(call, signal);
    const query = { site, batch_id: batchId };
    const status = await reader.read('pitchdetails/record_details_batch_status/', query, signal);
    if (!status.ok) return { kind: 'failed', outcome: status.outcome };

    const total = setsIn(call);
    const states = status.records.map(setState);
    const final = states.filter(state => state !== 'pending').length;
    const isFinal = final >= total && final >= states.length;
    if (!isFinal && sinceSent(call) >= WAITED_FOR) return followByLooking(call, signal);
    const detail = `${final} of ${total} sets are final`;
    const refused = failedSets(
      call.actions,
      status.records.filter(record => setState(record) === 'failed'),
      zone,
    );
    if (!isFinal && [...refused.keys()].every(key => call.ended?.has(key))) return { kind: 'pending', detail };

    // Read after the states are final: an error that comes later than the list would be missed.
    const errors = await reader.read('pitchdetails/record_details_batch_errors/', query, signal);
    if (!errors.ok) return { kind: 'failed', outcome: errors.outcome };
    const failed = new Map([...refused, ...failedSets(call.actions, errors.records, zone)]);
    if (!isFinal) return { kind: 'pending', detail, failed };
    noteTime(call.id);
    // One that a person had sent again before the others were final is in another call by now.
    const gone = total - call.actions.length;
    const expected = Math.max(errors.records.length, states.filter(state => state === 'failed').length) - gone;
    if (failed.size < expected) {
      const words = errors.records.map(setWords).join('; ');
      return {
        kind: 'undecided',
        detail: `${expected} sets of batch ${batchId} failed, not all can be named: ${words}`,
      };
    }
    return {
      kind: 'final',
      failed,
      detail: `${call.actions.length - failed.size} of ${total} sets of batch ${batchId} are booked`,
    };
  }

  function noteTime(call: number): void {
    slowest = Math.max(slowest, clock.now() - (taken.get(call) ?? clock.now()));
    taken.delete(call);
  }

  return {
    freeze(actions) {
      const batch = JSON.stringify(actions.map(({ params }) => setFields(params, zone)));
      const path = apiPath('pitchdetails/record_details_batch/');
      return { kind: 'request', request: { method: 'POST', path, body: encodeFields({ site, batch }) } };
    },

    async prepare(call, signal) {
      const again = call.actions.filter(set => set.guarded);
      if (again.length === 0) return { kind: 'send', base: null };
      // When this answer is lost, what L2L refused before must not be taken for what becomes of it now.
      const read = await readErrors(call, signal);
      if (!read.ok) return { kind: 'failed', outcome: read.outcome };
      return { kind: 'send', base: { errors: errorsAbout(again, read.records, zone), at: clock.now() } };
    },

    succeeded(call, envelope, answer) {
      const batchId = textField(envelope.body, 'batch_id');
      if (batchId === undefined)
        return { kind: 'unknown', reason: 'unreadable', detail: 'L2L said success but gave no batch id' };
      taken.set(call.id, clock.now());
      return { kind: 'accepted', result: { batchId }, answer };
    },

    slowest: () => slowest,

    look,
    follow,
  };
}

/** How many sets L2L was sent, whichever of them the call still has. */
function setsIn({ request }: CallOf<'record_details'>): number {
  const batch: unknown = JSON.parse(new URLSearchParams(request.body).get('batch') ?? '');
  return Array.isArray(batch) ? batch.length : 0;
}
