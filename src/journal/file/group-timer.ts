/** Decides when the open group of writes is committed. There is one group at a time. */
export interface GroupTimer {
  /** A group is open; nobody waits for it yet. */
  begin(): void;
  /** Somebody waits for the group. */
  hurry(): void;
  /** A write that somebody will wait for follows in a moment: a group that is about to be committed waits for it, once. */
  hold(): void;
  /** The group is full. */
  now(): void;
  /** The group is committed or gone. */
  cancel(): void;
  /** A commit with so many writes has ended: the next group is timed by that. */
  ended(writes: number): void;
}

/** Below this many writes a group is committed at once: the line is quiet and latency counts. */
const SMALL_GROUP = 8;
/** Under load groups gather this long (ms), so that one fsync carries many. */
const GATHER = 5;
/** How long a write that nothing waits for may wait for one to ride with (ms). */
const LAZY = 20;
/** How long a group is held for a write that is to follow (ms); it comes through Redis, which takes about one. */
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
      // Once a group: a stream of such writes must not hold it for ever.
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
