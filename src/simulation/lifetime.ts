import { createInterface } from 'node:readline';

/**
 * Resolves when a simulated process has to end: by SIGTERM or SIGINT, or because the one that started it is gone (its end of
 * stdin closed). So nothing is left behind, however the starter ended. Until then each line of stdin is handed over.
 */
export function untilTold(onLine: (line: string) => void = () => {}): Promise<void> {
  return new Promise(resolve => {
    const end = () => resolve();
    process.once('SIGTERM', end).once('SIGINT', end);
    process.stdin.once('error', end);
    createInterface({ input: process.stdin }).on('line', onLine).once('close', end);
  });
}

/** Says something to the starter, as one line of JSON on stdout. */
export function say(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
