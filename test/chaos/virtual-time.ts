import { performance } from 'node:perf_hooks';
import type { Clock } from '../../src/core/clock.ts';
import { type TurnedClocks, turnedClocks } from './turned-clocks.ts';

/** One thing that happens at a moment of virtual time. */
type Happening = { readonly at: number; readonly order: number; callback: (() => void) | null };

/** The world's time: stands still until the next happening is run. All of a run's chance and time comes from outside of Node. */
export interface WorldTime extends Clock {
  /** What the machine's clocks say: the true time until somebody turns them. */
  readonly machine: TurnedClocks;
  /** Runs happenings one by one, each until nothing is left to do at that moment, up to `at`. */
  runUntil(at: number): Promise<void>;
  /** Resolves when nothing is left to do at this moment. */
  drain(): Promise<void>;
}

const real = { setImmediate: globalThis.setImmediate };

/** Node's timers of one life of the gateway; what it sets through the globals is lost with it. */
export type TimerHost = Clock & { readonly dead: boolean };

type Immediate = { callback: (() => void) | null };

/**
 * Takes Node's timers and clocks over for this thread: whatever the gateway sets goes to the life that is hosted, in virtual
 * time. `setImmediate` stays in its place in the order of things: after the microtasks, before the next happening.
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
