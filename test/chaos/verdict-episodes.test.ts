import { describe, expect, it } from 'vitest';
import { type ClockLog, createClockLog } from './clock-log.ts';
import type { DeliveredEpisode } from './delivered-episodes.ts';
import type { ExpectedDispatch } from './expected-stops.ts';
import type { DispatchRule } from './rules.ts';
import type { Judged } from './verdict.ts';
import { episodeProblems } from './verdict-episodes.ts';

const START = Date.UTC(2026, 0, 12, 8);
const MINUTE = 60_000;
const at = (minute: number) => START + minute * MINUTE;

const rule = { delay: MINUTE, offDelay: 0, ifClosedByPerson: 'reopen', whenCleared: 'close' } as DispatchRule;
const stop: ExpectedDispatch = {
  reported: [at(10)],
  completed: [at(60)],
  need: 'must',
  stops: [{ start: at(10), end: at(60) }],
};

function episode(
  number: number,
  from: number,
  to: number,
  isEarly: boolean,
  made: number,
  opened = made,
): DeliveredEpisode {
  const row = { time: 'received', settled: made, made } as const;
  return {
    rule,
    open: { ...row, made: opened, key: `stop#${number}:open`, params: { reported: from } },
    close: { ...row, key: `stop#${number}:close`, params: { completed: to, how: isEarly ? 'leave' : 'close' } },
    result: { dispatchId: number },
    isEarly,
  } as DeliveredEpisode;
}

/** A person ends the dispatch at minute 25. The gateway reads that at `heard` and states `stated` as its time, by `clock`. */
function problems(clock: ClockLog, stated: number, heard: number): string[] {
  const episodes = [episode(1, at(10), stated, true, heard), episode(2, stated, at(60), false, at(60))];
  return episodeProblems([stop], episodes, judgedBy(clock), noTotals());
}

const noTotals = () => ({ stops: 0, dispatches: 0, strokes: 0, cycles: 0, parts: 0, booked: 0, excused: 0 });

function judgedBy(clock: ClockLog): Judged {
  return {
    clock,
    isReadLate: false,
    people: { ended: new Map([[1, { at: at(25), how: 'complete' }]]), corrected: [] },
    unheard: [],
    ends: [],
    ledger: { watched: [] },
  } as unknown as Judged;
}

/** A clock that is this many minutes slow from minute 20 until it is set right at minute 40. */
function slowClock(minutes: number, isDoubted: boolean) {
  const clock = createClockLog();
  clock.note({ at: at(0), process: 1, off: 0, isDoubted: false });
  clock.note({ at: at(20), process: 2, off: -minutes * MINUTE, isDoubted });
  clock.note({ at: at(40), process: 2, off: 0, isDoubted: false });
  return clock;
}

describe('the time of an end by a person', () => {
  it('the time of an end by a person may be the time of the read by the gateway, when a doubted clock had not reached the end yet and is set later', () => {
    expect(problems(slowClock(10, true), at(30), at(30))).toEqual([]);
  });

  it('the time of an end by a person is the time that L2L has, when a doubted clock had reached it', () => {
    expect(problems(slowClock(3, true), at(30), at(30))).toEqual([expect.stringContaining('a person did so at')]);
    expect(problems(slowClock(3, true), at(25), at(30))).toEqual([]);
  });

  it('the time of an end by a person is the time that L2L has, when the clock is right', () => {
    expect(problems(slowClock(0, false), at(30), at(30))).toEqual([expect.stringContaining('a person did so at')]);
    expect(problems(slowClock(0, false), at(25), at(30))).toEqual([]);
  });
});

describe('the episode of a stop that may be sent later than it was', () => {
  // The gateway did not use the time in a message. So neither the length of these stops is known, nor the times that are sent for them.
  const vague = (from: number, to: number): ExpectedDispatch => ({
    reported: [at(from)],
    completed: [at(to)],
    need: 'may',
    ahead: 5 * MINUTE,
    stops: null,
  });
  const tooShort = vague(6, 7.25);

  it('the episode of a stop is not the one with the true time of another stop', () => {
    // The clock is 10 minutes slow until a crash at minute 16. The next process begins at minute 26 with a right clock.
    const clock = createClockLog();
    clock.note({ at: at(0), process: 1, off: -10 * MINUTE, isDoubted: false });
    clock.note({ at: at(26), process: 2, off: 0, isDoubted: false });
    const delivered = [episode(1, at(0), at(2), false, at(12)), episode(2, at(4), at(40), false, at(40), at(27))];
    const stops = [tooShort, vague(10, 12), vague(14, 40)];
    expect(episodeProblems(stops, delivered, judgedBy(clock), noTotals())).toEqual([]);
    const late = [...delivered.slice(0, 1), episode(2, at(4), at(46), false, at(46), at(27))];
    const problems = episodeProblems(stops, late, judgedBy(clock), noTotals());
    expect(problems).toEqual([expect.stringContaining('stop#2:open of 08:04:00.000 ended 08:46:00.000')]);
  });

  it('the episode of a stop is not that of another stop whose dispatch a person ended', () => {
    const delivered = [episode(1, at(10), at(25), true, at(25)), episode(2, at(25), at(60), false, at(60))];
    const stops = [tooShort, vague(10, 60)];
    expect(episodeProblems(stops, delivered, judgedBy(slowClock(0, false)), noTotals())).toEqual([]);
  });

  it('the episode of a stop is the later one, when that has the true time of no other stop', () => {
    const delivered = [episode(1, at(9), at(10), false, at(10))];
    expect(episodeProblems([tooShort, vague(30, 60)], delivered, judgedBy(slowClock(0, false)), noTotals())).toEqual(
      [],
    );
  });
});

describe('the stop of an episode', () => {
  /** The clock is fast from the start. The process of minute 70 has a right clock and does not trust it, until it ends at minute 100. */
  function fastClock(minutes: number) {
    const clock = createClockLog();
    clock.note({ at: at(0), process: 1, off: minutes * MINUTE, isDoubted: false });
    clock.note({ at: at(70), process: 2, off: (minutes - 2) * MINUTE, isDoubted: true });
    clock.note({ at: at(100), process: 3, off: 0, isDoubted: false });
    return clock;
  }
  const between = (from: number, to: number, need: ExpectedDispatch['need']): ExpectedDispatch => ({
    reported: [at(from)],
    completed: [at(to)],
    need,
    stops: null,
  });
  const judge = (stops: readonly ExpectedDispatch[], delivered: readonly DeliveredEpisode[], clock: ClockLog) =>
    episodeProblems(stops, delivered, judgedBy(clock), noTotals());
  const short = between(62, 64, 'may');
  const [first, second] = [between(75, 80, 'must'), between(85, 105, 'must')];
  const ofFirst = episode(1, at(75), at(80), false, at(80), at(77));
  const ofSecond = episode(2, at(85), at(105), false, at(105), at(87));

  it('the stop of an episode is one that must be reported, not an optional one, when two episodes fit three stops', () => {
    expect(judge([short, first, second], [ofFirst, ofSecond], fastClock(32))).toEqual([]);
  });

  it('one of two stops that must be reported lacks its episode when there is only one episode', () => {
    const found = judge([short, first, second], [ofSecond], fastClock(32));
    expect(found).toEqual([expect.stringContaining('has no episode')]);
  });

  it('the stop of an episode may be an optional one when each of the others has its own episode', () => {
    const ofShort = episode(1, at(94), at(96), false, at(64), at(63));
    expect(judge([short, first, second], [ofShort, ofFirst, ofSecond], fastClock(32))).toEqual([]);
  });

  it('the stop of an episode is the one whose start an earlier process saw, when the later stop has its own episode', () => {
    const seenBefore = between(65, 74, 'must');
    const ofSeenBefore = episode(1, at(105), at(112), false, at(74), at(72));
    const ofFirstFast = episode(2, at(113), at(118), false, at(80), at(77));
    expect(judge([seenBefore, first], [ofSeenBefore, ofFirstFast], fastClock(40))).toEqual([]);
  });

  it('an episode belongs to no stop when it is too short, too late or a duplicate', () => {
    const right = createClockLog();
    right.note({ at: at(0), process: 1, off: 0, isDoubted: false });
    const stops = [between(62, 63, 'never'), first, second];
    expect(judge(stops, [ofFirst, ofSecond], right)).toEqual([]);
    const tooShort = episode(3, at(62), at(63), false, at(63));
    const tooLate = episode(4, at(85), at(106), false, at(106));
    expect(judge(stops, [tooShort, ofFirst, ofFirst, tooLate], right)).toEqual([
      expect.stringContaining('stop#3:open of 09:02:00.000 has an episode, and was too short'),
      expect.stringContaining('stop#4:open of 09:25:00.000 ended 09:46:00.000, not 09:45:00.000'),
      expect.stringContaining('stop#1:open of 09:15:00.000 is one too many'),
    ]);
  });
});
