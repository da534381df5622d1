import { describe, expect, it } from 'vitest';
import type { SeedResult } from './run.ts';
import { runSeeds } from './seeds.ts';

/** A dozen stories on a machine that is busy with something else too (ms). */
const PATIENCE = 600_000;
/** A few of the seeds; `npm run test:chaos -- --seeds 500` runs many (docs/chaos.md). */
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

async function run(seeds: readonly number[]): Promise<SeedResult[]> {
  const results: SeedResult[] = [];
  await runSeeds(seeds, 2, result => results.push(result));
  return results;
}

describe('chaos', () => {
  it('L2L has what truly happened after each seed', { timeout: PATIENCE }, async () => {
    const results = await run(SEEDS);

    const failed = results.filter(({ ok }) => !ok).map(({ line, problems }) => [line, ...problems].join('\n  '));
    expect(failed).toEqual([]);
    expect(results).toHaveLength(SEEDS.length);
  });

  it('the same seed has the same trace, also in another process', { timeout: PATIENCE }, async () => {
    const [first, second] = await run([5, 5]);

    expect(second?.trace).toEqual(first?.trace);
    expect(first?.trace.length).toBeGreaterThan(100);
  });

  it('another seed has another trace', { timeout: PATIENCE }, async () => {
    const [first, second] = await run([5, 6]);

    expect(second?.hash).not.toBe(first?.hash);
  });
});
