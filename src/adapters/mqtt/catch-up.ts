import type { Clock } from '../../core/clock.ts';

/** Silence after which what the broker kept counts as read. */
const QUIET_MS = 1000;
/** Longest wait of the rules, because a topic may never be quiet. */
const LONGEST_MS = 60_000;
/** A look that comes later than this was delayed together with the messages, so silence proves nothing. */
const LATE_MS = 250;
/** Nothing could be acknowledged for so long: the broker keeps what comes, and rules can't go by what they were shown. */
const STUCK_MS = 2000;

export interface CatchUp extends Disposable {
  /** Whether a message may be one that the broker kept: until the first silence, however long that takes. */
  readonly reading: boolean;
  /** Whether rules wait for it: as long as it is read, a minute at most; time in which nothing can be acknowledged is none. */
  readonly holding: boolean;
  /**
   * A message arrived; `held`: the broker waits for its acknowledgement. The function says once that it is acknowledged, or does not
   * have to be.
   */
  message(held: boolean): () => void;
  /**
   * The own time of a message that the broker kept or that came after it, and that of its receipt (ms since 1970); `ahead`: how
   * far its clock may be ahead of ours (ms).
   */
  made(at: number, receivedAt: number, ahead: number): void;
}

export type CatchUpOptions = {
  readonly clock: Clock;
  /** The broker kept our session: it begins with reading what came meanwhile. */
  readonly behind: boolean;
  /** What the broker kept is read. */
  readonly release: () => void;
  /** In the middle of a connection the broker has begun to keep what comes, because nothing is acknowledged (the disk is full). */
  readonly hold: () => void;
};

/**
 * Says when what a broker kept for us has arrived. A broker sends only so many messages that are not acknowledged: as long as
 * one is, it may be waiting for us, and its silence says nothing.
 */
export function catchUp({ clock, behind, release, hold }: CatchUpOptions): CatchUp {
  let reading = behind;
  let holding = behind;
  let unacknowledged = 0;
  /** Nothing that came is older than what was made after this; Infinity while nothing gets through. */
  let freeAt = clock.now();
  /** Since when nothing that waits has been acknowledged. */
  let stuckSince = freeAt;
  let quietAt = freeAt + QUIET_MS;
  let quiet: Disposable | undefined;
  let longest: Disposable | undefined;
  let stuck: Disposable | undefined;
  if (behind) begin();

  function begin(): void {
    quietAt = clock.now() + QUIET_MS;
    quiet = clock.at(quietAt, look);
    longest = clock.at(clock.now() + LONGEST_MS, tired);
  }

  // Compared as the timers are set: a difference may be a rounding less, and a timer would come again at once, for ever.
  const isStuck = (ms: number) => unacknowledged > 0 && clock.now() >= stuckSince + ms;

  /** While we hold the broker up, what ends a condition may be waiting there, however long; the minute begins after that. */
  function tired(): void {
    const now = clock.now();
    if (isStuck(QUIET_MS)) freeAt = Infinity;
    if (now >= freeAt + LONGEST_MS) letGo();
    else longest = clock.at(freeAt > now ? now + QUIET_MS : freeAt + LONGEST_MS, tired);
  }

  function letGo(): void {
    longest?.[Symbol.dispose]();
    if (!holding) return;
    holding = false;
    release();
  }

  function finish(): void {
    quiet?.[Symbol.dispose]();
    if (!reading) return;
    reading = false;
    letGo();
    watch();
  }

  function look(): void {
    const now = clock.now();
    if (unacknowledged > 0 || now - quietAt > LATE_MS) quietAt = now + QUIET_MS;
    if (now < quietAt) quiet = clock.at(quietAt, look);
    else finish();
  }

  function watch(): void {
    if (reading || stuck || unacknowledged === 0) return;
    stuck = clock.at(stuckSince + STUCK_MS, () => {
      stuck = undefined;
      if (reading || !isStuck(STUCK_MS)) watch();
      else fallBehind();
    });
  }

  function fallBehind(): void {
    reading = true;
    holding = true;
    freeAt = Infinity;
    begin();
    hold();
  }

  function acknowledged(): void {
    stuckSince = clock.now();
    quietAt = stuckSince + QUIET_MS;
    freeAt = Math.min(freeAt, stuckSince);
    unacknowledged -= 1;
  }

  return {
    get reading() {
      return reading;
    },
    get holding() {
      return holding;
    },
    message(held) {
      quietAt = clock.now() + QUIET_MS;
      if (!held) return () => {};
      if (unacknowledged === 0) stuckSince = clock.now();
      unacknowledged += 1;
      watch();
      return acknowledged;
    },
    made(at, receivedAt, ahead) {
      // What was kept comes in order: what was made after the way was free came after all of it. Unless that clock is ahead of ours.
      if (at <= receivedAt && at - ahead > freeAt + QUIET_MS) finish();
    },
    [Symbol.dispose]() {
      for (const timer of [quiet, longest, stuck]) timer?.[Symbol.dispose]();
    },
  };
}
