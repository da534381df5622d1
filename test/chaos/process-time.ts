import type { Clock } from '../../src/core/clock.ts';
import type { TimerHost, WorldTime } from './virtual-time.ts';

/** The facts about time for an edge of the gateway: the gateway's own clock, and whether its process runs. */
export interface LifeTime extends TimerHost {
  /** Something comes in from outside. A stopped process gets it when it goes on, after its overdue timers. */
  input(callback: () => void): void;
  readonly frozen: boolean;
}

/** The time of one process of the gateway. It ends with the process, and stands still while the process is stopped. */
export interface ProcessTime extends LifeTime {
  /** The process stands still for `ms`. Its timers are overdue after that, unless its clock stood still too. */
  freeze(ms: number): void;
  die(): void;
}

export function processTime(world: Pick<WorldTime, 'now' | 'at' | 'machine'>): ProcessTime {
  let dead = false;
  let frozen = false;
  let late: { callback: (() => void) | null }[] = [];
  let inputs: (() => void)[] = [];

  function thaw(): void {
    frozen = false;
    // A timer that is cleared before its turn does not run.
    const run = [...late.map(entry => () => entry.callback?.()), ...inputs];
    late = [];
    inputs = [];
    for (const callback of run) world.at(world.now(), () => dead || callback());
  }

  return {
    get dead() {
      return dead;
    },
    get frozen() {
      return frozen;
    },
    now: () => world.now(),
    at(at, callback) {
      const entry: { callback: (() => void) | null } = { callback };
      let timer = arm(at, world.machine.still);
      /** A timer runs by the process's own clock: time in which that clock stood still does not count. */
      function arm(due: number, still: number): Disposable {
        return world.at(due, () => {
          if (dead || !entry.callback) return;
          const stood = world.machine.still - still;
          if (stood > 0) timer = arm(due + stood, world.machine.still);
          else if (frozen) late.push(entry);
          else entry.callback();
        });
      }
      return {
        [Symbol.dispose]() {
          entry.callback = null;
          timer[Symbol.dispose]();
        },
      };
    },
    input(callback) {
      if (dead) return;
      if (frozen) inputs.push(callback);
      else callback();
    },
    freeze(ms) {
      if (frozen || dead) return;
      frozen = true;
      world.at(world.now() + ms, () => dead || thaw());
    },
    die() {
      dead = true;
      late = [];
      inputs = [];
    },
  };
}

/** One life of the gateway within its process. Its waits and its times use the clock of that life. */
export function byClock(process: ProcessTime, clock: Clock): LifeTime {
  return {
    get dead() {
      return process.dead;
    },
    get frozen() {
      return process.frozen;
    },
    now: clock.now,
    at: clock.at,
    input: process.input,
  };
}
