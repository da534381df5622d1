import type { Clock } from '../../core/clock.ts';

/** Silence after which the queue of an earlier session counts as read. */
const QUIET_MS = 1000;
/** Longest hold: a topic that is never quiet must not hold its rules for ever. */
const LONGEST_MS = 60_000;
/** A look that comes later than this was delayed with everything else: nobody listened, so silence says nothing. */
const LATE_MS = 250;

export interface CatchUp extends Disposable {
  /** Whether a message may be one that was queued: until the first silence, however long that takes. */
  readonly reading: boolean;
  /** Whether rules wait for the queue: as long as it is read, a minute at most. */
  readonly holding: boolean;
  /** A message arrived; `held`: the broker waits for its acknowledgement. */
  message(held: boolean): void;
  /** A held message is acknowledged. */
  acknowledged(): void;
  /**
   * The own time of a message that stood in the queue or came after it, and that of its receipt (ms since 1970); `ahead`: how
   * far its clock may be ahead of ours (ms).
   */
  made(at: number, receivedAt: number, ahead: number): void;
}

/**
 * Tells when the messages queued for an earlier session have arrived. A broker sends only so many that are not acknowledged:
 * as long as one is, it may be waiting for us, and its silence says nothing.
 */
export function catchUp(clock: Clock, release: () => void): CatchUp {
  const connectedAt = clock.now();
  let reading = true;
  let holding = true;
  let unacknowledged = 0;
  let quietAt = connectedAt + QUIET_MS;
  let quiet = clock.at(quietAt, look);
  const longest = clock.at(connectedAt + LONGEST_MS, letGo);

  function letGo(): void {
    longest[Symbol.dispose]();
    if (!holding) return;
    holding = false;
    release();
  }

  function finish(): void {
    quiet[Symbol.dispose]();
    if (!reading) return;
    reading = false;
    letGo();
  }

  function look(): void {
    const now = clock.now();
    if (unacknowledged > 0 || now - quietAt > LATE_MS) quietAt = now + QUIET_MS;
    if (now < quietAt) quiet = clock.at(quietAt, look);
    else finish();
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
      if (held) unacknowledged += 1;
    },
    acknowledged() {
      quietAt = clock.now() + QUIET_MS;
      unacknowledged -= 1;
    },
    made(at, receivedAt, ahead) {
      // The queue comes in order: what was made after the connect came after all of it. Unless that clock is ahead of ours.
      if (at <= receivedAt && at - ahead > connectedAt + QUIET_MS) finish();
    },
    [Symbol.dispose]() {
      quiet[Symbol.dispose]();
      longest[Symbol.dispose]();
    },
  };
}
