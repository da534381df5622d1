import { kindOf } from '../actions/registry.ts';
import type { CallJournal } from '../core/call-journal.ts';
import type { Clock } from '../core/clock.ts';
import type { Call, Delivery, Outcome, Setback } from '../core/delivery.ts';
import { errorMessage } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Book, Entry } from './book.ts';
import { type BreakerEvent, isGeneral } from './breaker.ts';
import { callFacts } from './call-facts.ts';
import type { Gate } from './gate.ts';
import type { JobData } from './jobs.ts';
import { createLaneLog } from './lane-log.ts';
import type { Settler } from './settler.ts';
import {
  abandoned,
  afterFollow,
  afterLook,
  afterSend,
  breakerEventOfSend,
  breakerEventOfSetback,
  type Circumstances,
  isOutdated,
  isTooOld,
  needsPreparing,
  notSent,
  overtaken,
  repeatUnknown,
  sentAnew,
  setback,
  type Timings,
} from './verdicts.ts';

export type WorkerOptions = {
  readonly journal: CallJournal;
  readonly delivery: Delivery;
  readonly book: Book;
  readonly gate: Gate;
  readonly settler: Settler;
  readonly clock: Clock;
  readonly timings: Timings;
  readonly random: () => number;
  readonly log: Logger;
  /** Where a rule is written now, as `file:line`. Left out: as its actions say. */
  readonly whereOf?: ((rule: string) => string | undefined) | undefined;
  /** Aborted when calls on their way have to end. */
  readonly signal: AbortSignal;
  /** Whether this call may run now: the gate is open, or it is the probe. */
  readonly admits: (entry: Entry) => boolean;
  /** Rises each time this process was found to have stood still. */
  readonly standstills: () => number;
};

/**
 * What a job does. Resolves when its request has ended, whatever came of it; false: it was a no-op. Never rejects.
 * The journal's compare-and-set decides whether anything is sent; the job only asks.
 */
export type RunJob = (jobId: string, data: JobData) => Promise<boolean>;

/** Who else holds a dispatch was looked up when its close was built: for so long (ms) that need not be asked again. */
const FRESH = 1000;

/** BullMQ's delays are whole milliseconds of another clock. */
const EARLY = 50;

export function createWorker(options: WorkerOptions): RunJob {
  const { journal, delivery, book, gate, settler, clock, timings, log, signal } = options;
  const laneLog = createLaneLog(log, options.whereOf);

  function circumstances(entry: Entry): Circumstances {
    const policy = delivery.policy(entry.call.kind);
    return { now: clock.now(), random: options.random(), setbacks: entry.setbacks, timings, policy };
  }

  function notify(event: BreakerEvent | null): void {
    if (!event) return;
    const general = isGeneral(gate.state);
    gate.notify(event);
    if (event.kind === 'accepted' && !general) settler.giveUpSuspects();
  }

  /** Why it is not sent so any more: too old by now, its episode ended before its open could leave, its dispatch has another holder. */
  function overtakenBy({ kind, actions, lanes, attempt, createdAt }: Call): string | null {
    const now = clock.now();
    if (actions.some(action => isTooOld(action, now))) return 'too old by now';
    const chain = actions[0]?.chain ?? null;
    const { role } = kindOf(kind).chain;
    const isFresh = role === 'ends' && attempt === 0 && now - createdAt < FRESH;
    // What ends an episode waits behind its open.
    const isLast = role === 'opens' && lanes.every(lane => journal.waiting(lane, 1).length === 0);
    if (chain === null || isFresh || isLast) return null;
    const again = delivery.freeze(actions, journal.chain(chain));
    const isOther = again.kind === 'nothing' || (again.kind === 'request' && again.and !== undefined);
    return isOther ? 'its episode went on meanwhile' : null;
  }

  async function send(entry: Entry, isAdmitted = false): Promise<void> {
    const { call } = entry;
    const why = overtakenBy(call);
    if (why !== null) return settler.settle(entry, ['frozen', 'retry'], overtaken(call, clock.now(), why));
    const standstills = options.standstills();
    let { base } = call;
    if (needsPreparing(call, clock.now())) {
      const prepared = await guarded(() => delivery.prepare(call, signal));
      if (prepared.kind === 'failed') return setBack(entry, prepared.outcome);
      if (prepared.kind === 'again') {
        settler.settle(entry, ['frozen', 'retry'], sentAnew(prepared.detail, clock.now()));
        return notify({ kind: 'answered' });
      }
      if (prepared.kind === 'done') {
        const outcome: Outcome = { kind: 'delivered', result: prepared.result, answer: '' };
        settler.settle(entry, ['frozen', 'retry'], afterSend(outcome, circumstances(entry)));
        return notify({ kind: 'answered' });
      }
      base = prepared.base;
    }
    // A pause or a stop may have begun meanwhile; and what was read before a standstill or a long wait is read again.
    const asked = clock.now();
    const admitted = isAdmitted || (await delivery.admit(signal));
    if (!admitted || !options.admits(entry) || options.standstills() !== standstills) return settler.putBack(entry);
    if (clock.now() - asked > timings.longestWait) return send(entry, true);
    // The read may have waited for the budget as well, for minutes when L2L asked for a pause.
    const since = overtakenBy(call);
    if (since !== null) return settler.settle(entry, ['frozen', 'retry'], overtaken(call, clock.now(), since));
    let sending: Call | null;
    try {
      sending = await journal.markSending(call.id, call.attempt, base, clock.now());
    } catch (cause) {
      notify({ kind: 'journal_failed', detail: errorMessage(cause) });
      return settler.reload(entry);
    }
    if (!sending) return settler.reload(entry);
    if (gate.pause?.cause === 'journal') notify({ kind: 'written' });
    entry.call = sending;
    // The disk may have been long over the mark, or the process stood still: then it begins anew with what was read before.
    const marked = clock.now();
    if (!options.admits(entry) || isOutdated(sending, marked))
      return settler.settle(entry, ['sending'], notSent(marked));
    conclude(entry, await attempt(sending));
  }

  async function attempt(call: Call): Promise<Outcome> {
    try {
      return await delivery.send(call, signal);
    } catch (cause) {
      // A defect in the delivery: nobody can say whether the request left.
      return { kind: 'unknown', reason: 'unreadable', detail: errorMessage(cause) };
    }
  }

  function conclude(entry: Entry, outcome: Outcome): void {
    const { call } = entry;
    entry.setback = null;
    if (outcome.kind === 'delivered' || outcome.kind === 'accepted') entry.setbacks = 0;
    else {
      entry.setbacks += 1;
      const isDoubtful = outcome.kind === 'unknown' && outcome.reason !== 'stopped';
      // Asked about every minute from then on, perhaps for hours.
      const isNewlyBlocked =
        outcome.kind === 'again' && outcome.reason === 'blocked' && call.actions.every(action => !action.notBefore);
      if (isDoubtful) log.warn({ ...callFacts(call), detail: outcome.detail }, DOUBTFUL);
      else if (isNewlyBlocked) log.warn({ ...callFacts(call), detail: outcome.detail }, BLOCKED);
      else log.debug({ ...callFacts(call), outcome: outcome.kind, detail: outcome.detail }, 'call not delivered');
    }
    laneLog.note(call, outcome);
    if (outcome.kind === 'rejected') {
      settler.suspect(entry, outcome);
      // A refusal that names a code of this call is its own, whatever L2L does with others.
      if (outcome.isOwn || (entry.cleared && !isGeneral(gate.state))) {
        settler.giveUp(entry);
        notify({ kind: 'answered' });
        return;
      }
    }
    settler.settle(entry, ['sending'], afterSend(outcome, circumstances(entry)));
    notify(breakerEventOfSend(call, outcome));
  }

  function failed(entry: Entry, outcome: Setback): void {
    entry.setbacks += 1;
    entry.setback = outcome;
    laneLog.note(entry.call, outcome);
  }

  /** A read failed before anything was sent. */
  async function setBack(entry: Entry, outcome: Setback): Promise<void> {
    // Only what was never sent: an attempt before this one may have been read under the former code.
    const isUnknown = outcome.reason === 'code' && entry.call.attempt === 0;
    if (isUnknown && (await settler.correct(entry, outcome.detail))) return notify({ kind: 'answered' });
    failed(entry, outcome);
    const at = circumstances(entry);
    settler.settle(entry, ['frozen', 'retry'], { state: 'retry', at: at.now, ...setback(outcome, at) });
    notify(breakerEventOfSetback(entry.call, outcome));
  }

  async function look(entry: Entry): Promise<void> {
    const { call } = entry;
    const found = await guarded(() => delivery.look(call, signal));
    entry.setback = null;
    if (found.kind === 'failed') failed(entry, found.outcome);
    const doubts = found.kind === 'undecided' ? journal.doubts(call.id) : 0;
    const to = afterLook(call, found, circumstances(entry), doubts);
    if (to.state === 'parked') log.error({ ...callFacts(call), detail: to.detail }, PARKED);
    if (to.state === 'dropped') log.warn({ ...callFacts(call), detail: to.detail }, DROPPED);
    if (found.kind === 'undecided' && to.state === 'released')
      log.warn({ ...callFacts(call), detail: to.detail }, REPEATED);
    settler.settle(entry, ['unknown'], to);
    notify(eventOfRead(call, found));
  }

  async function follow(entry: Entry): Promise<void> {
    const { call } = entry;
    const found = await guarded(() => delivery.follow(call, signal));
    entry.setback = null;
    if (found.kind === 'final' || found.kind === 'pending') {
      for (const action of call.actions) {
        const refusal = call.ended?.has(action.key) ? undefined : found.failed?.get(action.key);
        if (refusal !== undefined) log.error({ ...callFacts(call, [action]), detail: refusal }, FAILED);
      }
    }
    if (found.kind === 'final') {
      for (const action of call.actions) {
        const doubt = found.parked?.get(action.key);
        if (doubt !== undefined) log.error({ ...callFacts(call, [action]), detail: doubt }, PARKED);
      }
      settler.finish(entry, found);
    } else {
      if (found.kind === 'failed') failed(entry, found.outcome);
      const to = afterFollow(call, found, circumstances(entry));
      if (to.state === 'parked') log.error({ ...callFacts(call), detail: to.detail }, PARKED);
      settler.settle(entry, ['accepted'], to);
    }
    notify(eventOfRead(call, found));
  }

  async function step(entry: Entry): Promise<void> {
    switch (entry.call.state) {
      case 'frozen':
      case 'retry':
        return entry.refusal ? settler.giveUp(entry) : send(entry);
      case 'unknown': {
        if (!delivery.mayRepeat(entry.call)) return look(entry);
        if (!(await settler.move(entry, ['unknown'], repeatUnknown(entry.call, clock.now())))) {
          return settler.reload(entry);
        }
        entry.call = journal.call(entry.call.id) ?? entry.call;
        return send(entry);
      }
      case 'accepted':
        return follow(entry);
      case 'sending':
        return settler.settle(entry, ['sending'], abandoned(circumstances(entry)));
      default:
        return settler.reload(entry);
    }
  }

  return async (jobId, data) => {
    const entry = book.get(data.call);
    // A duplicate, a job that a failover brought back, or one whose lock was lost while its first run goes on.
    if (!entry || entry.job !== jobId || entry.running || signal.aborted) return false;
    if (entry.due - clock.now() > EARLY || !options.admits(entry)) {
      settler.putBack(entry);
      return false;
    }
    entry.running = true;
    try {
      await step(entry);
    } catch (cause) {
      if (!signal.aborted) log.error({ call: data.call, error: errorMessage(cause) }, UNEXPECTED);
      settler.reload(entry);
    }
    return true;
  };
}

const PARKED = 'nobody can say whether L2L took a call: parked, a person decides';
const DROPPED = 'nobody can say whether L2L took a call: dropped, as its rule says';
const REPEATED = 'nobody can say whether L2L took a call: sent again, as its rule says';
const BLOCKED = 'L2L opens no dispatch while another one is open on the machine: it waits for that one to be closed';
const DOUBTFUL = 'no answer to a call: L2L may have taken it; it is looked up, or repeated where that doubles nothing';
const FAILED = 'L2L refused a part of a batch: dead letter';
const UNEXPECTED = 'a run ended unexpectedly; the journal decides how its call goes on';

type Failed = { kind: 'failed'; outcome: Extract<Outcome, { kind: 'retry' }> };

/** Reading never throws for what L2L does; what throws all the same is tried again. */
async function guarded<T>(read: () => Promise<T>): Promise<T | Failed> {
  try {
    return await read();
  } catch (cause) {
    return { kind: 'failed', outcome: { kind: 'retry', reason: 'unreadable', detail: errorMessage(cause) } };
  }
}

/** `undecided` can be said without asking L2L, so it says nothing about L2L. */
function eventOfRead(
  call: Call,
  found: { readonly kind: string } | { kind: 'failed'; outcome: Setback },
): BreakerEvent | null {
  if ('outcome' in found) return breakerEventOfSetback(call, found.outcome);
  return found.kind === 'undecided' ? null : { kind: 'answered' };
}
