import type { CallJournal } from '../core/call-journal.ts';
import type { Clock } from '../core/clock.ts';
import type { ClockGuard } from '../core/clock-watch.ts';
import { type Call, type CallState, type Delivery, NO_CHAIN } from '../core/delivery.ts';
import type { Done } from '../core/done.ts';
import { errorMessage } from '../core/errors.ts';
import { endsWithin, Started } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';
import { type Backlog, estimateBacklog } from './backlog.ts';
import { createBacklogLog } from './backlog-log.ts';
import { createBook, type Entry } from './book.ts';
import type { BreakerOptions, Pause } from './breaker.ts';
import { type OpenCarrier, type OwnRedis, redisCarrier } from './carrier.ts';
import { createDispatcher } from './dispatcher.ts';
import { createGate } from './gate.ts';
import { type HeldUp, heldUp } from './held-up.ts';
import { createProbe } from './probe.ts';
import type { RedisAddress } from './redis.ts';
import type { LinkStatus } from './redis-link.ts';
import { refusalWords } from './redis-words.ts';
import { createScheduler } from './scheduler.ts';
import { type CallCounts, createSettler } from './settler.ts';
import { createSweeper } from './sweeper.ts';
import { abandoned, TIMING_DEFAULTS, type Timings } from './verdicts.ts';
import { createWorker } from './worker.ts';

export type CallQueueOptions = {
  readonly journal: CallJournal;
  readonly delivery: Delivery;
  /** A Redis somebody runs, where the gateway's own may put its socket, or another carrier: the chaos suite's keeps virtual time. */
  readonly redis: RedisAddress | OwnRedis | { readonly carrier: OpenCarrier };
  readonly clock: Clock;
  readonly log: Logger;
  /** Requests on their way at once, 1 to 64. */
  readonly concurrency: number;
  /** Calls per millisecond that L2L allows; null: no budget. Decides how far ahead calls are built. */
  readonly rate: number | null;
  readonly timings?: Partial<Timings>;
  readonly breaker?: Partial<BreakerOptions>;
  /** How often Redis is compared with the journal (ms). */
  readonly sweepEvery?: number;
  readonly stalledInterval?: number;
  readonly random?: () => number;
  /** Left out: the clock is right, and the process never stands still. */
  /** Where a rule is written now, as `file:line`. Left out: as its actions say. */
  readonly whereOf?: (rule: string) => string | undefined;
  /**
   * L2L does not know a code of this call, which had no effect. True: it is over, and its actions wait again with other codes. Left
   * out: never.
   */
  readonly correct?: (call: Call, detail: string) => Promise<boolean>;
  /** Nothing may be sent for now, for a reason of its own. Left out: never. */
  readonly holds?: () => boolean;
  readonly clockGuard?: ClockGuard;
  /** It is durable how far the gateway got with these actions. Must not throw. Left out: nobody asks. */
  readonly onDone?: (done: Done) => void;
};

export type CallQueueStatus = {
  readonly redis: LinkStatus;
  /** What is wrong with how Redis is set up, with the line that mends it. */
  readonly redisProblems: readonly string[];
  readonly paused: Pause | null;
  /** Requests under way, and outcomes that are not durable yet. */
  readonly running: number;
  readonly open: Readonly<Partial<Record<CallState, number>>>;
  /** Actions that wait for the open of their episode, or for a person's word about its dead letter. */
  readonly held: number;
  /** What waits for a person who corrects a code, or gives the gateway's user a right. */
  readonly heldUp: readonly HeldUp[];
  readonly backlog: Backlog;
  /** Oldest action in an open call (ms since 1970). */
  readonly oldestOpenAt: number | null;
  /** Since the start. */
  readonly counts: Readonly<CallCounts>;
};

export interface CallQueue {
  /**
   * The journal has new actions, on disk or not yet: calls for them are built now, and leave after the commit. Told before that
   * commit, one does for the actions and for the mark that they are being sent.
   */
  written(): void;
  /** A person changed what waits: what was held back is looked at again too. */
  reconsider(): void;
  /** During a pause: try one call now. */
  probeNow(): void;
  /** L2L takes the key, and nothing holds calls back any more. */
  keyTaken(): void;
  status(): CallQueueStatus;
  /** Lets requests under way end for up to `drain` ms, cuts off the rest, and leaves nothing running. */
  stop(drain: number): Promise<void>;
}

/** How far ahead calls are built: what is not built yet can still be merged with what comes. */
const BUDGET_AHEAD = 2000;
const MOST_CONCURRENCY = 64;
/** How Redis is set up is looked over at every so manieth sweep. */
const LOOK_OVER_EVERY = 30;
const ALWAYS_AWAKE: ClockGuard = { doubt: () => null, standstills: () => 0, isLeft: () => false };
/** A job that is due for so many sweeps, and is not run although there is room, gets a new one. */
const OVERDUE_SWEEPS = 5;
/** After a request was cut off: for its outcome to become durable (ms). */
const LAST_OUTCOMES = 2000;

/**
 * The road from the journal to L2L: scheduler → one BullMQ job a call → worker → outcome. The journal is the truth; Redis may be
 * away, empty or old at any time. Resolves as soon as it runs, also while Redis does not answer.
 */
export async function openCallQueue(options: CallQueueOptions): Promise<CallQueue> {
  const { journal, delivery, clock, log, clockGuard = ALWAYS_AWAKE, onDone = () => {} } = options;
  const concurrency = Math.max(1, Math.min(MOST_CONCURRENCY, Math.floor(options.concurrency)));
  const timings = { ...TIMING_DEFAULTS, ...options.timings };
  const sweepEvery = options.sweepEvery ?? 2000;
  const started = new Started();
  const cutOff = new AbortController();
  const book = createBook();
  let stopping = false;
  let passing: NodeJS.Immediate | undefined;
  let redisProblems: readonly string[] = [];

  // A clock in doubt ends with the life that has it, so nobody has to be woken afterwards.
  const held = () => stopping || clockGuard.doubt() !== null || options.holds?.() === true;
  const ready = () => link.up && !held();
  const isAway = () => gate.pause !== null && gate.pause.cause !== 'journal';
  const admits = (entry: Entry) => !held() && (gate.pause === null || probe.is(entry));
  const dispatch = (entry: Entry) => dispatcher.dispatch(entry);

  const gate = createGate({
    clock,
    log,
    ...(options.breaker && { breaker: options.breaker }),
    onPause: pause => {
      // A commit that failed took everything of its group with it.
      if (pause.cause === 'journal') setImmediate(() => stopping || sweeper.reconcile());
    },
    onOpen(ended) {
      if (ended.cause === 'refused') settler.forgiveSuspects();
      dispatcher.release();
      wake();
    },
    onProbe: () => probe.tryOne(),
  });
  const settler = createSettler({
    correct: options.correct ?? (async () => false),
    smaller(call, actions) {
      if (!delivery.policy(call.kind).acrossLanes) return null;
      const frozen = delivery.freeze(actions, NO_CHAIN);
      return frozen.kind === 'request' ? frozen.request : null;
    },
    journal,
    book,
    gate,
    clock,
    log,
    signal: cutOff.signal,
    onWaiting: dispatch,
    onDone,
    onLeft(call: Call) {
      const chains = new Set(call.actions.map(action => action.chain).filter(chain => chain !== null));
      if (chains.size > 0) scheduler.forgetHeld(chains);
      wake();
    },
  });
  const mostFrozen = Math.max(2 * concurrency, Math.floor((options.rate ?? 0) * BUDGET_AHEAD));
  const scheduler = createScheduler({ journal, delivery, book, now: () => clock.now(), log, mostFrozen, onDone });
  const probe = createProbe({ book, gate, clock, settler, scheduler, dispatch, ready });
  const run = createWorker({
    journal,
    delivery,
    book,
    gate,
    settler,
    clock,
    timings,
    random: options.random ?? Math.random,
    log,
    whereOf: options.whereOf,
    signal: cutOff.signal,
    admits,
    standstills: () => clockGuard.standstills(),
  });

  const open = 'carrier' in options.redis ? options.redis.carrier : redisCarrier(options.redis);
  const carrier = await open(
    {
      journal,
      now: () => clock.now(),
      log,
      concurrency,
      ...(options.stalledInterval !== undefined && { stalledInterval: options.stalledInterval }),
      async run(jobId, data) {
        if (await run(jobId, data)) probe.ended(data.call);
      },
      onUp: () => void onUp(),
      isStopping: () => stopping,
    },
    started,
  );
  const { link, jobs } = carrier;
  const dispatcher = createDispatcher({ book, clock, log, jobs, admits: entry => link.up && admits(entry) });
  const sweeper = createSweeper({
    journal,
    book,
    jobs,
    dispatch,
    isOverdue: entry => book.running < concurrency && clock.now() - entry.due > OVERDUE_SWEEPS * sweepEvery,
    doubt(entry) {
      entry.running = true;
      const policy = delivery.policy(entry.call.kind);
      const at = { now: clock.now(), random: 0, setbacks: entry.setbacks, timings, policy };
      settler.settle(entry, ['sending'], abandoned(at));
    },
  });

  /** After every connect: Redis may be empty, or as it was a while ago. */
  async function onUp(): Promise<void> {
    sweeps = 0;
    await sweep();
    try {
      await carrier.forgetOthers();
    } catch (cause) {
      const refused = refusalWords(errorMessage(cause));
      if (refused)
        log.warn(
          { detail: refused },
          'Redis was not cleared of the jobs of earlier lives; they do nothing, but stay there',
        );
      else
        log.debug({ error: errorMessage(cause) }, 'Redis went away while it was cleared of the jobs of earlier lives');
    }
  }

  /** A setting that was mended, or broken, is seen without a restart. */
  async function lookOver(): Promise<void> {
    const found = await carrier.problems().catch(cause => {
      log.debug({ error: errorMessage(cause) }, 'how Redis is set up could not be read');
      return redisProblems;
    });
    for (const problem of found) if (!redisProblems.includes(problem)) log.error({}, problem);
    redisProblems = found;
  }

  function pass(): void {
    clearImmediate(passing);
    passing = undefined;
    if (!ready()) return;
    if (timePassed) scheduler.forgetHeld();
    timePassed = false;
    if (gate.pause) probe.tryOne();
    else for (const entry of scheduler.fill()) dispatch(entry);
  }

  function wake(): void {
    if (!stopping && !passing) passing = setImmediate(pass);
  }

  async function sweepOnce(): Promise<void> {
    await carrier.touch?.();
    if (sweeps++ % LOOK_OVER_EVERY === 0) await lookOver();
    await sweeper.sweep();
  }

  let sweeps = 0;
  let timePassed = false;
  let sweeping: Promise<void> | undefined;
  function sweep(): Promise<void> {
    if (!ready()) return Promise.resolve();
    sweeping ??= sweepOnce()
      .catch(cause => log.debug({ error: errorMessage(cause) }, 'Redis went away during a sweep'))
      .finally(() => {
        sweeping = undefined;
        // Not sooner than it is asked about again: the status shows what is held.
        timePassed = true;
        wake();
      });
    return sweeping;
  }

  const backlog = () =>
    estimateBacklog({
      lanes: journal.waitingCounts(),
      open: book.all().map(({ call }) => call),
      oldestWaitingAt: journal.oldestWaitingAt(),
      policy: kind => delivery.policy(kind),
      rate: options.rate,
    });
  const backlogLog = createBacklogLog(clock, log);

  const timer = setInterval(() => {
    void sweep();
    backlogLog.see(backlog(), isAway());
  }, sweepEvery);
  started.add('sweeper', () => clearInterval(timer));
  sweeper.reconcile();

  return {
    written() {
      if (!stopping) pass();
    },
    reconsider() {
      scheduler.forgetHeld();
      wake();
    },
    probeNow: () => gate.probeNow(),
    keyTaken() {
      if (gate.pause?.cause === 'auth') gate.notify({ kind: 'answered' });
      void sweep();
    },
    status() {
      const open: Partial<Record<CallState, number>> = {};
      let oldestOpenAt: number | null = null;
      for (const { call } of book.all()) {
        open[call.state] = (open[call.state] ?? 0) + 1;
        for (const action of call.actions) oldestOpenAt = Math.min(oldestOpenAt ?? action.at, action.at);
      }
      return {
        redis: link.status,
        redisProblems,
        paused: gate.pause,
        backlog: backlog(),
        running: book.running,
        open,
        held: scheduler.held,
        heldUp: heldUp(book.all(), options.whereOf ?? (() => undefined)),
        oldestOpenAt,
        counts: { ...settler.counts },
      };
    },
    async stop(drain) {
      stopping = true;
      gate.stop();
      jobs.pause();
      await idle(drain);
      cutOff.abort(new Error('the gateway stops'));
      await idle(LAST_OUTCOMES);
      for (const error of await started.stop(15_000))
        log.error({ error: errorMessage(error) }, 'the queue did not stop cleanly');
    },
  };

  /** For `ms` at most: an outcome that the journal does not take is never over, and a process that waits for it never ends. */
  async function idle(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (book.running > 0 && performance.now() < end) await new Promise(resolve => setTimeout(resolve, 5));
    await endsWithin(Math.max(0, end - performance.now()), settler.settled());
  }
}
