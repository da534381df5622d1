import { describe, expect, it } from 'vitest';
import { createFollowPace } from '../../src/queue/follow-pace.ts';

const NOW = 1_800_000_000_000;
const SECOND = 1000;

describe('the pace of follow-ups', () => {
  it('of many calls that are due at once, three are followed up, and each other one has a slot of its own', () => {
    const pace = createFollowPace(1 / SECOND);
    const slots = [1, 2, 3, 4, 5, 6].map(call => pace.slotFor(call, NOW));
    expect(slots).toEqual([0, 0, 0, NOW + 6 * SECOND, NOW + 12 * SECOND, NOW + 18 * SECOND]);
    expect(pace.slotFor(5, NOW + SECOND)).toBe(NOW + 12 * SECOND);
    expect(pace.slotFor(4, NOW + 6 * SECOND)).toBe(0);
  });

  it('a hundred calls with a rate of one in a second get at most 12 follow-ups in each minute, and each gets one', () => {
    const pace = createFollowPace(1 / SECOND);
    const followed: number[] = [];
    const open = new Map(Array.from({ length: 100 }, (_, call) => [call, NOW]));
    for (let now = NOW; open.size > 0; now += SECOND) {
      for (const [call, due] of open) {
        if (due > now) continue;
        const slot = pace.slotFor(call, now);
        open.set(call, slot);
        if (slot > 0) continue;
        open.delete(call);
        followed.push(now);
      }
    }
    expect(followed).toHaveLength(100);
    for (const at of followed) {
      const inMinute = followed.filter(other => other >= at && other < at + 60 * SECOND);
      expect(inMinute.length).toBeLessThanOrEqual(12);
    }
  });

  it('after a quiet time, calls are followed up at once again', () => {
    const pace = createFollowPace(1 / SECOND);
    for (const call of [1, 2, 3, 4]) pace.slotFor(call, NOW);
    expect([5, 6, 7].map(call => pace.slotFor(call, NOW + 60 * SECOND))).toEqual([0, 0, 0]);
  });

  it('without a limit of the rate, no call waits', () => {
    const pace = createFollowPace(null);
    expect(Array.from({ length: 50 }, (_, call) => pace.slotFor(call, NOW)).every(slot => slot === 0)).toBe(true);
  });
});
