import type { ActionKind } from '../actions/action.ts';
import type { Destination } from '../actions/kind.ts';
import { kindOf } from '../actions/registry.ts';
import type { CallJournal } from '../core/call-journal.ts';
import type { Clock } from '../core/clock.ts';
import type { ClockGuard } from '../core/clock-watch.ts';
import type { Call, Delivery } from '../core/delivery.ts';
import type { Done } from '../core/done.ts';
import type { Logger } from '../core/logger.ts';
import { createBacklogLog } from './backlog-log.ts';
import { type BreakerOptions, createBreaker } from './breaker.ts';
import type { Carrier } from './carrier.ts';
import { type DestinationStatus, destinationStatus } from './destination-status.ts';
import { createDispatcher } from './dispatcher.ts';
import { createLaneLog } from './lane-log.ts';
import type { OpenCall } from './open-call.ts';
import { createOpenCalls } from './open-calls.ts';
import { createOutcomeWriter } from './outcome-writer.ts';
import { createPasses } from './passes.ts';
import { createProbe } from './probe.ts';
import type { QueueEvent } from './queue-event.ts';
import { queueWords } from './queue-words.ts';
import { createRefusals } from './refusals.ts';
import { createRefusedParts } from './refused-parts.ts';
import { createScheduler } from './scheduler.ts';
import { createSweeper } from './sweeper.ts';
import { abandoned, refusalWords, TIMING_DEFAULTS, type Timings } from './verdicts.ts';
import { createWorker } from './worker.ts';

export type DestinationOptions = {
  /** Its name for people: `L2L`. */
  readonly name: string;
  readonly delivery: Delivery;
  /** How many requests may be on their way at once, 1 to 64. */
  readonly concurrency: number;
  /** The calls per millisecond that it allows; null: no limit. The number decides how far ahead calls are built. */
  readonly rate: number | null;
  readonly timings?: Partial<Timings>;
  readonly breaker?: Partial<BreakerOptions>;
  /**
   * Called when a code of this call is unknown and the call had no effect. True: the call is over, and its actions wait again with other
   * codes. Left out: never true.
   */
  readonly correct?: (call: Call, detail: string) => Promise<boolean>;
  /** Whether nothing may be sent at present. Left out: never. */
  readonly holds?: () => boolean;
};

/** The parts that all destinations share. */
export type SharedParts = {
  readonly journal: CallJournal;
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly clockGuard: ClockGuard;
  readonly log: Logger;
  readonly random: () => number;
  readonly whereOf: (rule: string) => string | undefined;
  readonly onDone: (done: Done) => void;
  readonly sweepEvery: number;
  /** Aborted when calls on their way have to end. */
  readonly signal: AbortSignal;
  readonly isStopping: () => boolean;
};

/** The calls to one destination, from the lanes to the outcomes. No destination waits for another one. */
/** An action that L2L may refuse; `detail`: why it waits. */
export type RefusedAction = {
  readonly id: number;
  readonly kind: ActionKind;
  readonly lane: string;
  readonly detail: string | null;
};

export interface DestinationQueue {
  /** Redis answers, and only a pause can hold calls back. */
  isReady(): boolean;
  /** Builds calls from the lanes and gives them jobs. */
  pass(): void;
  /** Also looks at held actions again. */
  reconsider(): void;
  /** See CallQueue. */
  endRepeats(action: RefusedAction): Promise<void>;
  /** Takes over the journal's open calls. */
  reconcile(): void;
  /** Gives every open call a job that Redis confirms. Rejects when Redis goes away meanwhile. */
  sweep(): Promise<void>;
  /** A sweep ended, so time has passed. */
  swept(): void;
  probeNow(): void;
  /** The destination accepts its key. */
  keyTaken(): void;
  logBacklog(): void;
  status(): DestinationStatus;
  /** Takes no more jobs. */
  stop(): void;
  readonly running: number;
  /** Resolves when every outcome known so far is durable. */
  written(): Promise<void>;
}

/** How far ahead calls are built (ms). A later action can join a call only before the call is built. */
const BUDGET_AHEAD = 2000;
const MOST_CONCURRENCY = 64;
/** A job that is due for this many sweeps, and does not run although there is room, gets replaced. */
const OVERDUE_SWEEPS = 5;

export function createDestination(id: Destination, own: DestinationOptions, shared: SharedParts): DestinationQueue {
  const { journal, carrier, clock, clockGuard, log, signal, isStopping } = shared;
  const { delivery, rate } = own;
  const concurrency = Math.max(1, Math.min(MOST_CONCURRENCY, Math.floor(own.concurrency)));
  const timings = { ...TIMING_DEFAULTS, ...own.timings };
  const words = queueWords(own.name);
  const mostFrozen = Math.max(2 * concurrency, Math.floor((rate ?? 0) * BUDGET_AHEAD));

  // A clock in doubt ends with its life, so nothing has to be started again afterwards.
  const isHeld = () => isStopping() || clockGuard.doubt() !== null || own.holds?.() === true;
  const isReady = () => carrier.link.up && !isHeld();
  const admits = (open: OpenCall) => !isHeld() && (breaker.pause === null || probe.is(open));

  const calls = createOpenCalls();
  const breaker = createBreaker({ clock, log, words, options: own.breaker, emit });
  const { correct = async () => false } = own;
  const outcomes = createOutcomeWriter({ journal, calls, breaker, clock, signal, correct, emit });
  const laneLog = createLaneLog({ clock, log, words, whereOf: shared.whereOf });
  const { random } = shared;
  const refusals = createRefusals({ journal, delivery, outcomes, clock, timings, random, laneLog, log, words });
  const refusedParts = createRefusedParts(clock, timings, laneLog);
  const now = () => clock.now();
  const scheduler = createScheduler({ journal, delivery, destination: id, calls, now, log, mostFrozen, emit });
  const probe = createProbe({ calls, breaker, clock, refusals, scheduler, ready: isReady, emit });
  const run = createWorker({
    ...{ journal, delivery, calls, breaker, outcomes, refusals, clock, timings, log, words, signal, admits, emit },
    ...{ random, laneLog, refusedParts, rate, concurrency },
    standstills: () => clockGuard.standstills(),
  });
  const jobs = carrier.openJobs(id, { concurrency, run });
  const dispatcher = createDispatcher({ calls, jobs, clock, log, admits: open => carrier.link.up && admits(open) });
  const sweeper = createSweeper({
    openCalls: () => journal.openCalls().filter(({ kind }) => kindOf(kind).destination === id),
    calls,
    jobs,
    dispatch: dispatcher.dispatch,
    isOverdue: open => calls.running < concurrency && clock.now() - open.due > OVERDUE_SWEEPS * shared.sweepEvery,
    doubt(open) {
      open.begin();
      const policy = delivery.policy(open.call.kind);
      const at = { now: clock.now(), random: 0, setbacks: open.setbacks, timings, policy };
      outcomes.write(open, ['sending'], abandoned(at));
    },
  });
  const backlogLog = createBacklogLog(clock, log, words);

  const passes = createPasses({ breaker, probe, scheduler, dispatch: dispatcher.dispatch, isReady, isStopping });

  /** Decides who reacts to the events of the parts. */
  function emit(event: QueueEvent): void {
    switch (event.kind) {
      case 'evidence': {
        const { refusesAll } = breaker;
        breaker.take(event.evidence);
        if (event.evidence.kind === 'accepted' && !refusesAll) refusals.ownAll();
        break;
      }
      case 'paused':
        // A failed commit rolled back everything of its group.
        if (event.pause.cause === 'journal') setImmediate(() => isStopping() || sweeper.reconcile());
        break;
      case 'resumed':
        if (event.ended.cause === 'refused') refusals.forgiveAll();
        dispatcher.release();
        passes.wake();
        break;
      case 'probe_due':
        probe.tryOne();
        break;
      case 'call_waiting':
        dispatcher.dispatch(event.open);
        break;
      case 'call_left':
        refusals.forget(event.open);
        scheduler.forgetHeld(chainsOf(event.open.call));
        passes.wake();
        break;
      case 'run_ended':
        probe.ended(event.call);
        break;
      case 'done':
        shared.onDone(event.done);
    }
  }

  const status = () =>
    destinationStatus({
      ...{ id, journal, calls, breaker, scheduler, outcomes, refusedParts, rate, name: own.name },
      policy: kind => delivery.policy(kind),
      whereOf: shared.whereOf,
    });
  return {
    isReady,
    pass: passes.passNow,
    reconsider() {
      scheduler.forgetHeld();
      passes.wake();
    },
    async endRepeats({ id, lane, detail }) {
      const open = calls.all().find(({ call }) => call.actions.some(action => action.id === id));
      if (open) {
        if (refusals.end(open)) await outcomes.written();
        return;
      }
      const part = journal.waiting(lane, Number.MAX_SAFE_INTEGER).find(action => action.id === id);
      if (part?.refusedSince !== undefined) await journal.giveUp([part], refusalWords(detail ?? ''));
    },
    reconcile: sweeper.reconcile,
    sweep: sweeper.sweep,
    swept: passes.wakeHeld,
    probeNow: breaker.probeNow,
    keyTaken() {
      if (breaker.pause?.cause === 'auth') emit({ kind: 'evidence', evidence: { kind: 'answered' } });
    },
    logBacklog() {
      const { backlog, paused } = status();
      backlogLog.see(backlog, paused === null || paused.cause === 'journal' ? null : own.name);
    },
    status,
    stop() {
      breaker.stop();
      jobs.pause();
    },
    get running() {
      return calls.running;
    },
    written: outcomes.written,
  };
}

function chainsOf({ actions }: Call): ReadonlySet<string> {
  return new Set(actions.flatMap(({ chain }) => chain ?? []));
}
