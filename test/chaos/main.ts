/**
 * The chaos suite: `npm run test:chaos -- --seeds N [--seed S] [--first K] [--trace]`. See docs/chaos.md.
 * Its last line is `N passed, N failed`; it exits with 1 when a seed failed.
 */
import { parseArgs } from 'node:util';
import { runSeeds } from './seeds.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    workers: { type: 'string', default: '2' },
  },
});
const first = Number(values.seed ?? values.first);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const seeds = Array.from({ length: count }, (_, index) => first + index);

const TRACE_SHOWN = 150;
let failed = 0;
await runSeeds(seeds, Number(values.workers), result => {
  console.log(result.line);
  if (!result.ok) failed += 1;
  for (const problem of result.problems) console.log(`  ${problem}`);
  if (values.trace) console.log(result.trace.join('\n'));
  else if (!result.ok) {
    console.log(`  the end of what happened (all of it: npm run test:chaos -- --seed ${result.seed} --trace):`);
    for (const line of result.trace.slice(-TRACE_SHOWN)) console.log(`    ${line}`);
  }
});
console.log(`${seeds.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 && seeds.length > 0 ? 0 : 1;
