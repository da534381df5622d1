/**
 * Longest time a condition may take (ms), on a host that is also busy with other work. A wait that
 * succeeds ends earlier, and one that fails takes this long: a wait is no measurement.
 */
export const PATIENCE = { timeout: 60_000, interval: 10 };
