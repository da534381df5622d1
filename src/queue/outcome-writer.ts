import { foundOpen } from '../actions/found-open.ts';
import type { BatchEnd, CallJournal } from '../core/call-journal.ts';
import { type Clock, sleep } from '../core/clock.ts';
import type { CallTransition } from '../core/commit.ts';
import type { Call, CallState, FrozenRequest, StoredAction } from '../core/delivery.ts';
import type { Done } from '../core/done.ts';
import { errorMessage } from '../core/errors.ts';
import type { Breaker } from './breaker.ts';
import type { OpenCall } from './open-call.ts';
import type { OpenCalls } from './open-calls.ts';
import type { Emit } from './queue-event.ts';

export type OutcomeWriterOptions = {
  readonly journal: CallJournal;
  readonly calls: OpenCalls;
  readonly breaker: Breaker;
  readonly clock: Clock;
  /** Aborted when the process has to end. The next start finds the call as the journal has it. */
  readonly signal: AbortSignal;
  /** Called when a code of this call is unknown. True: the call is released, and its actions have other codes by now. */
  readonly correct: (call: Call, detail: string) => Promise<boolean>;
  readonly emit: Emit;
};

/** Calls that ended since the start. `foundOpen`: those that found a dispatch open and opened none. */
export type CallCounts = {
  delivered: number;
  foundOpen: number;
  rejected: number;
  parked: number;
  released: number;
  dropped: number;
};

/** Writes the outcomes of calls, and keeps the open calls in step with the journal. */
export interface OutcomeWriter {
  /** Ends a run by a compare-and-set from one of `from`. Until the outcome is durable, the call counts as running and keeps its lanes. */
  write(open: OpenCall, from: readonly CallState[], to: CallTransition): void;
  /** Ends a followed-up batch. */
  finish(open: OpenCall, end: BatchEnd): void;
  /** Puts some of the actions of a refused call into a new call. The other actions wait again. */
  split(open: OpenCall, keep: readonly StoredAction[], request: FrozenRequest, detail: string): void;
  /** A compare-and-set in the middle of a run: resolves to whether the call was in one of `from`. */
  move(open: OpenCall, from: readonly CallState[], to: CallTransition): Promise<boolean>;
  /**
   * Called when a code of this call is unknown and the call had no effect. True: its rules have other codes by now, and the call is over.
   */
  correct(open: OpenCall, detail: string): Promise<boolean>;
  /** The run ended without a change in the journal. */
  putBack(open: OpenCall): void;
  /** The journal has a newer row of this call. */
  reload(open: OpenCall): void;
  /** Counts `work` as an outcome that is not durable yet. */
  track(work: Promise<void>): void;

  readonly counts: Readonly<CallCounts>;
  /** Resolves when every outcome known so far is durable. */
  written(): Promise<void>;
}

const JOURNAL_RETRY = 1000;

export function createOutcomeWriter(options: OutcomeWriterOptions): OutcomeWriter {
  const { journal, calls, breaker, clock, signal, emit } = options;
  const counts: CallCounts = { delivered: 0, foundOpen: 0, rejected: 0, parked: 0, released: 0, dropped: 0 };
  const writing = new Set<Promise<void>>();

  function leave(open: OpenCall): void {
    open.end();
    calls.delete(open.call.id);
    emit({ kind: 'call_left', open });
  }

  function reload(open: OpenCall): void {
    if (open.place.kind === 'over') return;
    const call = journal.call(open.call.id);
    if (!call || isFinal(call.state)) leave(open);
    else {
      open.renew(call, call.notBefore);
      emit({ kind: 'call_waiting', open });
      if (call.state === 'accepted') emit({ kind: 'call_left', open });
    }
  }

  /** An outcome that cannot be written is kept and written again. Without it, a restart would look up or send the call once more. */
  async function durably(write: () => Promise<boolean>): Promise<boolean> {
    for (;;) {
      try {
        const done = await write();
        if (breaker.pause?.cause === 'journal') emit({ kind: 'evidence', evidence: { kind: 'written' } });
        return done;
      } catch (cause) {
        emit({ kind: 'evidence', evidence: { kind: 'journal_failed', detail: errorMessage(cause) } });
        await sleep(clock, JOURNAL_RETRY, signal);
      }
    }
  }

  async function end(
    open: OpenCall,
    state: CallState,
    write: () => Promise<boolean>,
    done: Done | null = null,
  ): Promise<void> {
    const moved = await durably(write);
    if (moved && done) emit({ kind: 'done', done });
    if (moved && isFinal(state)) {
      counts[done && isFound(done) ? 'foundOpen' : state] += 1;
      leave(open);
    } else reload(open);
  }

  function track(work: Promise<void>): void {
    // Rejects only when the process ends before that.
    const tracked = work.catch(() => {}).finally(() => writing.delete(tracked));
    writing.add(tracked);
  }

  async function split(open: OpenCall, keep: readonly StoredAction[], request: FrozenRequest, detail: string) {
    let smaller: Call | null = null;
    const isSplit = await durably(async () => {
      smaller = await journal.split(open.call.id, keep, request, detail);
      return smaller !== null;
    });
    if (!isSplit || !smaller) return reload(open);
    const next = calls.add(smaller, clock.now());
    next.clear();
    leave(open);
    emit({ kind: 'call_waiting', open: next });
  }

  return {
    write(open, from, to) {
      const done = doneBy(open.call, to);
      track(end(open, to.state, () => journal.transition(open.call.id, from, to), done));
    },
    finish(open, batch) {
      const done = doneByBatch(open.call, batch);
      track(end(open, 'delivered', () => journal.finish(open.call.id, batch), done));
    },
    split: (open, keep, request, detail) => track(split(open, keep, request, detail)),
    move: (open, from, to) => durably(() => journal.transition(open.call.id, from, to)),
    async correct(open, detail) {
      const isCorrected = await durably(() => options.correct(open.call, detail));
      if (!isCorrected) return false;
      counts.released += 1;
      leave(open);
      return true;
    },
    putBack(open) {
      open.putBack();
      emit({ kind: 'call_waiting', open });
    },
    reload,
    track,
    counts,
    async written() {
      while (writing.size > 0) await Promise.all(writing);
    },
  };
}

function isFinal(state: CallState): state is Exclude<keyof CallCounts, 'foundOpen'> {
  return (
    state === 'delivered' || state === 'rejected' || state === 'parked' || state === 'released' || state === 'dropped'
  );
}

/** The actions that this transition makes delivered or accepted; null: there are none. */
function doneBy({ state, actions, result }: Call, to: CallTransition): Done | null {
  const { detail } = to;
  if (to.state === 'delivered') return { kind: 'delivered', actions, result: to.result ?? result, detail };
  if (to.state !== 'accepted' || state === 'accepted') return null;
  return { kind: 'accepted', actions, result: to.result ?? result, detail };
}

function doneByBatch({ actions, result, ended }: Call, { failed, parked, again, detail }: BatchEnd): Done | null {
  const others = [failed, parked, again, ended];
  const recorded = actions.filter(({ key }) => !others.some(keys => keys?.has(key)));
  return recorded.length === 0 ? null : { kind: 'delivered', actions: recorded, result, detail };
}

function isFound({ actions, result }: Done): boolean {
  return actions.some(({ kind }) => foundOpen(kind, result) !== null);
}
