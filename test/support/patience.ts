/**
 * Longest time a condition may take (ms), on a machine that is busy with something else too. Nothing waits this long when all is
 * well, and what never becomes true is told no sooner: a wait is no measurement.
 */
export const PATIENCE = { timeout: 60_000, interval: 10 };
