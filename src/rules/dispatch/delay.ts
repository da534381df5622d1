import { z } from 'zod';

/**
 * A running on_delay or off_delay, in the rule's time. Only known time counts: while the condition is unknown the delay is
 * paused. `since` is what is reported; `counted` + the time since `runningFrom` is what has passed.
 */
export const DelayState = z.object({
  since: z.number(),
  /** Whether `since` is a time of the source or of the receipt. */
  time: z.enum(['source', 'received']),
  counted: z.number(),
  /** Null while paused. */
  runningFrom: z.number().nullable(),
  /** Null while running. */
  pausedAt: z.number().nullable(),
  /** How far the rule's time was behind the gateway's when it started (ms). */
  lag: z.number().default(0),
});
export type DelayState = z.infer<typeof DelayState>;

/** The facts of the step that starts a delay. */
export type DelayStart = Pick<DelayState, 'time' | 'lag'> & {
  /** The rule's time plus this (ms) is the time by the clock that stamped the input. */
  readonly shift: number;
};

/** A delay that begins to count at `at`, by the clock of its rule (ms since 1970). */
export function startDelay(at: number, { time, lag, shift }: DelayStart): DelayState {
  return { since: at + shift, time, counted: 0, runningFrom: at, pausedAt: null, lag };
}

/** When `length` ms of known time will have passed; Infinity while paused. */
export function dueOf(delay: DelayState, length: number): number {
  return delay.runningFrom === null ? Infinity : delay.runningFrom + Math.max(0, length - delay.counted);
}

/** Known time that has passed at `at` (ms). */
export function knownTime(delay: DelayState, at: number): number {
  return delay.counted + (delay.runningFrom === null ? 0 : Math.max(0, at - delay.runningFrom));
}

/** Stops counting; true when it was running. */
export function pauseDelay(delay: DelayState, at: number): boolean {
  if (delay.runningFrom === null) return false;
  const until = Math.max(at, delay.runningFrom);
  delay.counted += until - delay.runningFrom;
  delay.runningFrom = null;
  delay.pausedAt = until;
  return true;
}

/** Goes on counting after a pause; the pause itself never counts. */
export function resumeDelay(delay: DelayState, at: number): void {
  delay.runningFrom = Math.max(at, delay.pausedAt ?? at);
  delay.pausedAt = null;
}
