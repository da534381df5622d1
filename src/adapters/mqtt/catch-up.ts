import type { Clock } from '../../core/clock.ts';

/** Silence after which the queue of an earlier session counts as read. */
const QUIET_MS = 1000;
/** Longest catching up: a topic that is never quiet must not hold its rules for ever. */
const LONGEST_MS = 60_000;

export interface CatchUp extends Disposable {
  /** A message arrived. */
  message(): void;
}

/** Tells when the messages queued for an earlier session have arrived. */
export function catchUp(clock: Clock, done: () => void): CatchUp {
  const end = clock.now() + LONGEST_MS;
  let quietAt = clock.now() + QUIET_MS;
  let timer: Disposable | undefined;

  function arm(): void {
    timer = clock.at(Math.min(quietAt, end), () => {
      if (clock.now() < Math.min(quietAt, end)) arm();
      else done();
    });
  }
  arm();
  return {
    message() {
      quietAt = clock.now() + QUIET_MS;
    },
    [Symbol.dispose]: () => timer?.[Symbol.dispose](),
  };
}
