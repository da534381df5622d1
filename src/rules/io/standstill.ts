import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';

/**
 * Notices that this process stood still (stopped, suspended, blocked). It wakes up with old values and overdue timers. It is unknown
 * how long those values held, so the time of the standstill does not count [T2].
 */
export interface StandstillWatch extends Disposable {
  /** The process runs at `now` (ms since 1970), and is watched from then on. */
  start(now: number): void;
  /** The process runs now. Called before every input. */
  noteAwake(): void;
}

/** How often the process checks for a standstill (ms), and the shortest gap that counts as one. */
const PULSE = 500;
const STANDSTILL = 2000;
/** After a standstill, the waiting data of the sockets is read within so long (ms). */
const TO_READ = 1000;

/** `onStandstill`: nothing was seen between the two times (ms since 1970) [T2]. */
export function watchStandstill(
  clock: Clock,
  log: Logger,
  onStandstill: (from: number, to: number) => void,
): StandstillWatch {
  /** When the process was last seen running; null before the start. */
  let awake: number | null = null;
  let pulse: Disposable | null = null;

  function noteAwake(): void {
    const now = clock.now();
    const from = awake;
    if (from === null) return;
    awake = now;
    if (now - from <= STANDSTILL) return;
    log.warn({ ms: Math.round(now - from) }, 'the process stood still; that time counts for no delay');
    onStandstill(from, now + TO_READ);
  }

  function beat(): void {
    noteAwake();
    pulse = clock.at(clock.now() + PULSE, beat);
  }

  return {
    start(now) {
      awake = now;
      beat();
    },
    noteAwake,
    [Symbol.dispose]() {
      pulse?.[Symbol.dispose]();
    },
  };
}
