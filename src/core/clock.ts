/** The gateway's time. All code that waits or records times gets a clock. Tests use a virtual one. */
export interface Clock {
  /** ms since 1970. It starts with the wall clock, and is monotonic: steps of the wall clock do not change it. */
  now(): number;
  /** Calls back once, at or after `at` (ms since 1970). Disposing cancels it. */
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

/** A clock that starts at `at` (ms since 1970) and runs evenly. Steps of the host's clock do not change it. */
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

/** A clock that starts at the present time of the host. */
export function systemClock(): Clock {
  return anchoredClock(Date.now());
}
