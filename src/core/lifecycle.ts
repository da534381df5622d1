import { setTimeout as wait } from 'node:timers/promises';

type Step = { readonly name: string; readonly stop: () => Promise<void> | void };

/** What was started, so that it can be stopped in reverse, each step bounded, errors collected and never hiding the rest. */
export class Started {
  readonly #steps: Step[] = [];
  #stopping: Promise<readonly Error[]> | undefined;

  add(name: string, stop: Step['stop']): void {
    this.#steps.push({ name, stop });
  }

  /** Idempotent: a second call gets the first one's result. Each step may take `perStep` ms. */
  stop(perStep: number): Promise<readonly Error[]> {
    this.#stopping ??= this.#stopAll(perStep);
    return this.#stopping;
  }

  async #stopAll(perStep: number): Promise<readonly Error[]> {
    const errors: Error[] = [];
    for (const step of this.#steps.toReversed()) {
      const abort = new AbortController();
      const late = wait(perStep, 'late' as const, { signal: abort.signal, ref: true }).catch(() => 'done' as const);
      try {
        if ((await Promise.race([Promise.resolve(step.stop()), late])) === 'late') {
          errors.push(new Error(`${step.name} did not stop within ${perStep} ms`));
        }
      } catch (cause) {
        errors.push(new Error(`${step.name} did not stop cleanly`, { cause }));
      } finally {
        abort.abort();
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
