import type { CallJournal } from '../core/call-journal.ts';
import type { Clock } from '../core/clock.ts';
import type { Delivery, Setback } from '../core/delivery.ts';
import { errorMessage } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Breaker, Evidence } from './breaker.ts';
import type { LaneLog } from './lane-log.ts';
import type { OpenCall } from './open-call.ts';
import type { OutcomeWriter } from './outcome-writer.ts';
import type { Emit } from './queue-event.ts';
import type { QueueWords } from './queue-words.ts';
import type { Refusals } from './refusals.ts';
import type { RefusedParts } from './refused-parts.ts';
import type { Circumstances, Timings } from './verdicts.ts';

/** The parts that the run of a call needs. */
export type RunParts = {
  readonly journal: CallJournal;
  readonly delivery: Delivery;
  readonly breaker: Breaker;
  readonly outcomes: OutcomeWriter;
  readonly refusals: Refusals;
  readonly refusedParts: RefusedParts;
  readonly clock: Clock;
  readonly timings: Timings;
  readonly random: () => number;
  readonly log: Logger;
  readonly laneLog: LaneLog;
  readonly words: QueueWords;
  /** Aborted when calls on their way have to end. */
  readonly signal: AbortSignal;
  /** Whether this call may run now: there is no pause, or the call is the probe. */
  readonly admits: (open: OpenCall) => boolean;
  /** A number that rises each time this process notices that it stood still. */
  readonly standstills: () => number;
  readonly emit: Emit;
};

export function circumstances({ delivery, clock, random, timings }: RunParts, open: OpenCall): Circumstances {
  const policy = delivery.policy(open.call.kind);
  return { now: clock.now(), random: random(), setbacks: open.setbacks, timings, policy };
}

export function report({ emit }: RunParts, evidence: Evidence | null): void {
  if (evidence) emit({ kind: 'evidence', evidence });
}

/** A read about the call failed. */
export function noteFailedRead({ laneLog }: RunParts, open: OpenCall, outcome: Setback): void {
  open.setBack(outcome);
  laneLog.note(open.call, outcome);
}

type Failed = { readonly kind: 'failed'; readonly outcome: Extract<Setback, { kind: 'retry' }> };

/** A read never throws for a fault of the destination. When it throws all the same, it is tried again. */
export async function tryRead<T>(read: () => Promise<T>): Promise<T | Failed> {
  try {
    return await read();
  } catch (cause) {
    return { kind: 'failed', outcome: { kind: 'retry', reason: 'unreadable', detail: errorMessage(cause) } };
  }
}
