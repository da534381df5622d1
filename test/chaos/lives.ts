import type { TimeEdges } from '../../src/app/edges.ts';
import { runLives } from '../../src/app/lives.ts';
import type { LoadedConfig } from '../../src/config/load.ts';
import { errorMessage } from '../../src/core/errors.ts';
import type { Logger } from '../../src/core/logger.ts';
import type { Random } from '../../src/simulation/random.ts';
import type { Broker } from './broker.ts';
import type { ClockLog } from './clock-log.ts';
import { type DiskFault, imageOf, putBack, watchDisk } from './disk.ts';
import type { LifeEnd } from './expected.ts';
import type { Standstill } from './expected-stops.ts';
import { createLife, type Life, type LifeParts } from './life.ts';
import type { Moment, Notes } from './notes.ts';
import { type ProcessTime, processTime } from './process-time.ts';
import type { TimerHost, WorldTime } from './virtual-time.ts';

export type LivesOptions = Omit<LifeParts, 'process' | 'number' | 'random' | 'log' | 'onWritten'> & {
  /** The data folder. */
  readonly folder: string;
  readonly world: WorldTime & { host(life: TimerHost | null): void };
  readonly broker: Broker;
  readonly notes: Notes;
  readonly clock: ClockLog;
  readonly randomOf: (life: number) => Random;
  /** How the disk fails at present; null: it does not. */
  readonly diskFault: (kind: 'commit' | 'write') => DiskFault | null;
};

/** The lives of one gateway, one after the other on the same data folder. */
export interface Lives {
  readonly current: Life | null;
  /** Its process exists and does not stand still. */
  readonly isRunning: boolean;
  readonly count: number;
  /** When the present life began. */
  readonly begunAt: number;
  /** The progress of the journal of each life, except the present one. */
  readonly ends: readonly LifeEnd[];
  readonly standstills: readonly Standstill[];
  /** A crash waits for its moment. */
  readonly isArmed: boolean;
  begin(): void;
  /** The gateway dies for `dead` ms when it reaches this moment for the next time, after `count` skipped times. */
  arm(moment: Moment, count: number, dead: number): void;
  /** The gateway is at a moment. */
  reach(moment: Moment): void;
  /** Stops it as SIGTERM does; resolves when it has ended. Null: it does not start again. */
  stop(dead: number | null): void;
  freeze(ms: number): void;
  /** Suspends the host. False: its gateway does not run at present. */
  suspend(ms: number): boolean;
  /** Since when the gateway does not trust its clock; null while it does. */
  readonly doubtedSince: number | null;
  /** A person starts it again with a config that says that the clock is right. The start after that is without this config. */
  trust(): void;
  /** The gateway has stopped and does not start again. */
  readonly over: boolean;
  /** Ends everything, whatever its state. */
  end(): void;
}

/** An armed crash takes place after this time at the latest, even when its moment does not come (ms). */
const LATEST_CRASH = 10 * 60_000;
const START_AGAIN = 10_000;

/** One process, in which one life follows another when the clock is set. */
type Process = {
  readonly number: number;
  readonly time: ProcessTime;
  readonly stop: AbortController;
  /** The config, with the data folder of this run. */
  readonly loaded: LoadedConfig;
  readonly log: Logger;
  /** A person says that the clock is right. */
  readonly trusts: boolean;
  life: Life | null;
};

export function createLives(options: LivesOptions): Lives {
  const { world, folder, broker, loaded, notes } = options;
  const ends: LifeEnd[] = [];
  const standstills: Standstill[] = [];
  let process: Process | null = null;
  let processes = 0;
  let count = 0;
  let doubtedSince: number | null = null;
  let trusts = false;
  let begunAt = world.now();
  /** Until when everything that the gateway saw is on the disk. */
  let writtenUntil = world.now();
  let armed: { readonly moment: Moment; skip: number; readonly dead: number } | null = null;
  let stopping: { readonly dead: number | null } | null = null;
  let over = false;

  const alive = () => (process?.time.dead === false ? process : null);

  function part({ time, life }: Process): void {
    time.die();
    broker.cut();
    life?.link?.cut();
    world.host(null);
    watchDisk(null);
  }

  function again(dead: number): void {
    world.at(world.now() + Math.max(1, dead), begin);
  }

  function crash(where: string): void {
    const dying = alive();
    if (!dying || !armed) return;
    const { dead } = armed;
    armed = null;
    notes.trace(`CRASH of life ${count} at ${where}, dead for ${dead} ms`);
    const image = imageOf(folder);
    part(dying);
    // The dead process's code runs on until its next wait. None of that counts: the disk is put back to its state at the crash.
    world.at(world.now(), () => {
      dying.life?.bury();
      putBack(folder, image);
    });
    again(dead);
  }

  function begin(): void {
    stopping = null;
    const time = processTime(world);
    processes += 1;
    const next: Process = {
      number: processes,
      time,
      stop: new AbortController(),
      loaded: { ...(trusts ? trusting(loaded) : loaded), dataFolder: folder },
      log: loggerOf(time),
      trusts,
      life: null,
    };
    process = next;
    world.host(time);
    watchDisk({
      beforeCommit(hasActions) {
        notes.moment('before_commit');
        if (hasActions) notes.moment('before_actions');
      },
      afterCommit(hasActions) {
        notes.moment('after_commit');
        if (hasActions) notes.moment('after_actions');
      },
      fault: kind => (time.dead ? null : options.diskFault(kind)),
      now: world.now,
    });
    const running = runLives({
      loaded: next.loaded,
      log: next.log,
      machine: world.machine,
      startLife: own => startLife(next, own),
      signal: next.stop.signal,
      onStart() {},
    });
    trusts = false;
    running.then(
      errors => {
        if (!time.dead) hasStopped(next, errors);
      },
      (error: unknown) => {
        if (time.dead) return;
        notes.trace(`life ${count} could not start: ${String(error)}`);
        part(next);
        next.life?.bury();
        again(START_AGAIN);
      },
    );
  }

  async function startLife(parent: Process, own: TimeEdges) {
    count += 1;
    begunAt = world.now();
    const number = count;
    notes.trace(`life ${number} begins`);
    noteClock(parent, own);
    const random = options.randomOf(number);
    const onWritten = (at: number) => {
      writtenUntil = at;
    };
    const { loaded, log, time } = parent;
    const life = createLife({ ...options, loaded, log, process: time, number, random, onWritten }, own);
    parent.life = life;
    const app = await life.start();
    // By now its journal has recorded that a person trusts the clock. A process that dies earlier may not have recorded it.
    if (parent.trusts) options.clock.trust(parent.number);
    // Everything that is left of the earlier lives is in the journal that this life opens.
    for (let before = ends.length + 1; before < number; before++) ends.push({ life: before, writtenUntil });
    return app;
  }

  function noteClock({ number }: Process, own: TimeEdges): void {
    const isDoubted = own.time.doubted !== null;
    doubtedSince = isDoubted ? (doubtedSince ?? world.now()) : null;
    const off = own.clock.now() - world.now();
    options.clock.note({ at: world.now(), process: number, off, isDoubted });
    if (off !== 0 || isDoubted)
      notes.trace(`the gateway's clock is off by ${off} ms${isDoubted ? ', and doubted' : ''}`);
  }

  function loggerOf(time: ProcessTime): Logger {
    const say = (fields: object, message: string) => {
      if (!time.dead) notes.trace(`gateway: ${message} ${JSON.stringify(fields, withBigInts)}`);
    };
    return { debug: say, info: say, warn: say, error: say };
  }

  function hasStopped(ending: Process, errors: readonly Error[]): void {
    notes.trace(`life ${count} has stopped`);
    for (const error of errors) notes.trace(`not everything stopped cleanly: ${errorMessage(error)}`);
    armed = null;
    part(ending);
    if (stopping?.dead == null) over = true;
    else again(stopping.dead);
  }

  return {
    get current() {
      return process?.life ?? null;
    },
    get isRunning() {
      return alive()?.time.frozen === false;
    },
    get count() {
      return count;
    },
    get begunAt() {
      return begunAt;
    },
    ends,
    standstills,
    get isArmed() {
      return armed !== null;
    },
    get over() {
      return over;
    },
    begin,
    arm(moment, skip, dead) {
      if (armed || stopping || !alive()) return;
      const mine = { moment, skip, dead };
      armed = mine;
      if (moment === 'now') crash('now');
      else world.at(world.now() + LATEST_CRASH, () => armed === mine && crash('last chance'));
    },
    reach(moment) {
      if (armed?.moment !== moment) return;
      if (armed.skip > 0) armed.skip -= 1;
      else crash(moment);
    },
    stop(dead) {
      const ending = alive();
      if (!ending || stopping || ending.time.frozen) return;
      stopping = { dead };
      notes.trace(`life ${count} has to stop`);
      ending.stop.abort('SIGTERM');
    },
    freeze(ms) {
      const still = alive();
      if (!still || still.time.frozen) return;
      standstills.push({ from: world.now(), to: world.now() + ms });
      still.time.freeze(ms);
    },
    suspend(ms) {
      const still = alive();
      if (!still || still.time.frozen) return false;
      world.machine.suspend(ms);
      standstills.push({ from: world.now(), to: world.now() + ms });
      still.time.freeze(ms);
      return true;
    },
    get doubtedSince() {
      return alive() ? doubtedSince : null;
    },
    trust() {
      trusts = true;
      this.stop(1000);
    },
    end() {
      const ending = alive();
      if (ending) part(ending);
      process?.life?.bury();
    },
  };
}

const withBigInts = (_key: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

/** The config with the statement of a person that the clock is right. */
function trusting(loaded: LoadedConfig): LoadedConfig {
  const { config } = loaded;
  return { ...loaded, config: { ...config, gateway: { ...config.gateway, clock: 'trust' } } };
}
