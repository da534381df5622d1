import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ChildOptions, startChild, startServer } from '../../src/cli/demo/child.ts';
import { descendants } from '../../src/cli/demo/descendants.ts';

function options(script: string, more: Partial<ChildOptions> = {}): ChildOptions {
  return {
    name: 'the child',
    args: ['-e', script],
    env: process.env,
    onLine: () => {},
    onUnexpectedEnd: () => {},
    ...more,
  };
}

const ECHO = 'process.stdin.on("data", text => process.stdout.write(text)).on("end", () => process.exit(0))';
const STUBBORN = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("{}")';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: this process does not exist any more.
    return false;
  }
}

describe('demo child', () => {
  it('a child of the demo takes lines, gives lines, and ends silently when it is stopped', async () => {
    const lines: string[] = [];
    const ends: string[] = [];
    const child = await startChild(
      options(ECHO, { onLine: line => lines.push(line), onUnexpectedEnd: words => ends.push(words) }),
    );
    child.send('hello');
    await expect.poll(() => lines).toEqual(['hello']);
    await child.stop(10_000);
    expect(isAlive(child.pid)).toBe(false);
    expect(ends).toEqual([]);
    await child.stop(10_000);
  });

  it('the demo reports a child that ends by itself, with its last output', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    await startChild(options('console.error("no key"); process.exit(3)', { onUnexpectedEnd: resolve }));
    expect(await promise).toBe('the child ended (code 3): no key');
  });

  it('the demo ends a child that does not stop by itself', async () => {
    const { child } = await startServer(options(STUBBORN));
    await child.stop(100);
    expect(isAlive(child.pid)).toBe(false);
  });

  it('the demo waits for the address of a server, and says why there is none', async () => {
    const lines: string[] = [];
    const { child, where } = await startServer(
      options('console.log(JSON.stringify({ url: "here" })); console.log("more"); setInterval(() => {}, 1000)', {
        onLine: line => lines.push(line),
      }),
    );
    onTestFinished(() => child.stop(10_000));
    expect(where).toEqual({ url: 'here' });
    await expect.poll(() => lines).toEqual(['more']);
    await expect(startServer(options('console.error("port taken"); process.exit(1)'))).rejects.toThrow('port taken');
  });
});

describe.runIf(process.platform === 'linux')('descendants', () => {
  it('the demo finds the children of its children by name, and no process of others', async () => {
    const family = spawn('/bin/sh', ['-c', 'sleep 60 & echo up; wait'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    const other = spawn('sleep', ['60'], { stdio: 'ignore' });
    onTestFinished(() => {
      if (family.pid) process.kill(-family.pid, 'SIGKILL');
      other.kill('SIGKILL');
    });
    await once(family.stdout, 'data');
    await expect.poll(() => descendants(family.pid ?? 0, 'sleep')).toHaveLength(1);
    expect(descendants(family.pid ?? 0, 'sleep')).not.toContain(other.pid);
    expect(descendants(process.pid, 'sleep')).toContain(other.pid);
    expect(descendants(process.pid, 'no-such-program')).toEqual([]);
  });
});
