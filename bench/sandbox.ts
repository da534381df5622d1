import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pool } from 'undici';
import { KEY, temporaryFolder } from './gateway.ts';
import { startProgram } from './process.ts';
import type { Figure, Options } from './report.ts';
import { machineName } from './signal-plant.ts';
import { median } from './statistics.ts';

const AT_ONCE = 64;

/**
 * Measures how many calls the sandbox itself takes. It shows why the edge bench has a sink of its own. Each machine opens and closes in
 * turn.
 */
export async function measureSandbox({ runs, scale }: Options): Promise<Figure[]> {
  const file = join(temporaryFolder(), 'world.json');
  const machines = Array.from({ length: 200 }, (_, index) => ({ code: machineName(index) }));
  const site = {
    site: 43,
    timezone: 'Europe/Berlin',
    lines: [{ code: 'LINE-1', machines }],
    dispatchtypes: [{ code: 'DOWN' }],
    trades: [{ code: 'MAINT', default: true }],
    users: ['gateway'],
  };
  writeFileSync(file, JSON.stringify({ sites: [site] }));
  const script = join(import.meta.dirname, '..', 'src', 'simulation', 'sandbox-main.ts');
  const rates: number[] = [];
  for (let run = 0; run < runs; run++) {
    // Each run gets a new sandbox, because its data grow with every call.
    const sandbox = startProgram(process.execPath, [script, '--world', file], { L2L_API_KEY: KEY });
    try {
      const { url } = JSON.parse(await sandbox.line(line => line.startsWith('{'))) as { readonly url: string };
      rates.push(await callsPerSecond(url, Math.round(4000 * scale)));
    } finally {
      await sandbox.stop();
    }
  }
  return [{ name: 'sandbox alone, open and close', unit: 'calls/s', value: median(rates), runs: rates }];
}

async function callsPerSecond(url: string, calls: number): Promise<number> {
  const pool = new Pool(url, { connections: AT_ONCE, pipelining: 1 });
  const post = async (path: string, fields: Record<string, string>) => {
    const { body } = await pool.request({
      method: 'POST',
      path: `/api/1.0/${path}/`,
      headers: { l2lauth: KEY, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ site: '43', ...fields }).toString(),
    });
    const answer = (await body.json()) as { readonly success: boolean; readonly data?: { readonly id: number } };
    if (!answer.success || !answer.data) throw new Error(`the sandbox refused ${path}: ${JSON.stringify(answer)}`);
    return answer.data.id;
  };
  let left = calls;
  const machine = async (index: number) => {
    const machinecode = machineName(index);
    for (; left > 0; left -= 2) {
      const fields = { machinecode, dispatchtypecode: 'DOWN', description: 'bench', user: 'gateway', trade: 'MAINT' };
      await post(`dispatches/close/${await post('dispatches/open', fields)}`, {});
    }
  };
  const began = performance.now();
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => machine(index)));
    return (calls / (performance.now() - began)) * 1000;
  } finally {
    await pool.destroy();
  }
}
