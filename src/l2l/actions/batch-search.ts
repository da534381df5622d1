import type { Follow, Look } from '../../core/delivery.ts';
import { ANY_OFFSET, createPitchDetails } from '../pitch-details.ts';
import { type Pages, readWhole } from '../reader.ts';
import { errorName } from '../record-sets.ts';
import { type Clocks, type Fate, fatesOf, MISSING, type SetRecords } from '../set-fates.ts';
import { areListed, clockOf } from '../set-matches.ts';
import { setTimes } from '../set-times.ts';
import { createSiteZone } from '../site-time.ts';
import type { ActionContext, ActionOf, CallOf } from './action.ts';

type Batch = CallOf<'record_details'>;

/** Finds out what became of a batch without its id, which was lost with L2L's answer: it searches L2L for each set by its times. */
export interface BatchSearch {
  /** The errors that L2L lists since shortly before this batch was made, of any batch. */
  errors(call: Batch, signal: AbortSignal): Promise<Pages>;
  look(call: Batch, signal: AbortSignal): Promise<Look>;
  follow(call: Batch, signal: AbortSignal): Promise<Follow>;
  /** L2L has booked these sets of the batch. The first ones show by which clock it gives the times of sets. */
  confirmed(call: Batch, sets: Batch['actions'], signal: AbortSignal): Promise<void>;
  /** L2L's state of a batch is in a word that the gateway does not know: it is logged once. */
  strangeWord(word: string): void;
}

/** L2L's clock may be behind the gateway's (ms). */
const CLOCK_MARGIN = 10 * 60_000;
const UTC = createSiteZone('UTC');
const CLOCKS = [
  ['detailClock', 'production details'],
  ['batchClock', 'the sets of a batch'],
] as const;
/** The search for a set ends this long after the send (ms). */
const SEARCHED_FOR = 3_600_000;
const NEVER_CAME =
  'L2L took the batch of this set, and has neither booked it nor refused it since; look for it in L2L before it is sent again';

const HIDDEN = 'L2L did not list record sets that it had reported as done, so a set that is not listed may be in L2L';
const CUT = 'L2L gave only a part of its list of errors';
const STRANGE_WORD =
  'L2L names the state of a record set with a word that the gateway does not know; it looks for the sets themselves';

export function createBatchSearch(context: ActionContext): BatchSearch {
  const { site, zone, clock, reader, memory, recordedSets: recorded } = context;
  const pitchDetails = createPitchDetails(reader, site, zone);
  /** Sets with a final fate, by call: they are not read again. */
  const final = new Map<number, ReadonlyMap<string, Fate>>();
  const strangeWords = new Set<string>();
  const nameOf = ({ params }: ActionOf<'record_details'>) => `${params.line} ${setTimes(params, zone).start}`;
  const sinceOf = (call: Batch) => call.createdAt - CLOCK_MARGIN;

  function errors(call: Batch, signal: AbortSignal): Promise<Pages> {
    // It is not documented which clock `start` goes by. So this is its earliest meaning, and errors that are too old are dropped later.
    const query = { site, start: zone.minute(sinceOf(call) - ANY_OFFSET) };
    return readWhole(reader, 'pitchdetails/record_details_batch_errors/', query, signal);
  }

  /** The fate of every set of a batch, by key. */
  async function readFates(call: Batch, signal: AbortSignal) {
    const known = final.get(call.id) ?? new Map<string, Fate>();
    const open = call.actions.filter(set => !known.has(set.key));
    if (open.length === 0) return { ok: true, fates: known } as const;
    const read = await errors(call, signal);
    if (!read.ok) return read;
    const earlier = new Set(call.base?.errors);
    const own = read.records.filter(record => !earlier.has(errorName(record)));

    const fates = new Map(known);
    for (const [line, sets] of Map.groupBy(open, set => set.params.line)) {
      const params = sets.map(set => set.params);
      const booked = await pitchDetails.read(line, params, signal);
      if (!booked.ok) return booked;
      // All sets of the line are matched, so that no open set gets the record of a final one.
      const all = call.actions.filter(set => set.params.line === line);
      const found = fatesNow(all, { details: booked.records, errors: own }, sinceOf(call));
      const gap = booked.gap ?? (read.cut ? CUT : null) ?? (memory().facts().setsAreHidden ? HIDDEN : null);
      // What L2L may have and did not show is not missing.
      const missing: Fate = gap === null ? MISSING : { kind: 'doubtful', detail: `${gap}; look for this set in L2L` };
      for (const { key } of sets) {
        const fate = found.get(key) ?? MISSING;
        fates.set(key, fate.kind === 'missing' ? missing : fate);
      }
    }
    return { ok: true, fates } as const;
  }

  /** When the records show the clock of L2L's times, they are read by it at once. */
  function fatesNow(sets: Batch['actions'], records: SetRecords, since: number): ReadonlyMap<string, Fate> {
    const find = () => fatesOf(sets, records, { zone, since, recorded, clocks: memory().facts() });
    const { fates, shown } = find();
    return learnClocks(context, shown) ? find().fates : fates;
  }

  function rememberFinal(call: Batch, fates: ReadonlyMap<string, Fate>): void {
    const isFinal = ({ kind }: Fate) => kind !== 'missing' && kind !== 'doubtful';
    final.set(call.id, new Map([...fates].filter(([, fate]) => isFinal(fate))));
  }

  function learnHidden(setsAreHidden: boolean): void {
    if (setsAreHidden === (memory().facts().setsAreHidden ?? false)) return;
    memory().learn({ setsAreHidden }, setsAreHidden ? HIDDEN : null);
    if (setsAreHidden) context.log.warn({ site }, HIDDEN);
  }

  const isOver = (call: Batch) => clock.now() - (call.sentAt ?? call.createdAt) >= SEARCHED_FOR;

  /** No set is certainly there, and none is certainly missing. Another batch may show the clock of L2L's times soon. */
  function inDoubt(call: Batch, fates: ReadonlyMap<string, Fate>): Look {
    const [detail = ''] = [...fates.values()].flatMap(fate => (fate.kind === 'doubtful' ? fate.detail : []));
    return { kind: isOver(call) ? 'undecided' : 'pending', detail };
  }

  return {
    errors,

    strangeWord(word) {
      if (strangeWords.has(word)) return;
      strangeWords.add(word);
      context.log.warn({ site, word }, STRANGE_WORD);
    },

    async confirmed(call, sets, signal) {
      const newest = sets.at(-1);
      const hasOffset = newest && zone.exact(newest.params.end) !== UTC.exact(newest.params.end);
      if (!hasOffset || memory().facts().detailClock !== undefined) return;
      const own = sets.filter(set => set.params.line === newest.params.line);
      const params = own.map(set => set.params);
      const read = await pitchDetails.read(newest.params.line, params, signal);
      if (!read.ok) return;
      const since = sinceOf(call);
      const detailClock = clockOf(own, read.records, { zone, since });
      if (detailClock) learnClocks(context, { detailClock });
      if (read.gap === null) learnHidden(!areListed(own, read.records, zone));
    },

    async look(call, signal) {
      final.delete(call.id);
      const read = await readFates(call, signal);
      if (!read.ok) return { kind: 'failed', outcome: read.outcome };
      const setsThatAre = (...kinds: Fate['kind'][]) =>
        call.actions.filter(set => kinds.includes((read.fates.get(set.key) ?? MISSING).kind));
      const total = call.actions.length;
      const missing = setsThatAre('missing');
      const doubtful = setsThatAre('doubtful');
      if (setsThatAre('booked').length === total)
        return { kind: 'applied', result: {}, detail: `all ${total} sets are booked` };
      if (missing.length === total)
        return { kind: 'absent', detail: `none of the ${total} sets is booked or in error` };
      if (doubtful.length > 0 && missing.length + doubtful.length === total) return inDoubt(call, read.fates);
      // Any trace means that L2L took the batch. A set that is missing may still be booked, so it is not sent again.
      rememberFinal(call, read.fates);
      const failed = setsThatAre('failed');
      const parts = [
        `${setsThatAre('booked', 'different').length} of ${total} sets are booked`,
        failed.length > 0 ? `in error: ${failed.map(nameOf).join(', ')}` : '',
        missing.length > 0 ? `not yet there: ${missing.map(nameOf).join(', ')}` : '',
        doubtful.length > 0 ? `in doubt: ${doubtful.map(nameOf).join(', ')}` : '',
      ];
      return { kind: 'accepted', result: {}, detail: parts.filter(Boolean).join('; ') };
    },

    async follow(call, signal) {
      const read = await readFates(call, signal);
      if (!read.ok) return { kind: 'failed', outcome: read.outcome };
      const { fates } = read;
      rememberFinal(call, fates);
      const total = call.actions.length;
      const found = final.get(call.id)?.size ?? 0;
      if (found < total && !isOver(call)) {
        const { failed } = failuresOf(call, fates);
        return { kind: 'pending', detail: `${found} of ${total} sets are final`, ...(failed.size > 0 && { failed }) };
      }
      final.delete(call.id);
      const { failed, parked } = failuresOf(call, fates);
      const booked = total - failed.size - parked.size;
      return { kind: 'final', failed, parked, detail: `${booked} of ${total} sets are booked, found by their times` };
    },
  };
}

/** Whether this is new. A fact that is known already stays. */
export function learnClocks({ site, memory, log }: ActionContext, shown: Clocks): boolean {
  const known = memory().facts();
  let isNew = false;
  for (const [name, what] of CLOCKS) {
    const clock = shown[name];
    if (clock === undefined || known[name] !== undefined) continue;
    isNew = true;
    const words = `L2L gives the times of ${what} in ${clock === 'utc' ? 'UTC' : 'site time'}`;
    memory().learn({ [name]: clock }, clock === 'utc' ? words : null);
    log.info({ site }, words);
  }
  return isNew;
}

/** By key: the sets that L2L refused, and the sets about which a person has to decide. */
function failuresOf(call: Batch, fates: ReadonlyMap<string, Fate>) {
  const failed = new Map<string, string>();
  const parked = new Map<string, string>();
  for (const { key } of call.actions) {
    const fate = fates.get(key) ?? MISSING;
    if (fate.kind === 'failed') failed.set(key, fate.detail);
    if (fate.kind === 'different' || fate.kind === 'doubtful') parked.set(key, fate.detail);
    if (fate.kind === 'missing') parked.set(key, NEVER_CAME);
  }
  return { failed, parked };
}
