import { describe, expect, it } from 'vitest';
import type { SeedResult } from './run.ts';
import { runSeeds } from './seeds.ts';

/** The longest time for a dozen stories, also on a busy host (ms). */
const PATIENCE = 600_000;
/** A few of the seeds; `npm run test:chaos -- --seeds 500` runs many (docs/chaos.md). */
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

async function run(seeds: readonly number[]): Promise<SeedResult[]> {
  const results: SeedResult[] = [];
  await runSeeds(seeds, 2, result => results.push(result));
  return results;
}

describe('chaos', () => {
  it('after each seed L2L has the true events', { timeout: PATIENCE }, async () => {
    const results = await run(SEEDS);

    const failed = results.filter(({ ok }) => !ok).map(({ line, problems }) => [line, ...problems].join('\n  '));
    expect(failed).toEqual([]);
    expect(results).toHaveLength(SEEDS.length);
  });

  it('the same seed gives the same trace, also in another process', { timeout: PATIENCE }, async () => {
    const [first, second] = await run([5, 5]);

    expect(second?.trace).toEqual(first?.trace);
    expect(first?.trace.length).toBeGreaterThan(100);
  });

  it('another seed gives another trace', { timeout: PATIENCE }, async () => {
    const [first, second] = await run([5, 6]);

    expect(second?.hash).not.toBe(first?.hash);
  });
});
