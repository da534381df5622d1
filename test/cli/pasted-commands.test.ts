import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandLine } from '../../src/core/command-line.ts';
import { increment, openDispatch } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { IN_DOUBT, REFUSED, settle, testJournal, write } from '../support/journal.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/l2l-gateway');

describe('the command to type', () => {
  it.each([
    [{}, 'bin/gw queue list'],
    [{ file: 'config/gateway.yaml' }, 'bin/gw queue list'],
    [{ file: 'config/my.yaml' }, 'bin/gw queue list config/my.yaml'],
    [{ file: "the plant's.yaml" }, `bin/gw queue list 'the plant'\\''s.yaml'`],
    [{ data: '/var/lib/gw' }, 'bin/gw queue list --data /var/lib/gw'],
  ])('the command to type names the gateway that was named: %j', (named, typed) => {
    expect(commandLine(named, { L2L_GATEWAY_COMMAND: 'bin/gw' })('queue list')).toBe(typed);
  });

  it('the command to type is the whole path of the program when nobody typed it, as in a container', () => {
    expect(commandLine({}, {})('queue list')).toBe(`${PROGRAM} queue list`);
  });
});

/** A folder of a person: the program under bin, a config with a space in its name, and actions that need a person. */
async function workplace(): Promise<string> {
  const folder = testFolder();
  mkdirSync(join(folder, 'bin'));
  symlinkSync(PROGRAM, join(folder, 'bin/l2l-gateway'));
  writeFileSync(join(folder, 'my plant.yaml'), 'gateway: { name: press_shop, data: data }\n');
  const journal = testJournal(join(folder, 'data'));
  await write(journal, openDispatch('A', 1), increment('B', 1));
  await settle(journal, 'dispatch:A', REFUSED);
  await settle(journal, 'cycles:B', IN_DOUBT);
  journal.close();
  return folder;
}

function typed(folder: string, line: string) {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line], { cwd: folder, encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

/** The lines of a text that are commands. */
function commandsIn(text: string): readonly string[] {
  return text.split('\n').filter(line => line.trim().startsWith('bin/l2l-gateway'));
}

it('every command that a list, a page or a usage error prints works when it is pasted', async () => {
  const folder = await workplace();
  const list = typed(folder, `bin/l2l-gateway queue list 'my plant.yaml'`);
  expect(list.out).toMatch(/^gateway press_shop, data folder \/\S+\/data, not running\n/);
  const [show, ...others] = commandsIn(list.out);
  expect([show, others]).toEqual([`  bin/l2l-gateway queue show 1 'my plant.yaml'`, []]);

  const page = typed(folder, show ?? '');
  expect([page.code, page.err]).toEqual([0, '']);
  expect(page.out).toMatch(/^1 {2}open dispatch DOWN at A\n/);
  const decisions = commandsIn(page.out);
  expect(decisions).toEqual(['retry', 'drop'].map(word => `bin/l2l-gateway queue ${word} 1 'my plant.yaml'`));
  for (const decision of decisions) {
    // The only thing wrong is that the gateway does not run.
    expect(typed(folder, decision).err).toMatch(/^no gateway runs on \S+\/data: /);
  }

  for (const line of [`journal list 'my plant.yaml'`, `journal list --rule r 'my plant.yaml'`]) {
    const [command = ''] = commandsIn(typed(folder, `bin/l2l-gateway ${line}`).out);
    expect(typed(folder, command)).toMatchObject({ code: 0, out: expect.stringMatching(/^\d {2}/) as string });
  }

  const [help = ''] = commandsIn(typed(folder, 'bin/l2l-gateway queue list --nonsense').err);
  expect(typed(folder, help).out).toMatch(/^Usage: bin\/l2l-gateway queue list /);
}, 60_000);

it('the error about a copied journal names the command that adopts it', async () => {
  const folder = await workplace();
  execFileSync('cp', ['-r', join(folder, 'data'), join(folder, 'copy')]);
  let message = '';
  try {
    testJournal(join(folder, 'copy'));
  } catch (error) {
    message = String(error);
  }
  const [, adopt = ''] = /, run: (.*)\. That/.exec(message) ?? [];
  expect(adopt, message).toMatch(/ journal adopt --data /);
  expect(typed(folder, adopt)).toMatchObject({ code: 0, err: '' });
});
