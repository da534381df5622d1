/**
 * The longest time that a condition may take (ms), also on a busy host. A wait that succeeds ends earlier; only a failing one takes this
 * long. It measures nothing.
 */
export const PATIENCE = { timeout: 60_000, interval: 10 };
