import { createAdapter, signalsOf } from '../adapters/registry.ts';
import { startSupervisor } from '../adapters/supervisor.ts';
import { destinationOf } from '../config/journal-place.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Clock } from '../core/clock.ts';
import type { ClockGuard } from '../core/clock-watch.ts';
import { errorMessage } from '../core/errors.ts';
import { Started } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';
import { temporaryRuntime } from '../core/socket-place.ts';
import { createTimeNotation } from '../core/time-notation.ts';
import type { JournalTime } from '../journal/clock/time-shift.ts';
import { openJournal } from '../journal/journal.ts';
import { createBudget } from '../l2l/budget.ts';
import { createClient } from '../l2l/client.ts';
import { createDelivery } from '../l2l/delivery.ts';
import { createSiteZone } from '../l2l/site-time.ts';
import { createWatch } from '../l2l/watch.ts';
import { openCallQueue } from '../queue/call-queue.ts';
import { forgetTimes } from '../rules/forget-times.ts';
import { createRunner } from '../rules/runner.ts';
import { shiftState } from '../rules/shift-state.ts';
import { startControl } from '../web/control.ts';
import { startWeb } from '../web/server.ts';
import { controlRoutes } from './control.ts';
import { logAction, loggedDelivery } from './log-actions.ts';
import { logDone } from './log-done.ts';
import { logEvent } from './log-event.ts';
import { nameProducts } from './name-products.ts';
import { notReady } from './readiness.ts';
import { createCorrector, recodeBy, whereRulesAre } from './recode.ts';
import { watchSettings } from './settings.ts';
import { sharedBudget } from './shared-budget.ts';
import { statusPage } from './status/page.ts';
import { type Hold, holdUps } from './status/queue.ts';

export interface App {
  /** Address of the status page; null when it is off. */
  readonly url: string | null;
  /**
   * Ends intake, lets the calls under way end (for up to `drain` ms; left out: as long as a call may take), commits, closes every
   * connection. Resolves to what did not end well.
   */
  stop(drain?: number): Promise<readonly Error[]>;
}

export type AppOptions = {
  readonly loaded: LoadedConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** Left out: the clock is right, and the process never stands still. */
  readonly clockGuard?: ClockGuard;
  readonly time?: JournalTime;
  /** Where the embedded Redis may put its socket. Default: the system's folder for temporary files. */
  readonly runtimeFolder?: string;
  /** Aborted when the gateway is to end: a start under way fails then. Left out: never. */
  readonly signal?: AbortSignal;
  /** A damaged journal is set aside and a new one begins, as with gateway.journal.on_corrupt: rebuild. */
  readonly rebuild?: boolean;
  /** Why lines of the log are missing or late, in words; null: none are. */
  readonly logProblem?: () => string | null;
  /** The journal can't be trusted any more: the process has to end at once, without another write. */
  readonly onFatal: (error: Error) => void;
};

/** One stop step may take as long as the call in flight, which is bounded by its own time-out. */
const STOP_MARGIN = 10_000;
const SOURCES_CLOSE_WITHIN = 5000;
/** How long a person waits for a stop: the calls under way may end, then they are cut off and looked up after the next start. */
const LONGEST_DRAIN = 60_000;

/**
 * Puts the rooms together, sinks before sources, and starts them. Throws a StartError, with everything that was started
 * stopped again, for what only a person can mend; an unreachable PLC, broker, Redis or L2L is not among that.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const started = new Started();
  const drain = { ms: Math.min(options.loaded.config.l2l.timeout, LONGEST_DRAIN) };
  const stop = (within = drain.ms) => {
    drain.ms = within;
    return started.stop(within + STOP_MARGIN);
  };
  try {
    return { url: await start(options, started, drain), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(options: AppOptions, started: Started, drain: { readonly ms: number }) {
  const { loaded, clock, log, runtimeFolder, clockGuard, time, signal } = options;
  const { config, program } = loaded;
  const { gateway, l2l } = config;
  const { iso, people } = createTimeNotation(l2l.timezone);

  const budget = createBudget({ clock, log, rate: l2l.rate, ...sharedBudget(loaded, clock, started) });
  const client = createClient({
    url: l2l.url,
    apiKey: l2l.api_key,
    budget,
    clock,
    timeout: l2l.timeout,
    connections: l2l.concurrency,
  });
  started.add('L2L connections', () => client.close());
  let onGood = () => {};
  const reachability = watchSettings({ loaded, client, clock, log, iso, onGood: () => onGood() });
  started.add('L2L reachability', () => reachability.stop());
  const delivery = createDelivery({
    client,
    site: l2l.site,
    user: l2l.user,
    zone: createSiteZone(l2l.timezone),
    clock,
    log,
    transient: l2l.transient,
    blocked: l2l.blocked,
    settle: { call: l2l.settle, batch: l2l.batch_settle },
    chainOf: chain => journal.chain(chain),
    settings: reachability,
  });

  const journal = openJournal({
    folder: loaded.dataFolder,
    destination: destinationOf(l2l),
    rules: new Set(
      program.rules.flatMap(({ name, renamedFrom }) => (renamedFrom === null ? name : [name, renamedFrom])),
    ),
    now: () => clock.now(),
    timeout: l2l.timeout,
    settle: kind => delivery.policy(kind).settle,
    timezone: l2l.timezone,
    ...(time && { time }),
    shiftState,
    forgetTimes,
    log,
    writeTime: people,
    limits: {
      keep: gateway.journal.keep,
      keepDecisions: gateway.journal.keep_decisions,
      maxSize: gateway.journal.max_size,
      ballast: gateway.journal.ballast,
    },
    onCorrupt: options.rebuild ? 'rebuild' : gateway.journal.on_corrupt,
    onFatal: options.onFatal,
  });
  started.add('journal', () => journal.close());
  // While the clock is in doubt nothing is sent, and its times are still to be put right.
  if (!clockGuard?.doubt()) await nameProducts({ journal, rules: program.rules, log });
  const corrector = createCorrector(journal, program, log);
  await corrector.waiting();
  const { deadLetters, parked } = journal.counts();
  if (deadLetters + parked > 0)
    log.warn({ deadLetters, parked, list: loaded.commandLine('queue list') }, 'some calls wait for a person');

  const runtime = runtimeFolder ?? temporaryRuntime();
  const queue = await openCallQueue({
    journal,
    delivery: loggedDelivery(delivery, log, outcome => reachability.note(outcome)),
    redis: gateway.redis ?? { runtimeDir: runtime, ...(signal && { signal }) },
    clock,
    log,
    concurrency: l2l.concurrency,
    rate: l2l.rate,
    timings: {
      lookAgain: l2l.look_again,
      firstFollow: l2l.follow_up,
      longestFollow: l2l.follow_up,
    },
    holds: () => reachability.holds(),
    whereOf: whereRulesAre(program.rules),
    correct: corrector.call,
    ...(clockGuard && { clockGuard }),
    onDone: done => logDone(log, done, chain => journal.chain(chain).result),
  });
  onGood = () => queue.keyTaken();
  started.add('queue', () => queue.stop(drain.ms));

  /** Why nothing may be sent; null: calls may be. */
  const hold = (): Hold | null => {
    const doubt = clockGuard?.doubt() ?? null;
    if (doubt !== null) return { cause: 'clock', detail: doubt };
    const detail = reachability.hold();
    return detail === null ? null : { cause: 'settings', detail };
  };
  try {
    const routes = controlRoutes({
      journal,
      recode: recodeBy(program),
      changed: () => queue.reconsider(),
      about: () => ({ name: gateway.name, timezone: l2l.timezone, holdUps: holdUps(queue.status(), hold()) }),
      log,
    });
    const control = await startControl({ folder: loaded.dataFolder, runtimeFolder: runtime, routes });
    started.add('control socket', () => control.stop());
  } catch (cause) {
    // Sending what happens matters more than the commands of people.
    log.error(
      { error: errorMessage(cause) },
      'no socket for the queue commands: they can only read while the gateway runs',
    );
  }

  const runner = createRunner({
    program,
    journal,
    clock,
    log,
    doubted: time?.doubted != null,
    isLeft: () => clockGuard?.isLeft() ?? false,
    onEvents(events) {
      for (const event of events) logEvent(log, event, journal.numberOf, gateway.mode === 'shadow');
    },
    onCommitted(actions) {
      for (const action of actions) logAction(log, action);
    },
    onWritten: () => queue.written(),
  });
  started.add('rules', () => runner.stop());

  const watch = createWatch({
    client,
    site: l2l.site,
    clock,
    log,
    every: l2l.watch,
    watched: () => runner.watchedEpisodes(),
    dispatchOf: chain => journal.chain(chain).result?.dispatchId,
    onClosed: (chain, at) => runner.closedByPerson(chain, at),
  });
  started.add('L2L watch', () => watch.stop());

  const values = journal.keptValues();
  const kept = new Set(values.flatMap(({ signal, quality }) => (quality === 'bad' ? [] : signal)));
  const away = journal.away();
  const awayOf = (name: string) =>
    away.find(({ source }) => source === name) ?? { since: journal.lastAlive, queued: 0 };
  const adapters = await Promise.all(
    Object.entries(config.sources).map(async ([name, source]) => ({
      name,
      adapter: await createAdapter({ name, config: source, clock, log, away: awayOf(name), kept }),
      signals: signalsOf(name, source),
    })),
  );

  const missing = () => {
    const health = runner.health();
    return notReady({
      now: clock.now(),
      clock: clockGuard?.doubt() ?? null,
      rules: health.healthy ? null : health.reason,
      queue: queue.status(),
      l2l: reachability.problem(),
      sources: supervisor?.status() ?? [],
      signals: runner.signals(),
      log: options.logProblem?.() ?? null,
    });
  };
  let supervisor: ReturnType<typeof startSupervisor> | undefined;
  let url: string | null = null;
  if (gateway.http) {
    const web = await startWeb(gateway.http.host, gateway.http.port, {
      notReady: missing,
      status: statusPage({
        loaded,
        journal,
        queue,
        runner,
        sources: () => supervisor?.status() ?? [],
        notReady: missing,
        hold,
        now: () => clock.now(),
        iso,
      }),
    });
    started.add('status page', () => web.stop());
    url = web.url;
  }

  // Shadow mode sends nothing, not even a question: its address may be an example's.
  if (gateway.mode === 'live') {
    reachability.start();
    watch.start();
  }
  runner.start();
  supervisor = startSupervisor({
    sources: adapters,
    port: runner,
    clock,
    log,
    restored: new Map(values.map(({ signal, at }) => [signal, at])),
  });
  const sources = supervisor;
  started.add('sources', async () => void (await sources.stop(SOURCES_CLOSE_WITHIN)));
  return url;
}
