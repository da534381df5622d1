import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LaneCount } from '../../src/core/call-journal.ts';
import type { Call, CallState } from '../../src/core/delivery.ts';
import { type Backlog, backlogWords, estimateBacklog } from '../../src/queue/backlog.ts';
import { createBacklogLog } from '../../src/queue/backlog-log.ts';
import { queueWords } from '../../src/queue/queue-words.ts';
import { increment, openDispatch } from '../support/actions.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { virtualClock } from '../support/virtual-clock.ts';
import { scriptedDelivery } from './scripted-delivery.ts';

const MINUTE = 60_000;
const RATE = 1 / 1000;
const { policy } = scriptedDelivery({
  open_dispatch: { requests: 2 },
  increment_cycles: { requests: 2 },
  record_details: { requests: 3 },
});
const waits = (kind: LaneCount['kind'], lane: string, waiting: number): LaneCount => ({ kind, lane, waiting });
const openCall = (state: CallState, n: number): Call => ({
  id: n,
  kind: 'open_dispatch',
  lanes: ['dispatch:M1'],
  actions: [{ ...openDispatch('M1', n), id: n }],
  request: { method: 'POST', path: '/x', body: '' },
  state,
  attempt: 0,
  looks: 0,
  notBefore: 0,
  createdAt: 0,
  sentAt: null,
  base: null,
  result: null,
  reason: null,
  detail: null,
});
const estimate = (lanes: readonly LaneCount[], open: readonly Call[] = [], rate: number | null = RATE) =>
  estimateBacklog({ lanes, open, oldestWaitingAt: lanes.length > 0 ? 5000 : null, policy, rate });

describe('the backlog', () => {
  it.each<[string, readonly LaneCount[], number, number]>([
    ['nothing', [], 0, 0],
    [
      'each dispatch a call, an open with its look',
      [waits('open_dispatch', 'd:M1', 3), waits('close_dispatch', 'd:M1', 3)],
      6,
      9,
    ],
    [
      'the increments of a machine one call',
      [waits('increment_cycles', 'c:M1', 96), waits('increment_cycles', 'c:M2', 1)],
      2,
      4,
    ],
    [
      'the sets of all lines in calls of 50',
      [waits('record_details', 'p:L1', 60), waits('record_details', 'p:L2', 39)],
      2,
      6,
    ],
  ])('the backlog counts calls, not actions: %s', (_what, lanes, calls, requests) => {
    expect(estimate(lanes)).toMatchObject({ calls, ms: requests * 1000 });
  });

  it('the backlog counts calls under way without accepted ones, and has the time of the oldest action', () => {
    const lanes = [waits('close_dispatch', 'd:M1', 1)];
    expect(estimate(lanes, [openCall('retry', 3), openCall('accepted', 1)])).toEqual({
      calls: 2,
      ms: 3000,
      oldestAt: 3000,
    });
    expect(estimate(lanes, [openCall('retry', 9)]).oldestAt).toBe(5000);
    expect(estimate([])).toEqual({ calls: 0, ms: 0, oldestAt: null });
  });

  it('a backlog without a rate has no duration', () => {
    expect(estimate([waits('close_dispatch', 'd:M1', 1)], [], null)).toMatchObject({ calls: 1, ms: null });
  });

  it('a backlog never takes less time than the rate allows, and never has more calls than actions', () => {
    const kind = fc.constantFrom('open_dispatch', 'close_dispatch', 'increment_cycles', 'record_details');
    const lane = fc.record({ kind, lane: fc.constantFrom('a', 'b', 'c'), waiting: fc.integer({ min: 1, max: 3000 }) });
    fc.assert(
      fc.property(fc.array(lane as fc.Arbitrary<LaneCount>), lanes => {
        const { calls, ms } = estimate(lanes);
        expect(calls).toBeLessThanOrEqual(lanes.reduce((sum, { waiting }) => sum + waiting, 0));
        expect(ms).toBeGreaterThanOrEqual(calls / RATE);
      }),
    );
  });

  it.each<[Backlog['calls'], Backlog['ms'], string | null, string]>([
    [0, 0, 'L2L', '0 calls wait'],
    [1, 2000, null, '1 call waits, about 2s'],
    [12, 100, null, '12 calls wait, about 1s'],
    [500, 12.2 * MINUTE, 'L2L', '500 calls wait, about 13m once L2L answers'],
    [9000, 150 * MINUTE, null, '9000 calls wait, about 2h30m'],
    [99_999, 1800 * MINUTE, null, '99999 calls wait, about 1d6h'],
    [7, null, 'L2L', '7 calls wait'],
  ])('the words for a backlog of %i calls in %s ms (away: %s) are: %s', (calls, ms, away, words) => {
    expect(backlogWords({ calls, ms, oldestAt: 0 }, away)).toBe(words);
  });

  it('a long backlog is logged once, then every ten minutes, and once when it is gone', () => {
    const clock = virtualClock(0);
    const log = recordingLogger();
    const backlogLog = createBacklogLog(clock, log, queueWords('L2L'));
    let read = 0;
    /** Looks at a backlog of these minutes every minute. Returns the log lines since the last look. */
    const see = (...minutes: readonly number[]) => {
      for (const each of minutes) {
        backlogLog.see({ calls: each * 60, ms: each * MINUTE, oldestAt: 0 }, 'L2L');
        clock.advance(MINUTE);
      }
      const since = read;
      read = log.lines.length;
      return log.lines.slice(since).map(({ level, message }) => `${level} ${message}`);
    };
    expect(see(0, 1, 2)).toEqual([]);
    expect(see(3, 4, 5, 6, 7, 8, 9, 10, 11, 12)).toEqual(['warn calls to L2L wait']);
    expect(see(13, 14, 3)).toEqual(['warn calls to L2L wait']);
    expect(see(1, 3, 1)).toEqual([]);
    expect(see(0, 0, 1)).toEqual(['info all waiting calls were sent to L2L']);
    expect(see(3)).toEqual(['warn calls to L2L wait']);
  });

  it('the log line of a backlog has its calls, its duration and its oldest action', () => {
    const log = recordingLogger();
    createBacklogLog(virtualClock(0), log, queueWords('L2L')).see(
      { calls: 200, ms: 4 * MINUTE, oldestAt: increment('M1', 60).at },
      'L2L',
    );
    expect(log.lines[0]?.fields).toEqual({
      calls: 200,
      backlog: '200 calls wait, about 4m once L2L answers',
      oldest: new Date(60_000),
    });
  });
});
