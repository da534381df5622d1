/** Time as the gateway knows it. Everything that waits or stamps gets one handed in; tests hand in a virtual one. */
export interface Clock {
  /** ms since 1970, monotonic between two calls: anchored to the wall clock, unmoved by its steps. */
  now(): number;
  /** Calls back once at or after `at` (ms since 1970). Disposing cancels. */
  at(at: number, callback: () => void): Disposable;
}

/** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    const timer = clock.at(clock.now() + ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Shows `at` (ms since 1970) now and goes on evenly from there: no step of the machine's clock moves it. */
export function anchoredClock(at: number): Clock {
  const anchor = at - performance.now();
  const now = () => anchor + performance.now();
  return {
    now,
    at(at, callback) {
      let timer: NodeJS.Timeout;
      const arm = () => {
        const wait = at - now();
        timer = setTimeout(
          () => (at - now() > 0 ? arm() : callback()),
          Math.min(Math.max(Math.ceil(wait), 0), LONGEST_TIMEOUT),
        );
      };
      arm();
      return { [Symbol.dispose]: () => clearTimeout(timer) };
    },
  };
}

/** A clock that shows the machine's time as it is now. */
export function systemClock(): Clock {
  return anchoredClock(Date.now());
}
