import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StartError } from '../../src/core/errors.ts';
import { readLastLife } from '../../src/journal/clock/last-life.ts';
import { lockDataFolder } from '../../src/journal/file/data-folder.ts';
import { openJournalFile } from '../../src/journal/file/journal-file.ts';
import { testFolder } from '../support/folder.ts';
import { OTHER_KINDS } from '../support/other-kinds.ts';

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
    'is not taken when %s is %s',
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
});
