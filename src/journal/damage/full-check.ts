import { Worker } from 'node:worker_threads';

export type FullCheckOptions = {
  readonly file: string;
  /** Begins after this time, when the start is over (ms). */
  readonly delay: number;
  /** `found`: the damage in words; null: the file is sound. */
  readonly onEnd: (found: string | null) => void;
  /** The check itself failed. */
  readonly onFailed: (cause: unknown) => void;
};

/** Reads the whole journal in a thread of its own, once. Disposing ends it. */
export function startFullCheck({ file, delay, onEnd, onFailed }: FullCheckOptions): Disposable {
  let worker: Worker | undefined;
  const timer = setTimeout(() => {
    worker = new Worker(new URL('./full-check-worker.ts', import.meta.url), { workerData: file });
    worker.unref();
    worker.once('message', onEnd);
    worker.once('error', onFailed);
  }, delay);
  timer.unref();
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      worker?.removeAllListeners();
      // After the disposal nothing uses an error of the thread.
      void worker?.terminate().catch(() => {});
    },
  };
}
