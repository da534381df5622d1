import { describe, expect, it } from 'vitest';
import { afterFailure, HEALTHY, isDemoted } from '../../../src/adapters/modbus/unit-health.ts';

describe('Modbus unit health', () => {
  it('a unit is asked less often after three failures, 10 s doubling to 300 s', () => {
    let health = HEALTHY;
    const waits: (number | null)[] = [];
    for (let failure = 1; failure <= 10; failure++) {
      health = afterFailure(health, 1000);
      waits.push(health.askAgainAt === null ? null : health.askAgainAt - 1000);
    }

    expect(waits).toEqual([null, null, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
  });

  it('a healthy unit is asked at every poll', () => {
    expect(isDemoted(HEALTHY)).toBe(false);
  });
});
