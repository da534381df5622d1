import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTimeNotation } from '../../src/core/time-notation.ts';
import { shiftTime } from '../../src/core/time-shift.ts';
import { beginTime, EARLIEST, isPlausible, judgeClock } from '../../src/core/wall-clock.ts';

const NOW = Date.parse('2026-11-05T12:00:00Z');
const HOUR = 3_600_000;
const { people } = createTimeNotation('UTC');
const lived = (alive: number | null) => ({ alive, doubted: null });

describe('what a wall clock has done', () => {
  it.each([
    ['nothing', 3, 0, 0, 'right'],
    ['two seconds of slewing', 1999, 0, 0, 'right'],
    ['a step forward', HOUR, 0, 0, 'stepped'],
    ['a step back', -2001, 0, 0, 'stepped'],
    ['a suspension, which the wall clock and the uptime show alike', 8 * HOUR, 0, 8 * HOUR + 900, 'suspended'],
    ['a suspension and a step', 8 * HOUR + 5000, 0, 8 * HOUR, 'stepped'],
    ['an uptime that is wrong by itself', 100, 0, HOUR, 'right'],
    ['nothing, by a clock that is not believed', -HOUR + 20, -HOUR, 0, 'right'],
    ['a step by a clock that is not believed', 30, -HOUR, 0, 'stepped'],
  ] as const)('the wall clock: %s', (_, off, expected, slept, verdict) => {
    expect(judgeClock(off, expected, slept)).toBe(verdict);
  });
});

describe('where time begins', () => {
  it.each([
    ['with a new journal', NOW, null, { from: NOW, doubt: null }],
    ['after an outage', NOW, NOW - HOUR, { from: NOW, doubt: null }],
    ['within two seconds before the journal', NOW - 1500, NOW, { from: NOW - 1500, doubt: null }],
  ])('a new process trusts the clock %s', (_, wall, alive, base) => {
    expect(beginTime(wall, lived(alive), 'check', people)).toEqual({ ...base, shift: null });
  });

  it.each([
    [
      'behind the journal',
      NOW - HOUR,
      NOW,
      NOW,
      'the clock says 2026-11-05 11:00:00 UTC, the journal was last written at',
    ],
    ['of a lost battery', 0, null, EARLIEST, 'the clock says 1970-01-01 00:00:00 UTC, this version was made after'],
    ['behind both', 0, NOW, NOW, 'the clock says 1970-01-01 00:00:00 UTC, the journal was last written at 2026-11-05'],
  ])('a new process doubts a clock %s, and continues from the journal', (_, wall, alive, from, words) => {
    const begun = beginTime(wall, lived(alive), 'check', people);
    expect(begun).toMatchObject({ from, shift: null });
    expect(begun.doubt).toContain(words);
    expect(begun.doubt).toContain('write `clock: trust`');
  });

  it('a clock that a person trusts is used, and the times of the journal are moved before it', () => {
    expect(beginTime(NOW - HOUR, lived(NOW), 'trust', people)).toEqual({
      from: NOW - HOUR,
      doubt: null,
      shift: { from: NOW, by: -HOUR },
    });
    const doubted = { from: NOW, by: -HOUR };
    expect(beginTime(NOW + 9, { alive: NOW + HOUR, doubted }, 'trust', people).shift).toBe(doubted);
    expect(beginTime(NOW, lived(NOW - HOUR), 'trust', people).shift).toBeNull();
  });

  it('the wall clock follows a clock that is set to a possible time, and no other', () => {
    const trusted = { from: NOW, doubt: null };
    const doubted = { from: NOW, doubt: 'why' };
    expect(isPlausible(NOW - HOUR, trusted, 'check')).toBe(true);
    expect(isPlausible(NOW - HOUR, doubted, 'check')).toBe(false);
    expect(isPlausible(NOW, doubted, 'check')).toBe(true);
    expect(isPlausible(0, trusted, 'check')).toBe(false);
    expect(isPlausible(0, trusted, 'trust')).toBe(true);
  });
});

describe('shifting a time', () => {
  const times = fc.integer({ min: 0, max: 2 * NOW });
  const shifts = fc.record({ from: times, by: fc.integer({ min: -HOUR, max: HOUR }) });

  it('a shift never changes the order of two times', () => {
    fc.assert(
      fc.property(times, times, shifts, (a, b, shift) => {
        const [first, second] = a < b ? [a, b] : [b, a];
        expect(shiftTime(first, shift)).toBeLessThanOrEqual(shiftTime(second, shift));
      }),
    );
  });

  it('a shift moves times after its beginning, and leaves earlier ones', () => {
    expect(shiftTime(NOW + 1, { from: NOW, by: HOUR })).toBe(NOW + 1 + HOUR);
    expect(shiftTime(NOW, { from: NOW, by: HOUR })).toBe(NOW);
    expect(shiftTime(NOW - 5 * HOUR, { from: NOW, by: -HOUR })).toBe(NOW - 5 * HOUR);
    expect(shiftTime(NOW - 5, { from: NOW, by: -HOUR })).toBe(NOW - HOUR);
  });
});
