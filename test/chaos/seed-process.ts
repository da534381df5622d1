/** Runs the seeds that it receives, one after the other, and answers with their results. */
import { runSeed } from './run.ts';

process.on('message', (seed: number) => {
  runSeed(seed).then(
    result => process.send?.(result),
    (error: unknown) => {
      const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.send?.({
        seed,
        ok: false,
        line: `seed ${seed}: the suite itself failed`,
        problems: [words],
        hash: '',
        trace: [],
      });
    },
  );
});
