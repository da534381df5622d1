import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { errorMessage, StartError } from '../../src/core/errors.ts';
import { openJournal } from '../../src/journal/journal.ts';
import { between, seededRandom } from '../../src/simulation/random.ts';
import { increment } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { DESTINATION, deliver, testJournal, write } from '../support/journal.ts';
import { recordingLogger } from '../support/recording-logger.ts';

const COMMITS = 60;

type Files = { readonly db: Buffer; readonly wal: Buffer; readonly ends: readonly number[] };

/**
 * The files of a gateway that was killed: some history, `COMMITS` commits of one action each, and for each the place in the log where it
 * ended.
 */
async function killed(): Promise<Files> {
  const folder = testFolder();
  const journal = testJournal(folder);
  for (let n = 1; n <= 20; n++) {
    await write(journal, increment('OLD', n));
    await deliver(journal, 'cycles:OLD', n);
  }
  // From here on the log holds only these commits. The files are opened in other places, because the test is about damage and not about
  // copies.
  const other = new DatabaseSync(join(folder, 'journal.db'));
  other.exec("DELETE FROM meta WHERE key = 'home'; PRAGMA wal_checkpoint(TRUNCATE)");
  other.close();
  const ends: number[] = [];
  for (let n = 1; n <= COMMITS; n++) {
    await write(journal, increment('A', n));
    ends.push(statSync(join(folder, 'journal.db-wal')).size);
  }
  const read = (name: string) => readFileSync(join(folder, name));
  return { db: read('journal.db'), wal: read('journal.db-wal'), ends };
}

function put(folder: string, db: Buffer, wal: Buffer): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'journal.db'), db);
  writeFileSync(join(folder, 'journal.db-wal'), wal);
  return folder;
}

type Opened = { readonly waiting: readonly string[] } | { readonly refused: string };

function openThere(folder: string, onCorrupt: 'refuse' | 'rebuild' = 'refuse'): Opened {
  let journal: ReturnType<typeof openJournal>;
  try {
    const log = recordingLogger();
    journal = openJournal({ folder, destination: DESTINATION, now: () => 1e12, settle: () => 1, log, onCorrupt });
  } catch (cause) {
    // Any other error would be a crash.
    expect(cause).toBeInstanceOf(StartError);
    return { refused: errorMessage(cause) };
  }
  const waiting = journal.waiting('cycles:A', 1000).map(({ key }) => key);
  journal.counts();
  journal.close();
  return { waiting };
}

const keys = (many: number) => Array.from({ length: many }, (_, n) => `A@${n + 1}:increment`);

describe('a journal that was cut or damaged', () => {
  it('a journal whose log was cut has every commit that was durable before the cut', async () => {
    const { db, wal, ends } = await killed();
    const root = testFolder();
    const random = seededRandom(1);
    const cuts = [
      0,
      1,
      31,
      32,
      33,
      ...ends.slice(0, 5),
      ...Array.from({ length: 60 }, () => between(random, 0, wal.length)),
    ];

    for (const [n, cut] of cuts.map(Math.floor).entries()) {
      const folder = put(join(root, String(n)), db, wal.subarray(0, cut));

      expect({ cut, ...openThere(folder) }).toEqual({ cut, waiting: keys(ends.filter(end => end <= cut).length) });
    }
  });

  it('a journal with a wrong byte anywhere in its log never opens with a commit missing', async () => {
    const { db, wal, ends } = await killed();
    const root = testFolder();
    const random = seededRandom(2);
    // Damage in the last transaction cannot be distinguished from a commit that a power cut interrupted.
    const known = ends.at(-2) ?? 0;
    const places = [
      0,
      8,
      12,
      16,
      20,
      24,
      31,
      ...Array.from({ length: 80 }, () => Math.floor(between(random, 32, known))),
    ];
    let refused = 0;

    for (const [n, place] of places.entries()) {
      const damaged = Buffer.from(wal);
      damaged.writeUInt8(damaged.readUInt8(place) ^ (1 + Math.floor(random() * 255)), place);
      const folder = put(join(root, String(n)), db, damaged);

      const found = openThere(folder);

      if ('refused' in found) {
        refused += 1;
        expect(found.refused).toMatch(/is damaged .*write-ahead log.*--rebuild/);
        // The file stays as it is and is refused again. Nothing is sent in between.
        expect(openThere(folder)).toEqual(found);
      } else {
        expect({ place, waiting: found.waiting }).toEqual({ place, waiting: keys(COMMITS) });
      }
    }
    expect(refused).toBeGreaterThan(places.length * 0.9);
  });

  it.each([
    [
      'a few bytes',
      (file: Buffer, random: () => number) => {
        for (let n = 0; n < 8; n++) file.writeUInt8(Math.floor(random() * 256), Math.floor(random() * file.length));
        return file;
      },
    ],
    [
      'a page',
      (file: Buffer, random: () => number) => {
        const page = Math.floor(random() * (file.length / 4096));
        return file.fill(Math.floor(random() * 256), page * 4096, (page + 1) * 4096);
      },
    ],
    ['its end', (file: Buffer, random: () => number) => file.subarray(0, Math.floor(random() * file.length))],
  ])(
    'after the loss of %s a journal opens completely, is refused, or begins anew when the config says so',
    async (_what, damage) => {
      const { db, wal } = await killed();
      const root = testFolder();
      const random = seededRandom(3);
      const seen = { whole: 0, refused: 0, rebuilt: 0 };

      for (let n = 0; n < 60; n++) {
        const bytes = damage(Buffer.from(db), random);
        // Half of the files have a log with later changes, half have no log.
        const log = n % 2 === 0 ? wal : Buffer.alloc(0);
        const folder = put(join(root, String(n)), Buffer.from(bytes), log);

        const found = openThere(folder);
        if ('waiting' in found) {
          seen.whole += 1;
          expect(found.waiting).toEqual(n % 2 === 0 ? keys(COMMITS) : []);
          continue;
        }
        seen.refused += 1;
        const again = openThere(folder, 'rebuild');
        if ('refused' in again) continue;
        seen.rebuilt += 1;
        expect(again.waiting).toEqual([]);
        expect(readdirSync(folder).filter(name => /^journal\.damaged-\d{8}T\d{6}Z\.db$/.test(name))).toHaveLength(1);
        expect(openThere(folder)).toEqual({ waiting: [] });
      }
      expect(seen.refused).toBeGreaterThan(10);
      expect(seen.rebuilt).toBe(seen.refused);
    },
  );

  it('a damaged journal is still refused when the gateway ended while it set it aside, and the next request begins a new one', async () => {
    const { db, wal } = await killed();
    wal.writeUInt8(wal.readUInt8(9000) ^ 1, 9000);
    const folder = put(join(testFolder(), 'data'), db, wal);
    // Something has the new name of the log, so the gateway ends between two renames.
    const inTheWay = join(folder, 'journal.damaged-20010909T014640Z.db-wal');
    mkdirSync(inTheWay);
    expect(() => openThere(folder, 'rebuild')).toThrow();
    rmSync(inTheWay, { recursive: true });

    // Without its log the file would be sound, but all later changes would be missing.
    expect(existsSync(join(folder, 'journal.db'))).toBe(false);
    expect(openThere(folder)).toEqual({ refused: expect.stringContaining('is damaged') });
    expect(openThere(folder, 'rebuild')).toEqual({ waiting: [] });
  });

  it.each(['gone', 'empty'])('a journal is refused when its file is %s and its log is there', async how => {
    const { wal } = await killed();
    const folder = put(join(testFolder(), 'data'), Buffer.alloc(0), wal);
    if (how === 'gone') rmSync(join(folder, 'journal.db'));

    expect(openThere(folder)).toEqual({ refused: expect.stringContaining('is damaged (its file is gone or empty') });
    expect(openThere(folder, 'rebuild')).toEqual({ waiting: [] });
  });

  it.each([
    ["UPDATE action SET params = '{' WHERE id = 21", 'action 21'],
    ["UPDATE action SET cause = 'x' WHERE id = 21", 'action 21'],
    ["INSERT INTO rule_state VALUES ('press', '{\"kind')", 'state of rule press'],
    ["INSERT INTO kept_value VALUES ('s', '1x', 'good', 1)", 'value of signal s'],
  ])('a journal damaged by %s is refused at the start, not later when that row is read', async (damage, what) => {
    const { db, wal } = await killed();
    const folder = put(join(testFolder(), 'data'), db, wal);
    const file = new DatabaseSync(join(folder, 'journal.db'));
    file.exec(damage);
    file.close();

    expect(openThere(folder)).toEqual({ refused: expect.stringContaining(`is damaged (${what} can't be read)`) });
  });
});
