import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTimers } from '../../../src/rules/common/timers.ts';

describe('timers', () => {
  it('the timers name the rule that is due next, and of two equal ones the earlier in the program', () => {
    const timers = createTimers(4);
    timers.set(3, 50);
    timers.set(1, 70);
    timers.set(2, 50);
    expect([timers.next(), timers.first()]).toEqual([50, 2]);
    timers.set(2, Infinity);
    expect(timers.first()).toBe(3);
    timers.set(3, 90);
    expect([timers.next(), timers.first()]).toEqual([70, 1]);
  });

  it('empty timers wait for nothing', () => {
    const timers = createTimers(2);
    expect([timers.next(), timers.first()]).toEqual([Infinity, undefined]);
    timers.set(0, Infinity);
    expect(timers.first()).toBeUndefined();
  });

  it('the timers stay sorted, whatever is set, moved and removed', () => {
    const change = fc.tuple(fc.nat(9), fc.option(fc.nat(100), { nil: Infinity }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), changes => {
        const timers = createTimers(10);
        const due = new Array<number>(10).fill(Infinity);
        for (const [rule, at] of changes) {
          timers.set(rule, at);
          due[rule] = at;
          const earliest = Math.min(...due);
          expect(timers.next()).toBe(earliest);
          expect(timers.first()).toBe(earliest === Infinity ? undefined : due.indexOf(earliest));
        }
      }),
    );
  });
});
