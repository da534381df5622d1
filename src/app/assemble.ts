import { signalsOf } from '../adapters/registry.ts';
import type { SourceToRun } from '../adapters/supervised-source.ts';
import { type Supervisor, startSupervisor } from '../adapters/supervisor.ts';
import { destinationOf } from '../config/journal-place.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { KeptValue } from '../core/commit.ts';
import { Started } from '../core/lifecycle.ts';
import { createTimeNotation } from '../core/time-notation.ts';
import type { Journal } from '../journal/journal.ts';
import { checkOnline } from '../l2l/online-check.ts';
import { createWatch, type Watch } from '../l2l/watch.ts';
import { type CallQueue, openCallQueue } from '../queue/call-queue.ts';
import { forgetTimes } from '../rules/forget-times.ts';
import { createRunner, type Runner } from '../rules/runner.ts';
import { shiftState } from '../rules/shift-state.ts';
import { connectL2l, type L2l, onlineOptions } from './connect-l2l.ts';
import type { Assembly, Edges } from './edges.ts';
import { logAction, loggedDelivery } from './log-actions.ts';
import { logDone } from './log-done.ts';
import { logEvent } from './log-event.ts';
import { nameProducts } from './name-products.ts';
import { createOnlineChecks, type OnlineChecks } from './online-check.ts';
import { type Corrector, createCorrector, whereRulesAre } from './recode.ts';
import { serveCommands, servePages } from './serve.ts';

export interface App {
  /** Address of the status page; null when it is off. */
  readonly url: string | null;
  /**
   * Stops reading, lets the calls under way end, commits, and closes every connection. The calls get up to `drain` ms; left out: as long as
   * a call may take. Resolves to what did not end well.
   */
  stop(drain?: number): Promise<readonly Error[]>;
}

/** One step of a stop may take this much longer than the calls under way, which have a time-out (ms). */
const STOP_MARGIN = 10_000;
const SOURCES_CLOSE_WITHIN = 5000;
/** The longest time that a person waits for a stop (ms). Then the calls under way are cut off, and looked up after the next start. */
const LONGEST_DRAIN = 60_000;

/**
 * Puts the rooms together, sinks before sources, and starts them. This is the only wiring: the program and the chaos suite differ only in
 * their edges. When a person has to mend something first, it stops everything that it started and throws a StartError. An unreachable PLC,
 * broker, Redis or L2L is no such error.
 */
export async function assemble(loaded: LoadedConfig, edges: Edges): Promise<App> {
  const started = new Started();
  let drain = Math.min(loaded.config.l2l.timeout, LONGEST_DRAIN);
  const stop = (within = drain) => {
    drain = within;
    return started.stop(within + STOP_MARGIN);
  };
  try {
    return { url: await start({ loaded, edges, started }, () => drain), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Resolves to the address of the status page. */
async function start(assembly: Assembly, drain: () => number): Promise<string | null> {
  const { loaded, edges, started } = assembly;
  let queue: CallQueue | undefined;
  let supervisor: Supervisor | undefined;
  const l2l = connectL2l(assembly, {
    chainOf: chain => journal.chain(chain),
    memory: () => journal.site,
    recordedSets: (rule, from, to) => journal.recordedSets(rule, from, to),
    onGood: () => queue?.keyTaken('l2l'),
  });
  const journal = openJournal(assembly, l2l);
  const corrector = await correctWaiting(assembly, journal);
  const calls = await startQueue(assembly, { journal, l2l, corrector, drain });
  queue = calls;
  await serveCommands(assembly, { journal, queue: calls, reachability: l2l.reachability });
  const runner = createRules(assembly, journal, calls);
  const watch = createEpisodeWatch(assembly, journal, l2l, runner);
  const online = compareOnline(assembly, l2l);
  const kept = journal.keptValues();
  const sources = await createSources(assembly, journal, kept);
  const url = await servePages(assembly, {
    journal,
    queue: calls,
    runner,
    reachability: l2l.reachability,
    online,
    sources: () => supervisor?.status() ?? [],
  });

  // Shadow mode sends nothing, not even a read: the address in the config may be that of an example.
  if (loaded.config.gateway.mode === 'live') {
    l2l.reachability.start();
    if (loaded.config.l2l.reads === 'full') {
      watch.start();
      online.start();
    }
  }
  runner.start();
  const { clock, log, random } = edges;
  const restored = new Map(kept.map(({ signal, at }) => [signal, at]));
  const running = startSupervisor({ sources, port: runner, clock, log, random, restored });
  supervisor = running;
  started.add('sources', async () => void (await running.stop(SOURCES_CLOSE_WITHIN)));
  return url;
}

function openJournal({ loaded, edges, started }: Assembly, { delivery }: L2l): Journal {
  const { config, program, dataFolder } = loaded;
  const { keep, keep_decisions, max_size, ballast, on_corrupt } = config.gateway.journal;
  const { timeout, timezone } = config.l2l;
  const { clock, time, log } = edges;
  const journal = edges.openJournal({
    folder: dataFolder,
    destination: destinationOf(config.l2l),
    rules: new Set(
      program.rules.flatMap(({ name, renamedFrom }) => (renamedFrom === null ? name : [name, renamedFrom])),
    ),
    now: () => clock.now(),
    timeout,
    settle: kind => delivery.policy(kind).settle,
    timezone,
    time,
    shiftState,
    forgetTimes,
    log,
    writeTime: createTimeNotation(timezone).people,
    limits: { keep, keepDecisions: keep_decisions, maxSize: max_size, ballast },
    onCorrupt: on_corrupt,
  });
  started.add('journal', () => journal.close());
  return journal;
}

/** Gives the actions that wait from earlier lives the products and codes that the config has now. */
async function correctWaiting({ loaded, edges }: Assembly, journal: Journal): Promise<Corrector> {
  const { program } = loaded;
  const { clockGuard, log } = edges;
  // While the clock is in doubt, nothing is sent, and the times of the actions may still be corrected.
  if (clockGuard.doubt() === null) await nameProducts({ journal, rules: program.rules, log });
  const corrector = createCorrector(journal, program, log);
  await corrector.waiting();
  const { deadLetters, parked } = journal.counts();
  if (deadLetters + parked > 0)
    log.warn({ deadLetters, parked, list: loaded.commandLine('queue list') }, 'some calls wait for a person');
  return corrector;
}

type QueueNeeds = {
  readonly journal: Journal;
  readonly l2l: L2l;
  readonly corrector: Corrector;
  /** How long the calls under way may take at a stop (ms). */
  readonly drain: () => number;
};

/** The longest gap between two follow-ups of a batch (ms). */
const LONGEST_FOLLOW = 600_000;

async function startQueue(
  { loaded, edges, started }: Assembly,
  { journal, l2l: { delivery, reachability }, corrector, drain }: QueueNeeds,
): Promise<CallQueue> {
  const { gateway, l2l } = loaded.config;
  const { clock, clockGuard, log, random } = edges;
  const queue = await openCallQueue({
    journal,
    destinations: {
      l2l: {
        name: 'L2L',
        delivery: loggedDelivery(delivery, log, outcome => reachability.note(outcome)),
        concurrency: l2l.concurrency,
        rate: l2l.rate,
        timings: {
          lookAgain: l2l.look_again,
          firstFollow: l2l.follow_up,
          longestFollow: Math.max(l2l.follow_up, LONGEST_FOLLOW),
          giveUpAfter: l2l.give_up_after,
        },
        holds: () => reachability.holds(),
        correct: corrector.call,
      },
    },
    redis: edges.redisAt(gateway.redis),
    clock,
    clockGuard,
    log,
    random,
    whereOf: whereRulesAre(loaded.program.rules),
    onDone: done => logDone(log, done, chain => journal.chain(chain)),
  });
  started.add('queue', () => queue.stop(drain()));
  return queue;
}

function createRules({ loaded, edges, started }: Assembly, journal: Journal, queue: CallQueue): Runner {
  const { config, program } = loaded;
  const { clock, clockGuard, time, log } = edges;
  const runner = createRunner({
    program,
    journal,
    clock,
    log,
    doubted: time.doubted !== null,
    isLeft: () => clockGuard.isLeft(),
    onEvents(events) {
      for (const event of events) logEvent(log, event, journal.numberOf, config.gateway.mode === 'shadow');
    },
    onCommitted(actions) {
      for (const action of actions) logAction(log, action);
    },
    onWritten: () => queue.written(),
  });
  started.add('rules', () => runner.stop());
  return runner;
}

/** Reports to the rules the dispatches that people ended in L2L. */
function createEpisodeWatch(
  { loaded, edges, started }: Assembly,
  journal: Journal,
  { client }: L2l,
  runner: Runner,
): Watch {
  const { site, watch: every } = loaded.config.l2l;
  const { clock, log } = edges;
  const watch = createWatch({
    client,
    site,
    clock,
    log,
    every,
    watched: () => runner.watchedEpisodes(),
    dispatchOf: chain => journal.chain(chain).result?.dispatchId,
    onClosed: (chain, at) => runner.closedByPerson(chain, at),
  });
  started.add('L2L watch', () => watch.stop());
  return watch;
}

/** Compares the codes and settings of the config with L2L. */
function compareOnline({ loaded, edges, started }: Assembly, { client, reachability }: L2l): OnlineChecks {
  const { clock, log } = edges;
  const online = createOnlineChecks({
    check: signal => checkOnline(onlineOptions(loaded, client, clock), signal),
    ready: signal => reachability.verify(signal),
    file: edges.openCheckFile(loaded.dataFolder),
    compared: loaded.compared,
    destination: destinationOf(loaded.config.l2l),
    clock,
    log,
  });
  started.add('comparison with L2L', () => online.stop());
  return online;
}

/** Loads the protocols. Opens no connection to a source. */
function createSources(
  { loaded, edges }: Assembly,
  journal: Journal,
  values: readonly KeptValue[],
): Promise<SourceToRun[]> {
  const { clock, log } = edges;
  const kept = new Set(values.flatMap(({ signal, quality }) => (quality === 'bad' ? [] : signal)));
  const absences = journal.away();
  const awayOf = (name: string) =>
    absences.find(({ source }) => source === name) ?? { since: journal.lastAlive, queued: 0 };
  return Promise.all(
    Object.entries(loaded.config.sources).map(async ([name, config]) => ({
      name,
      adapter: await edges.createAdapter({ name, config, clock, log, away: awayOf(name), kept }),
      signals: signalsOf(name, config),
    })),
  );
}
