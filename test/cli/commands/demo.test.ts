import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { demoCommand } from '../../../src/cli/commands/demo.ts';
import { descendants } from '../../../src/cli/demo/descendants.ts';
import { testFolder } from '../../support/folder.ts';

const MAIN = join(import.meta.dirname, '../../../src/main.ts');
const PATIENCE = 150_000;

/** The demo as a process with its own folder for temporary files; `onLine` gets its output line by line. */
async function demo(args: readonly string[], onLine: (line: string, pid: number) => void = () => {}) {
  const folder = testFolder();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'demo', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder },
  });
  onTestFinished(() => void child.kill('SIGTERM'));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', line => {
    lines.push(line);
    onLine(line, child.pid ?? 0);
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, lines, errors, leftBehind: readdirSync(folder).filter(name => name.startsWith('l2l-demo-')) };
}

describe('demo', () => {
  it.each([
    ['--for 40', 'write a time with its unit'],
    ['--seed x', 'write a whole number'],
    ['--fast', '--fast'],
  ])('the demo refuses %s', async (args, words) => {
    const io = { out: () => {}, err: () => {}, env: {}, readFile: () => new Uint8Array(), signal: AbortSignal.abort() };
    await expect(demoCommand.run(args.split(' '), io)).rejects.toThrow(words);
  });

  it('the demo ends by itself with nothing lost, doubled or out of order, and leaves no process behind', {
    timeout: PATIENCE,
  }, async () => {
    const children = new Set<number>();
    const { code, lines, errors, leftBehind } = await demo(['--for', '6s', '--json'], (_line, pid) => {
      for (const child of descendants(pid)) children.add(child);
    });

    expect(errors).toBe('');
    const verdict: unknown = JSON.parse(lines.at(-1) ?? '');
    expect(verdict).toMatchObject({ machines: 6, lost: 0, doubled: 0, out_of_order: 0, dead_letters: 0 });
    expect((verdict as { expected: number }).expected).toBeGreaterThan(40);
    const head = lines.slice(0, 14).join('\n');
    expect(head).toMatch(/L2L sandbox +http:/);
    expect(head).toMatch(/config +\/.*gateway\.yaml/);
    expect(head).toContain('Columns: time of the site (America/Denver)');
    const story = lines.filter(line => /^\d\d:\d\d:\d\d /.test(line));
    expect(story.filter(line => !/^\S+ M[SD]T {2}/.test(line))).toEqual([]);
    // A calm demo without counts and production.
    expect(story.filter(line => / cycles |record \d| count is /.test(line))).toEqual([]);
    expect(code).toBe(0);
    // The sandbox, three PLCs, the gateway, the broker and Redis; the last two have a wrapper each.
    expect(children.size).toBeGreaterThanOrEqual(9);
    await expect.poll(() => [...children].filter(isAlive)).toEqual([]);
    expect(leftBehind).toEqual([]);
  });

  it('the demo fails when L2L refused a call', { timeout: PATIENCE }, async () => {
    const { code, lines } = await demo(['--for', '6s', '--json'], line => {
      const [, url] = /L2L sandbox +(http:\S+):/.exec(line) ?? [];
      if (!url) return;
      const body = JSON.stringify({
        faults: [{ kind: 'refuse', path: 'increment_cycle_count', method: 'POST', count: 1 }],
      });
      void fetch(`${url}/sandbox/faults`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    });
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ dead_letters: 1 });
    expect(lines.join('\n')).toMatch(/\d+ lost/);
    expect(code).toBe(1);
  });
});

/** A zombie has ended; its parent, or the first process of the container, has just not collected it yet. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    // There is no such process any more.
    return false;
  }
}
