import type { Random } from '../../src/simulation/random.ts';
import type { Broker } from './broker.ts';
import { type DiskFault, imageOf, putBack, watchDisk } from './disk.ts';
import type { LifeEnd } from './expected.ts';
import type { Standstill } from './expected-stops.ts';
import { createLife, type Life, type LifeParts } from './gateway.ts';
import type { Moment, Notes } from './notes.ts';
import { lifeTime, type TimerHost, type WorldTime } from './virtual-time.ts';

export type LivesOptions = Omit<LifeParts, 'time' | 'number' | 'random'> & {
  readonly world: WorldTime & { host(life: TimerHost | null): void };
  readonly broker: Broker;
  readonly notes: Notes;
  readonly randomOf: (life: number) => Random;
  /** How the disk fails right now; null: it does not. */
  readonly diskFault: (kind: 'commit' | 'write') => DiskFault | null;
};

/** The lives of one gateway, one after the other on the same data folder. */
export interface Lives {
  readonly current: Life | null;
  readonly count: number;
  /** When the last one began. */
  readonly begunAt: number;
  /** How far the journal of each life that was followed by another had got. */
  readonly ends: readonly LifeEnd[];
  readonly standstills: readonly Standstill[];
  /** A crash waits for its moment. */
  readonly isArmed: boolean;
  begin(): void;
  /** The next time the gateway is at that moment, `count` times skipped, it dies for `dead` ms. */
  arm(moment: Moment, count: number, dead: number): void;
  /** The gateway is at a moment. */
  reach(moment: Moment): void;
  /** As by SIGTERM; resolves when it has ended. Null: it does not start again. */
  stop(dead: number | null): void;
  freeze(ms: number): void;
  /** It has stopped and does not start again. */
  readonly over: boolean;
  /** Ends everything, however it stands. */
  end(): void;
}

/** An armed crash whose moment does not come takes place all the same (ms). */
const LATEST_CRASH = 10 * 60_000;
const START_AGAIN = 10_000;

export function createLives(options: LivesOptions): Lives {
  const { world, folder, broker, notes } = options;
  const ends: LifeEnd[] = [];
  const standstills: Standstill[] = [];
  let life: Life | null = null;
  let count = 0;
  let begunAt = world.now();
  let armed: { readonly moment: Moment; skip: number; readonly dead: number } | null = null;
  let stopping = false;
  let over = false;

  const alive = () => (life?.time.dead === false ? life : null);

  function part(ending: Life): void {
    ending.time.die();
    broker.cut();
    ending.link?.cut();
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
    notes.trace(`CRASH of life ${dying.number} at ${where}, dead for ${dead} ms`);
    const image = imageOf(folder);
    part(dying);
    // Its code runs on to the end of what it is in; nothing of that counts, and the disk is put back as it was.
    world.at(world.now(), () => {
      dying.bury();
      putBack(folder, image);
    });
    again(dead);
  }

  function begin(): void {
    count += 1;
    begunAt = world.now();
    stopping = false;
    const own = lifeTime(world);
    const next = createLife({ ...options, time: own, number: count, random: options.randomOf(count) });
    life = next;
    notes.trace(`life ${count} begins`);
    world.host(own);
    watchDisk({
      beforeCommit(tells) {
        notes.moment('before_commit');
        if (tells) notes.moment('before_telling');
      },
      afterCommit(tells) {
        notes.moment('after_commit');
        if (tells) notes.moment('after_telling');
      },
      fault: kind => (own.dead ? null : options.diskFault(kind)),
    });
    next.start().then(
      () => noteEnds(next),
      (error: unknown) => {
        if (own.dead) return;
        notes.trace(`life ${next.number} could not start: ${String(error)}`);
        part(next);
        next.bury();
        again(START_AGAIN);
      },
    );
  }

  /** What this life found in the journal is all that is left of those before it. */
  function noteEnds({ number, lastAlive }: Life): void {
    if (lastAlive === null) return;
    for (let before = ends.length + 1; before < number; before++) ends.push({ life: before, writtenUntil: lastAlive });
  }

  return {
    get current() {
      return life;
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
      stopping = true;
      notes.trace(`life ${ending.number} is told to stop`);
      void ending.stop().then(() => {
        if (ending.time.dead) return;
        notes.trace(`life ${ending.number} has stopped`);
        armed = null;
        part(ending);
        if (dead === null) over = true;
        else again(dead);
      });
    },
    freeze(ms) {
      const still = alive();
      if (!still || still.time.frozen) return;
      standstills.push({ from: world.now(), to: world.now() + ms });
      still.time.freeze(ms);
    },
    end() {
      const ending = alive();
      if (ending) part(ending);
      life?.bury();
    },
  };
}
