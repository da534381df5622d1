import { describe, expect, it } from 'vitest';
import { createClockLog, type Dated } from './clock-log.ts';

const START = Date.UTC(2026, 0, 12, 8);
const MINUTE = 60_000;
const at = (minute: number) => START + minute * MINUTE;

/** The clock is half an hour fast and not trusted until the process ends. The next process has a right clock. */
function doubtedClock() {
  const clock = createClockLog();
  clock.note({ at: at(0), process: 1, off: 30 * MINUTE, isDoubted: true });
  clock.note({ at: at(20), process: 2, off: 0, isDoubted: false });
  return clock;
}

describe('the chaos verdict on an action whose clock was not trusted', () => {
  const made: Dated = { time: 'received', made: at(10) };

  it('an action has the true time after a person trusts the clock', () => {
    const clock = doubtedClock();
    clock.trust(2);
    expect(clock.isTimeOf(at(10), at(10), made)).toBe(true);
    expect(clock.isTimeOf(at(40), at(10), made)).toBe(false);
    expect(clock.truly(at(10), made)).toBe(at(10));
    expect(clock.isUntimed(made)).toBe(false);
  });

  it('an action may have the time of its own clock when nobody trusted the clock before the process ended', () => {
    const clock = doubtedClock();
    expect(clock.isTimeOf(at(10), at(10), made)).toBe(true);
    expect(clock.isTimeOf(at(40), at(10), made)).toBe(true);
    expect(clock.isUntimed(made)).toBe(true);
  });

  it('an action may have the time of its own clock when another process ran before a person trusted the clock', () => {
    const clock = doubtedClock();
    clock.note({ at: at(25), process: 3, off: 0, isDoubted: false });
    clock.trust(3);
    expect(clock.isTimeOf(at(40), at(10), made)).toBe(true);
    expect(clock.isUntimed(made)).toBe(true);
  });
});
