import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Io } from '../../../src/cli/command.ts';
import { journalAdopt } from '../../../src/cli/commands/journal-adopt.ts';
import { increment } from '../../support/actions.ts';
import { testFolder } from '../../support/folder.ts';
import { gatewayYaml } from '../../support/gateway.ts';
import { testJournal, write } from '../../support/journal.ts';
import { API_KEY } from '../../support/sandbox.ts';

function io() {
  const out: string[] = [];
  const made: Io = {
    out: text => void out.push(text),
    err: text => void out.push(text),
    env: { L2L_API_KEY: API_KEY, L2L_GATEWAY_COMMAND: 'bin/gateway' },
    readFile: path => readFileSync(path),
    signal: new AbortController().signal,
  };
  return { out, made };
}

const SOURCES = '  sim: { protocol: simulated, signals: { a: { as: bool, script: [{ for: 1m, value: true }] } } }';
const RULES = '  r: { when: a, on_delay: 1s, off_delay: 1s, dispatch: { machine: M, type: DOWN, description: d } }';

describe('l2l-gateway journal adopt', () => {
  it('journal adopt makes a copied data folder usable and explains the consequences', async () => {
    const folder = testFolder();
    const first = testJournal(join(folder, 'first'));
    await write(first, increment('A', 1), increment('B', 1));
    first.close();
    const data = join(folder, 'copy');
    cpSync(join(folder, 'first'), data, { recursive: true });
    const file = join(folder, 'gateway.yaml');
    writeFileSync(file, gatewayYaml({ l2l: 'http://127.0.0.1:1', sources: SOURCES, rules: RULES, data }, folder));
    const { out, made } = io();

    expect(await journalAdopt([file], made)).toBe(0);

    const journal = testJournal(data);
    expect(out).toEqual([
      `the journal in ${data} is used here from now on, as ${journal.id}`,
      'parked, because L2L may have got them since: 2 actions',
      `look into L2L, then retry or drop each:\n  bin/gateway queue list ${file}`,
      'rules whose counters start from what the counters show now: 0',
      expect.stringContaining('never run a gateway on the copy and on the original'),
    ]);
    expect(journal.counts()).toMatchObject({ waiting: 0, parked: 2 });
  });

  it('journal adopt takes one file', async () => {
    await expect(journalAdopt(['a', 'b'], io().made)).rejects.toThrow('one config at a time, not 2');
  });

  it('journal adopt leaves a folder that was not copied alone until somebody confirms that it was', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    await write(journal, increment('A', 1));
    journal.close();
    const { out, made } = io();

    await expect(journalAdopt(['--data', folder], made)).rejects.toThrow(/nothing was done: .* --yes$/);
    const again = testJournal(folder);
    expect(again.counts()).toMatchObject({ waiting: 1, parked: 0 });
    again.close();

    expect(await journalAdopt(['--data', folder, '--yes'], made)).toBe(0);
    expect(out[1]).toContain('got them since: 1 action');
  });
});
