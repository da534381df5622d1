import { engineSpeed } from './engine.ts';
import type { Figure, Options } from './report.ts';
import { median } from './statistics.ts';

const SIZES = [100, 1000, 10_000] as const;
const SAMPLES = 200_000;
const MINUTE = '1m';
const DAY = '24h';
const GOAL = 300_000;
/** With ten times the rules a sample may cost this much more, because of caches and of the noise of a shared host. */
const NO_GROWTH = 1.25;

/** Measures the rules engine alone, on one core: the samples a second, and the cost of rules that do not read the sample's signal. */
export function measureRules({ runs, part }: Options): Figure[] {
  const all = SIZES.map(size => ({ rules: size * part, speeds: [] as number[], same: [] as number[] }));
  // The first run of each only warms the compiler up.
  for (let run = -1; run < runs; run++) {
    for (const { rules, speeds, same } of all) {
      const speed = engineSpeed({ rules, changing: 2 * rules, every: MINUTE, samples: SAMPLES * part });
      // Intervals of a day, so that the cost of the sample does not include the passing time of other rules.
      const sameSpeed = engineSpeed({ rules, changing: 200 * part, every: DAY, samples: SAMPLES * part });
      if (run < 0) continue;
      speeds.push(speed);
      same.push(sameSpeed);
    }
  }
  const [few, some, many] = all;
  if (!few || !some || !many) throw new Error('there are three sizes');
  const words = (values: readonly number[]) => Math.round(median(values)).toLocaleString('en-US');
  const growth = few.same.map((speed, run) => speed / (many.same[run] ?? Number.NaN));
  return [
    {
      name: 'rules engine, 1,000 rules, 2,000 signals',
      unit: 'samples/s',
      value: median(some.speeds),
      runs: some.speeds,
      goal: { words: '≥ 300,000 on a core', met: median(some.speeds) >= GOAL },
      note: `every sample is a change; ${words(few.speeds)} with 100 rules and 200 signals, ${words(many.speeds)} with 10,000 and 20,000`,
    },
    {
      name: 'a sample among 10,000 rules, to 100',
      unit: 'times the cost',
      value: median(growth),
      runs: growth,
      goal: { words: `no growth (≤ ${NO_GROWTH})`, met: median(growth) <= NO_GROWTH },
      note: `the same 200 signals change: ${all.map(({ same }) => words(same)).join(', ')} samples/s among 100, 1,000, 10,000 rules`,
    },
  ];
}
