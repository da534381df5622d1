import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startFullCheck } from '../../src/journal/damage/full-check.ts';
import { increment } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { testJournal, write } from '../support/journal.ts';

function check(file: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const running = startFullCheck({ file, delay: 0, onEnd: resolve, onFailed: reject });
    onTestFinished(() => running[Symbol.dispose]());
  });
}

describe('the full check of a journal in its thread', () => {
  it('the full check finds no damage in a journal that is written meanwhile', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    await write(journal, increment('A', 1));

    const found = check(join(folder, 'journal.db'));
    for (let n = 2; n < 50; n++) await write(journal, increment('A', n));

    expect(await found).toBeNull();
  });

  it('the full check finds a damaged page, and names its table', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    for (let n = 0; n < 400; n++) void write(journal, increment('A', n));
    await write(journal, increment('A', 400));
    journal.close();
    const file = join(folder, 'journal.db');
    const fd = openSync(file, 'r+');
    for (let page = 30; page < 34; page++) writeSync(fd, Buffer.alloc(4096, 0xee), 0, 4096, page * 4096);
    closeSync(fd);

    expect(await check(file)).toMatch(/^table action: /);
  });
});
