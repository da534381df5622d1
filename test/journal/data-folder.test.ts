import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StartError } from '../../src/core/errors.ts';
import { readLastLife } from '../../src/journal/clock/last-life.ts';
import { lockDataFolder } from '../../src/journal/file/data-folder.ts';
import { openJournalFile } from '../../src/journal/file/journal-file.ts';
import { testFolder } from '../support/folder.ts';
import { OTHER_KINDS } from '../support/other-kinds.ts';
import { withReadOnlyDisk } from '../support/small-disk.ts';

const DATA_FOLDER = new URL('../../src/journal/file/data-folder.ts', import.meta.url).href;

const FILES = [
  'lock',
  'journal.db',
  'journal.db-wal',
  'journal.db-shm',
  'ballast',
  'journal.suspect',
  'journal.witness',
];

describe('a data folder', () => {
  it.each(FILES.flatMap(name => OTHER_KINDS.map(([kind, make, words]) => [name, kind, make, words] as const)))(
    'a data folder is refused when %s is %s',
    (name, _kind, make, words) => {
      const folder = testFolder();
      make(join(folder, name));

      const take = () => lockDataFolder(folder);

      expect(take).toThrow(StartError);
      expect(take).toThrow(words);
      expect(take).toThrow(join(folder, name));
    },
  );

  it.each(OTHER_KINDS)(
    'a start refuses a journal that is %s, without a read and without a wait',
    (_kind, make, words) => {
      const folder = testFolder();
      make(join(folder, 'journal.db'));

      expect(readLastLife(folder)).toEqual({ alive: null, doubted: null });
      expect(() => openJournalFile(folder, null)).toThrow(words);
    },
  );

  it('a data folder on a read-only disk is refused with the cause and what to set', () => {
    const folder = testFolder();
    const script = `import { lockDataFolder } from ${JSON.stringify(DATA_FOLDER)};
      try { lockDataFolder(process.argv[1]); } catch (error) { console.log(error.name, error.message); }`;
    const run = (target: string) => {
      const [command = '', ...args] = withReadOnlyDisk(folder);
      const node = [process.execPath, '--input-type=module-typescript', '--eval', script, target];
      return spawnSync(command, [...args, ...node], { encoding: 'utf8' });
    };
    for (const target of [folder, join(folder, 'data')]) {
      expect(run(target).stdout).toMatch(
        /read-only file system.*set gateway\.data to a folder on a disk that can be written/,
      );
    }
  });
});
