import { type Clock, sleep, systemClock } from './clock.ts';

/** Waits for `work`, at most `ms`. Resolves to whether the work ended in that time. Rejects when the work fails in that time. */
export async function endsWithin(ms: number, work: Promise<unknown>, clock: Clock = systemClock()): Promise<boolean> {
  const enough = new AbortController();
  const late = sleep(clock, ms, enough.signal).then(
    () => false,
    () => true, // The work ended first, and aborted this sleep below.
  );
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    enough.abort();
  }
}

type Step = { readonly name: string; readonly stop: () => Promise<void> | void };

/** Remembers what was started and stops it in reverse order. Each stop has a time limit, and an error in one does not prevent the rest. */
export class Started {
  readonly #steps: Step[] = [];
  #stopping: Promise<readonly Error[]> | undefined;

  add(name: string, stop: Step['stop']): void {
    this.#steps.push({ name, stop });
  }

  /** A second call gets the result of the first one. Each step may take `perStep` ms. */
  stop(perStep: number): Promise<readonly Error[]> {
    this.#stopping ??= this.#stopAll(perStep);
    return this.#stopping;
  }

  async #stopAll(perStep: number): Promise<readonly Error[]> {
    const errors: Error[] = [];
    for (const { name, stop } of this.#steps.toReversed()) {
      try {
        const inTime = await endsWithin(perStep, Promise.resolve(stop()));
        if (!inTime) errors.push(new Error(`${name} did not stop within ${perStep} ms`));
      } catch (cause) {
        errors.push(new Error(`${name} did not stop cleanly`, { cause }));
      }
    }
    return errors;
  }
}

/** Capped exponential back-off with jitter: attempt 1 waits about `first` ms, never more than `most`. `random` in [0, 1). */
export function backoff(attempt: number, first: number, most: number, random: number): number {
  const full = Math.min(most, first * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full / 2 + (full / 2) * random);
}
