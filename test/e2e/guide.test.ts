import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { SandboxState } from '../../src/simulation/sandbox/state.ts';
import { testFolder } from '../support/folder.ts';
import { PATIENCE } from '../support/patience.ts';
import { reservedPort } from '../support/port.ts';

const ROOT = join(import.meta.dirname, '../..');
const GUIDE = readFileSync(join(ROOT, 'docs/guide.md'), 'utf8');
/** Commands that the test has already done on this host. */
const INSTALL = /^(?:git clone|cd|npm ci|sudo apt-get) /;

type Block = { readonly section: string; readonly language: string; readonly text: string };

/** The code blocks of the guide, each with its heading. */
function blocksOf(guide: string): readonly Block[] {
  return guide.split(/^## /m).flatMap(part => {
    const section = part.split('\n', 1)[0] ?? '';
    return [...part.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
      section,
      language,
      text,
    }));
  });
}

/** Whether the output has this line of the guide; `…` stands for any text. */
function shows(output: string, line: string): boolean {
  const parts = line.split('…').map(part => part.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(parts.join('.*')).test(output);
}

function terminal(folder: string) {
  const children: ChildProcess[] = [];
  onTestFinished(() => {
    for (const child of children) if (child.pid && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  });
  const { L2L_API_KEY: _, ...inherited } = process.env;
  const env: Record<string, string | undefined> = { ...inherited, TMPDIR: folder };

  return {
    start(command: string) {
      const child = spawn('sh', ['-c', `exec ${command}`], { cwd: folder, env, detached: true });
      children.push(child);
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          output += chunk.toString();
        });
      const ended = once(child, 'close').then(([code]) => code as number | null);
      return {
        ended,
        output: () => output,
        untilShows: (lines: readonly string[]) =>
          vi.waitFor(() => {
            for (const line of lines) if (!shows(output, line)) throw new Error(`no "${line}" in:\n${output}`);
          }, PATIENCE),
        /** Sends Ctrl-C. */
        end() {
          child.kill('SIGINT');
          return ended;
        },
      };
    },
    export(name: string, value: string) {
      env[name] = value;
    },
  };
}

/** A clone of the project with its packages, and without any data of the user. */
function cloned(): string {
  const folder = testFolder();
  for (const name of ['bin', 'src', 'node_modules', 'package.json']) symlinkSync(join(ROOT, name), join(folder, name));
  mkdirSync(join(folder, 'config'));
  return folder;
}

describe('docs/guide.md', () => {
  it('the guide leads from the file to the first live dispatch when it is followed literally', async () => {
    const began = performance.now();
    const took = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
    const [http, l2l] = [await reservedPort(), await reservedPort()];
    const guide = GUIDE.replaceAll('8080', String(http)).replaceAll('8099', String(l2l));
    const folder = cloned();
    const file = join(folder, 'config/my.yaml');
    const shell = terminal(folder);
    const blocks = blocksOf(guide);
    const times: string[] = [];
    let whole = '';

    for (const [index, { language, text, section }] of blocks.entries()) {
      if (language === 'yaml') {
        if (whole === '') writeFileSync(file, text);
        else {
          // The other source that the guide shows in place of the simulated one has to be valid too.
          const other = join(folder, 'config/own.yaml');
          writeFileSync(other, whole.replace(/^sources:\n[\s\S]*?(?=^rules:)/m, text));
          const checked = shell.start('env L2L_API_KEY=any bin/l2l-gateway check config/own.yaml');
          expect(await checked.ended, checked.output()).toBe(0);
        }
        whole ||= text;
      }
      if (language !== 'sh') continue;
      const next = blocks[index + 1];
      const expected = next?.language === 'text' ? next.text.trim().split('\n') : [];
      for (const line of text
        .trim()
        .split('\n')
        .filter(one => !INSTALL.test(`${one} `))) {
        const [, name, value] = /^export (\w+)=(\S+)$/.exec(line) ?? [];
        if (name && value) {
          shell.export(name, value);
          continue;
        }
        const program = shell.start(line.startsWith('bin/l2l-gateway sandbox') ? `${line} --port ${l2l}` : line);
        if (line.startsWith('bin/l2l-gateway run')) {
          await program.untilShows(expected);
          expect(await program.end(), program.output()).toBe(0);
        } else if (line.startsWith('bin/l2l-gateway sandbox')) await program.untilShows(expected);
        else {
          const code = await program.ended;
          if (line.includes(' check ')) {
            for (const one of expected) expect(shows(program.output(), one), `${one}\n${program.output()}`).toBe(true);
            expect(code).toBe(expected.some(one => one.startsWith('not valid')) ? 2 : 0);
            times.push(`${section}: checked after ${took()}`);
          } else expect(code, program.output()).toBe(0);
        }
        if (line.startsWith('bin/l2l-gateway run')) times.push(`${section}: seen after ${took()}`);
      }
    }

    const state = (await (await fetch(`http://127.0.0.1:${l2l}/sandbox/state`)).json()) as SandboxState;
    const [dispatch] = state.dispatches;
    expect(dispatch).toMatchObject({ description: expect.stringContaining('Press 1 stands still') as string });
    expect(dispatch?.closed).not.toBeNull();
    expect(await (await fetch(`http://127.0.0.1:${l2l}/`)).text()).toContain('Press 1 stands still');
    if (process.env.GUIDE_TIMES) console.log(times.join('\n'));
  }, 240_000);

  it('the README names the guide', () => {
    expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain('](docs/guide.md)');
  });
});
