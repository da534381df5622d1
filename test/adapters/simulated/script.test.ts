import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createScript } from '../../../src/adapters/simulated/script.ts';

const STEPS = [
  { for: 20, value: true },
  { for: 5, value: false },
  { for: 5, quality: 'bad' },
] as const;

describe('simulated script', () => {
  it.each([
    [0, { value: true }, 0, 20],
    [19, { value: true }, 0, 20],
    [20, { value: false }, 20, 25],
    [29, { quality: 'bad' }, 25, 30],
    [30, { value: true }, 30, 50],
    [3020, { value: false }, 3020, 3025],
  ])('a script begins again after its last step: at %i', (time, step, since, next) => {
    expect(createScript(STEPS, true).at(time)).toMatchObject({ step, since, next });
  });

  it('a script that does not repeat stays at its last step', () => {
    const script = createScript(STEPS, false);

    expect(script.at(1000)).toMatchObject({ step: { quality: 'bad' }, since: 25, next: Number.POSITIVE_INFINITY });
    expect(script.trueFor(1000)).toBe(20);
    expect(script.whenTrueFor(21)).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    [10, 10],
    [25, 20],
    [30, 20],
    [45, 35],
    [3030, 2020],
  ])('at %i a script has been true for %i', (time, expected) => {
    expect(createScript(STEPS, true).trueFor(time)).toBe(expected);
  });

  it('a script knows the moment at which it has been true for a given time', () => {
    const steps = fc.array(fc.record({ for: fc.integer({ min: 1, max: 500 }), value: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(steps, fc.boolean(), fc.integer({ min: 1, max: 100_000 }), (written, repeat, ms) => {
        const script = createScript(written, repeat);
        const when = script.whenTrueFor(ms);
        if (Number.isFinite(when)) {
          expect(script.trueFor(when)).toBe(ms);
          expect(script.trueFor(when - 1)).toBeLessThan(ms);
        } else {
          expect(script.trueFor(1e9)).toBeLessThan(ms);
        }
      }),
    );
  });
});
