import type { Clock } from '../../core/clock.ts';

/** After a silence of this length, the queue of the broker counts as read. */
const QUIET_MS = 1000;
/** The longest wait of the rules, because a topic may never be quiet. */
const LONGEST_MS = 60_000;
/** A check that comes later than this was delayed together with the messages, so the silence proves nothing. */
const LATE_MS = 250;
/** When nothing could be acknowledged for this long, the broker queues messages, and the known states may be out of date. */
const STUCK_MS = 2000;

export interface CatchUp extends Disposable {
  /** Whether a message may come from the queue: true until the first silence, however long that takes. */
  readonly reading: boolean;
  /** Whether rules wait: while the queue is read, and for at most a minute. Time in which nothing can be acknowledged does not count. */
  readonly holding: boolean;
  /**
   * A message arrived; `held`: the broker waits for its acknowledgement. The returned function is called once, when the message is
   * acknowledged or needs no acknowledgement.
   */
  message(held: boolean): () => void;
  /**
   * The own time of a message and the time of its receipt (ms since 1970); `ahead`: how far its clock may be ahead of the gateway's (ms).
   */
  made(at: number, receivedAt: number, ahead: number): void;
}

export type CatchUpOptions = {
  readonly clock: Clock;
  /** The broker kept our session, so the catch-up begins. */
  readonly behind: boolean;
  /** The queue of the broker is read. */
  readonly release: () => void;
  /** During a connection the broker began to queue messages, because nothing is acknowledged (the disk is full). */
  readonly hold: () => void;
};

/**
 * Reports when the whole queue of a broker has arrived [M5]. A broker sends only a limited number of unacknowledged messages. While one is
 * unacknowledged, the broker may wait for the gateway, and its silence proves nothing.
 */
export function catchUp({ clock, behind, release, hold }: CatchUpOptions): CatchUp {
  let reading = behind;
  let holding = behind;
  let unacknowledged = 0;
  /** A message that was made after this time came after the whole queue; Infinity while nothing can be acknowledged. */
  let freeAt = clock.now();
  /** Since when no held message has been acknowledged. */
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

  // Compares times in the same way as the timers are set. A difference may be rounded down, and then a timer would fire again at once, for
  // ever.
  const isStuck = (ms: number) => unacknowledged > 0 && clock.now() >= stuckSince + ms;

  /** While the gateway blocks the broker, the end of a condition may wait at the broker for any time. The minute begins after that. */
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
      // The queue comes in order. So a message that was made after the block came after the whole queue, unless its clock is ahead of the
      // gateway's.
      if (at <= receivedAt && at - ahead > freeAt + QUIET_MS) finish();
    },
    [Symbol.dispose]() {
      for (const timer of [quiet, longest, stuck]) timer?.[Symbol.dispose]();
    },
  };
}
