import { performance } from 'node:perf_hooks';
import type { Clock } from '../../src/core/clock.ts';
import { type TurnedClocks, turnedClocks } from './turned-clocks.ts';

/** One event at a moment of virtual time. */
type Happening = { readonly at: number; readonly order: number; callback: (() => void) | null };

/** The time of the world. It stands still until the next event runs. No chance and no time of a run comes from Node. */
export interface WorldTime extends Clock {
  /** The clocks of the host: the true time until somebody sets them. */
  readonly machine: TurnedClocks;
  /** Runs the events up to `at`, one by one. After each it waits until nothing is left to do at that moment. */
  runUntil(at: number): Promise<void>;
  /** Resolves when nothing is left to do at this moment. */
  drain(): Promise<void>;
}

const real = { setImmediate: globalThis.setImmediate };

/** Node's timers for one life of the gateway. The timers that the life sets through the globals end with it. */
export type TimerHost = Clock & { readonly dead: boolean };

type Immediate = { callback: (() => void) | null };

/**
 * Replaces Node's timers and clocks in this thread. The timers of the gateway go to the hosted life, in virtual time. `setImmediate` keeps
 * its place: after the microtasks, before the next event.
 */
export function takeOverTime(start: number): WorldTime & { host(life: TimerHost | null): void } {
  const machine = turnedClocks(() => now);
  const heap: Happening[] = [];
  let now = start;
  let order = 0;
  let immediates: Immediate[] = [];
  let hosted: TimerHost | null = null;

  const before = (a: Happening, b: Happening) => a.at < b.at || (a.at === b.at && a.order < b.order);

  function push(item: Happening): void {
    let child = heap.push(item) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = heap[parent];
      if (!above || !before(item, above)) break;
      heap[child] = above;
      child = parent;
    }
    heap[child] = item;
  }

  function pop(): Happening | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      const left = heap[child];
      const right = heap[child + 1];
      if (!left) break;
      let smaller = left;
      if (right && before(right, left)) {
        smaller = right;
        child += 1;
      }
      if (!before(smaller, last)) break;
      heap[parent] = smaller;
      parent = child;
    }
    heap[parent] = last;
    return first;
  }

  function at(when: number, callback: () => void): Disposable {
    const item: Happening = { at: Math.max(when, now), order: order++, callback };
    push(item);
    return {
      [Symbol.dispose]() {
        item.callback = null;
      },
    };
  }

  const settle = () => new Promise<void>(resolve => void real.setImmediate(resolve));

  async function drain(): Promise<void> {
    await settle();
    while (immediates.length > 0) {
      const batch = immediates;
      immediates = [];
      for (const { callback } of batch) {
        if (!callback) continue;
        callback();
        await settle();
      }
    }
  }

  const handles = new WeakSet<object>();
  function timeout(callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): object {
    const timer = hosted && !hosted.dead ? hosted.at(now + Math.max(1, ms), () => callback(...args)) : nothing();
    const handle = {
      ...timer,
      unref: () => handle,
      ref: () => handle,
      [Symbol.dispose]: () => timer[Symbol.dispose](),
    };
    handles.add(handle);
    return handle;
  }
  function interval(callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): object {
    let timer: Disposable = nothing();
    const life = hosted;
    const arm = () => {
      timer =
        life && !life.dead
          ? life.at(now + Math.max(1, ms), () => {
              arm();
              callback(...args);
            })
          : nothing();
    };
    arm();
    const handle = { unref: () => handle, ref: () => handle, [Symbol.dispose]: () => timer[Symbol.dispose]() };
    handles.add(handle);
    return handle;
  }
  function immediate(callback: (...args: unknown[]) => void, ...args: unknown[]): object {
    const life = hosted;
    const entry: Immediate = { callback: () => (life && !life.dead ? callback(...args) : undefined) };
    if (!life || life.dead) entry.callback = null;
    immediates.push(entry);
    return entry;
  }
  function clear(handle: unknown): void {
    if (typeof handle === 'object' && handle !== null && handles.has(handle)) (handle as Disposable)[Symbol.dispose]();
  }
  Object.assign(globalThis, {
    setTimeout: timeout,
    clearTimeout: clear,
    setInterval: interval,
    clearInterval: clear,
    setImmediate: immediate,
    clearImmediate(handle: unknown) {
      const entry = immediates.find(one => one === handle);
      if (entry) entry.callback = null;
    },
  });
  Date.now = machine.wall;
  performance.now = () => now - start - machine.still;
  globalThis.performance.now = performance.now;

  return {
    now: () => now,
    at,
    machine,
    drain,
    host(life) {
      hosted = life;
      if (!life) immediates = [];
    },
    async runUntil(until) {
      await drain();
      for (let next = heap[0]; next && next.at <= until; next = heap[0]) {
        pop();
        const { callback } = next;
        if (!callback) continue;
        now = next.at;
        callback();
        await drain();
      }
      now = Math.max(now, until);
    },
  };
}

function nothing(): Disposable {
  return { [Symbol.dispose]() {} };
}
