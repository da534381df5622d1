import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import type { Figure } from '../../bench/report.ts';

const BENCH = join(import.meta.dirname, '../../bench/bench.ts');

/** Every part of the bench, and how many figures it gives. */
const PARTS = { rules: 2, conditions: 2, floors: 3, edges: 10, sandbox: 1, acknowledged: 2, footprint: 7, start: 1 };

async function bench(...args: readonly string[]) {
  const child = spawn(process.execPath, [BENCH, '--tiny', '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGTERM'));
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { out, err, code: code as number | null };
}

it.each(Object.entries(PARTS))(
  'the bench measures %s with everything that the gateway asks for',
  async (part, count) => {
    const { out, err, code } = await bench('--only', part);

    expect(code, err).toBe(0);
    const figures = JSON.parse(out) as readonly Figure[];
    expect(figures).toHaveLength(count);
    for (const { name, unit, value, runs } of figures) {
      const isLoss = name.startsWith('edges lost');
      expect(runs, name).toHaveLength(isLoss ? 3 : 1);
      if (isLoss) expect(value, JSON.stringify(figures)).toBe(0);
      // The share of a core can be too small for the kernel's clock. For a rate, 0 means that it was not held.
      else if (unit === '% of a core' || name.endsWith('sustained')) expect(value, name).toBeGreaterThanOrEqual(0);
      else expect(value, name).toBeGreaterThan(0);
      expect(value, name).toBeLessThan(1e8);
    }
  },
);

it('the bench test knows every part', async () => {
  const { err, code } = await bench('--only', 'nonsense');

  expect(code).toBe(2);
  expect(err).toBe(`unknown measurement nonsense; known: ${Object.keys(PARTS).join(', ')}\n`);
});
