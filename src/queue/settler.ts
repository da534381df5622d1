import { foundOpen } from '../actions/found-open.ts';
import type { BatchEnd, CallJournal } from '../core/call-journal.ts';
import { type Clock, sleep } from '../core/clock.ts';
import type { CallTransition } from '../core/commit.ts';
import type { Call, CallState, FrozenRequest, StoredAction } from '../core/delivery.ts';
import type { Done } from '../core/done.ts';
import { errorMessage } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Book, Entry, Refusal } from './book.ts';
import { callFacts } from './call-facts.ts';
import type { Gate } from './gate.ts';
import { deadLetter } from './verdicts.ts';

export type SettlerOptions = {
  readonly journal: CallJournal;
  readonly book: Book;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted when the process has to end: an outcome that can't be written is then left to the next start. */
  readonly signal: AbortSignal;
  /** The request for some of a refused call's actions; null: they are not sent one by one. */
  readonly smaller: (call: Call, actions: readonly StoredAction[]) => FrozenRequest | null;
  /** L2L does not know a code of this call. True: it is released, and its actions have other codes by now. */
  readonly correct: (call: Call, detail: string) => Promise<boolean>;
  /** The call is open and wants a job for its `due`. */
  readonly onWaiting: (entry: Entry) => void;
  /** The call is final, or left its lanes: their next actions may go. */
  readonly onLeft: (call: Call) => void;
  /** It is durable that L2L has these actions, or works on them. */
  readonly onDone: (done: Done) => void;
};

/** Calls that ended since the start; `foundOpen`: those that found a dispatch open and opened none. */
export type CallCounts = {
  delivered: number;
  foundOpen: number;
  rejected: number;
  parked: number;
  released: number;
  dropped: number;
};

/** Writes what calls came to, and keeps the book in step with the journal. */
export interface Settler {
  /** A compare-and-set from one of `from`; until it is durable the call counts as running and keeps its lanes. */
  settle(entry: Entry, from: readonly CallState[], to: CallTransition): void;
  finish(entry: Entry, end: BatchEnd): void;
  /** Like `settle`, for a step in the middle of a run: resolves to whether it was so. */
  move(entry: Entry, from: readonly CallState[], to: CallTransition): Promise<boolean>;
  /** L2L does not know a code of this call, which had no effect: true when its rules have other ones by now, and it is over. */
  correct(entry: Entry, detail: string): Promise<boolean>;
  /** The run ended without a change in the journal. */
  putBack(entry: Entry): void;
  /** The journal knows better than the book. */
  reload(entry: Entry): void;

  /** L2L refused this call; whether it refuses everybody is not known yet. */
  suspect(entry: Entry, refusal: Refusal): void;
  /** L2L takes other calls: those it refused are dead letters. */
  giveUpSuspects(): void;
  giveUp(entry: Entry): void;
  /** L2L refused everybody and does not any more: those it refused get a second try. */
  forgiveSuspects(): void;
  forgive(entry: Entry): void;

  readonly counts: Readonly<CallCounts>;
  /** Resolves when every outcome known so far is durable. */
  settled(): Promise<void>;
}

const JOURNAL_RETRY = 1000;
const REFUSED = 'L2L refused a call: dead letter';
const REFUSED_IN_DOUBT = 'L2L refused a call that it may have taken before: parked, a person decides';

export function createSettler(options: SettlerOptions): Settler {
  const { journal, book, gate, clock, log, signal } = options;
  const counts: CallCounts = { delivered: 0, foundOpen: 0, rejected: 0, parked: 0, released: 0, dropped: 0 };
  const writing = new Set<Promise<void>>();
  const suspects = new Set<Entry>();

  function putBack(entry: Entry): void {
    entry.running = false;
    entry.job = null;
    options.onWaiting(entry);
  }

  function leave(entry: Entry, call: Call): void {
    entry.running = false;
    suspects.delete(entry);
    book.delete(call.id);
    options.onLeft(call);
  }

  function reload(entry: Entry): void {
    const call = journal.call(entry.call.id);
    if (!call || isFinal(call.state)) {
      leave(entry, call ?? entry.call);
      return;
    }
    entry.call = call;
    entry.due = call.notBefore;
    putBack(entry);
    if (call.state === 'accepted') options.onLeft(call);
  }

  /** An outcome that can't be written is kept and written again: forgetting it would mean asking L2L, or sending twice. */
  async function durably(write: () => Promise<boolean>): Promise<boolean> {
    for (;;) {
      try {
        const done = await write();
        if (gate.pause?.cause === 'journal') gate.notify({ kind: 'written' });
        return done;
      } catch (cause) {
        gate.notify({ kind: 'journal_failed', detail: errorMessage(cause) });
        await sleep(clock, JOURNAL_RETRY, signal);
      }
    }
  }

  async function end(
    entry: Entry,
    state: CallState,
    write: () => Promise<boolean>,
    done: Done | null = null,
  ): Promise<void> {
    const moved = await durably(write);
    if (moved && done) options.onDone(done);
    if (moved && isFinal(state)) {
      counts[done && isFound(done) ? 'foundOpen' : state] += 1;
      leave(entry, entry.call);
    } else reload(entry);
  }

  function track(work: Promise<void>): void {
    // Rejects only when the process ends first; the next start finds the call as the journal has it.
    const tracked = work.catch(() => {}).finally(() => writing.delete(tracked));
    writing.add(tracked);
  }

  /** L2L refuses a batch as a whole for one bad set: it is halved until that one stands alone, so no other line suffers. */
  async function halve(entry: Entry, half: readonly StoredAction[], request: FrozenRequest, detail: string) {
    const { call } = entry;
    let smaller: Call | null = null;
    const split = await durably(async () => {
      smaller = await journal.split(call.id, half, request, detail);
      return smaller !== null;
    });
    if (!split || !smaller) return reload(entry);
    const next = book.put(smaller, clock.now());
    // Its refusal is known to be no general one.
    next.cleared = true;
    leave(entry, call);
    options.onWaiting(next);
  }

  async function correct(entry: Entry, detail: string): Promise<boolean> {
    const { call } = entry;
    const isCorrected = await durably(() => options.correct(call, detail));
    if (!isCorrected) return false;
    counts.released += 1;
    leave(entry, journal.call(call.id) ?? call);
    return true;
  }

  function giveUp(entry: Entry): void {
    const { detail = entry.call.detail ?? '', answer = '', isOwn = false } = entry.refusal ?? {};
    const { call } = entry;
    entry.running = true;
    const half = call.actions.slice(0, Math.ceil(call.actions.length / 2));
    const request = half.length < call.actions.length ? options.smaller(call, half) : null;
    if (request) {
      log.debug({ call: call.id, actions: call.actions.length, detail }, 'L2L refused a batch: it is halved');
      track(halve(entry, half, request, detail));
      return;
    }
    const bury = () => {
      log.error({ ...callFacts(call), detail }, journal.doubts(call.id) > 0 ? REFUSED_IN_DOUBT : REFUSED);
      const to = deadLetter({ detail, answer }, clock.now());
      return end(entry, to.state, () => journal.transition(entry.call.id, ['retry', 'sending'], to));
    };
    track(isOwn ? correct(entry, detail).then(isCorrected => (isCorrected ? undefined : bury())) : bury());
  }

  function forgive(entry: Entry): void {
    if (!entry.refusal) return;
    entry.refusal = null;
    entry.cleared = true;
    suspects.delete(entry);
  }

  return {
    settle(entry, from, to) {
      const done = doneBy(entry.call, to);
      track(end(entry, to.state, () => journal.transition(entry.call.id, from, to), done));
    },
    finish(entry, batch) {
      const done = doneByBatch(entry.call, batch);
      track(end(entry, 'delivered', () => journal.finish(entry.call.id, batch), done));
    },
    move: (entry, from, to) => durably(() => journal.transition(entry.call.id, from, to)),
    correct,
    putBack,
    reload,
    suspect(entry, refusal) {
      entry.refusal = refusal;
      suspects.add(entry);
    },
    giveUpSuspects() {
      for (const entry of suspects) if (!entry.running) giveUp(entry);
    },
    giveUp,
    forgiveSuspects() {
      for (const entry of suspects) forgive(entry);
    },
    forgive,
    counts,
    async settled() {
      while (writing.size > 0) await Promise.all(writing);
    },
  };
}

function isFinal(state: CallState): state is Exclude<keyof CallCounts, 'foundOpen'> {
  return (
    state === 'delivered' || state === 'rejected' || state === 'parked' || state === 'released' || state === 'dropped'
  );
}

/** What L2L has, or works on, after this transition; null: it gets no further by it. */
function doneBy({ state, actions, result }: Call, to: CallTransition): Done | null {
  const { detail } = to;
  if (to.state === 'delivered') return { kind: 'delivered', actions, result: to.result ?? result, detail };
  if (to.state !== 'accepted' || state === 'accepted') return null;
  return { kind: 'accepted', actions, result: to.result ?? result, detail };
}

function doneByBatch({ actions, result, ended }: Call, { failed, parked, detail }: BatchEnd): Done | null {
  const recorded = actions.filter(({ key }) => !failed.has(key) && !parked?.has(key) && !ended?.has(key));
  return recorded.length === 0 ? null : { kind: 'delivered', actions: recorded, result, detail };
}

function isFound({ actions, result }: Done): boolean {
  return actions.some(({ kind }) => foundOpen(kind, result) !== null);
}
