/** Decides when the open group of writes is committed. There is one group at a time. */
export interface GroupTimer {
  /** A group is open, and no caller waits for it yet. */
  begin(): void;
  /** A caller waits for the group. */
  hurry(): void;
  /** A write with a waiting caller follows in a moment. A group that is about to be committed waits for it, once. */
  hold(): void;
  /** The group is full. */
  now(): void;
  /** The group is committed or gone. */
  cancel(): void;
  /** A commit with this many writes has ended. The number decides the timing of the next group. */
  ended(writes: number): void;
}

/** After a group with fewer writes the next one is committed at once, because the load is low and latency counts. */
const SMALL_GROUP = 8;
/** Under load, groups gather for this long, so that one fsync carries many writes (ms). */
const GATHER = 5;
/** How long a `lazily` write may wait for another write (ms). */
const LAZY = 20;
/** How long a group waits for a following write (ms). That write comes through Redis, which takes about 1 ms. */
const HOLD = 3;

export function createGroupTimer(flush: () => void): GroupTimer {
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;
  let isWanted = false;
  let isHeld = false;
  let lastSize = 0;
  let lastEnd = 0;

  function flushIn(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(flush, ms);
  }

  function now(): void {
    clearTimeout(timer);
    immediate ??= setImmediate(flush);
  }

  return {
    begin() {
      isWanted = false;
      isHeld = false;
      flushIn(LAZY);
    },
    hurry() {
      if (isWanted && !isHeld) return;
      isWanted = true;
      const wait = lastSize < SMALL_GROUP ? 0 : lastEnd + GATHER - performance.now();
      if (wait >= 1) flushIn(wait);
      else now();
    },
    hold() {
      // This happens only once for each group, so that a stream of such writes cannot delay it for ever.
      if (!immediate || isHeld) return;
      isHeld = true;
      clearImmediate(immediate);
      immediate = undefined;
      flushIn(HOLD);
    },
    now,
    cancel() {
      clearTimeout(timer);
      clearImmediate(immediate);
      immediate = undefined;
    },
    ended(writes) {
      lastSize = writes;
      lastEnd = performance.now();
    },
  };
}
