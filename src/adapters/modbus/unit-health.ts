/** A unit that failed this often in a row is asked less and less, so that it does not slow the others. */
const FAILURES = 3;
const FIRST_WAIT = 10_000;
const LONGEST_WAIT = 300_000;

export type UnitHealth = {
  readonly failures: number;
  /** The unit is not asked before this time (ms since 1970); null: it is asked at every poll. */
  readonly askAgainAt: number | null;
};

export const HEALTHY: UnitHealth = { failures: 0, askAgainAt: null };

/** The health of a unit after one more failure. Pure. */
export function afterFailure(health: UnitHealth, now: number): UnitHealth {
  const failures = health.failures + 1;
  if (failures < FAILURES) return { failures, askAgainAt: null };
  const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures - FAILURES, 10));
  return { failures, askAgainAt: now + wait };
}

export function isDemoted(health: UnitHealth): boolean {
  return health.askAgainAt !== null;
}
