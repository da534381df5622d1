import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { SeedResult } from './run.ts';

const PROCESS = join(import.meta.dirname, 'seed-process.ts');
/** A process runs this many seeds before a new one takes over, so that leftovers of a life in memory do not add up. */
const SEEDS_A_PROCESS = 25;

/** Runs every seed, with `workers` processes that run one seed at a time. Results come in the order in which they end. */
export async function runSeeds(
  seeds: readonly number[],
  workers: number,
  onResult: (result: SeedResult) => void,
): Promise<void> {
  const left = [...seeds];
  await Promise.all(Array.from({ length: Math.min(workers, seeds.length) }, () => work(left, onResult)));
}

async function work(left: number[], onResult: (result: SeedResult) => void): Promise<void> {
  while (left.length > 0) {
    const child = fork(PROCESS, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    try {
      for (let run = 0; run < SEEDS_A_PROCESS; run++) {
        const seed = left.shift();
        if (seed === undefined) return;
        onResult(await ask(child, seed));
      }
    } finally {
      child.kill();
    }
  }
}

function ask(child: ChildProcess, seed: number): Promise<SeedResult> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`seed ${seed} ended its process with ${code}`));
    child.once('exit', onExit);
    child.once('message', result => {
      child.off('exit', onExit);
      resolve(result as SeedResult);
    });
    child.send(seed);
  });
}
