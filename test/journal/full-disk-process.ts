/**
 * Runs in its own mount namespace, started by full-disk.test.ts: node full-disk-process.ts FOLDER FILLED. FOLDER is a small file system.
 * FILLED says whether other files fill it, or the journal itself. Plays a gateway whose disk fills up and gets room again, and prints its
 * observations as one line of JSON.
 */
import { mkdirSync, readdirSync, readlinkSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Journal, openJournal } from '../../src/journal/journal.ts';
import { increment } from '../support/actions.ts';
import { PATIENCE } from '../support/patience.ts';
import { recordingLogger } from '../support/recording-logger.ts';

const root = process.argv[2] ?? '';
const folder = join(root, 'data');
const MIB = 1024 * 1024;
const BALLAST = MIB / 2;
const REQUEST = { method: 'POST', path: '/api', body: 'x' } as const;

const log = recordingLogger();
const open = (): Journal =>
  openJournal({
    folder,
    destination: 'here',
    now: () => Date.now(),
    settle: () => 1000,
    log,
    limits: { keep: 1e12, maxSize: 1e9, ballast: BALLAST },
  });
const free = () => {
  const { bavail, bsize } = statfsSync(root);
  return bavail * bsize;
};
/** The files of other programs. */
function fill(bytes: number): void {
  try {
    writeFileSync(join(root, 'filler'), Buffer.alloc(bytes, 1));
  } catch {
    // Writes as much as there is room for.
  }
}
async function until(what: string, test: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE.timeout;
  while (!test()) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await wait(PATIENCE.interval);
  }
}

/** The file has its full length and is closed: an open file keeps its room when it is removed. */
function isWritten(file: string): boolean {
  if (statSync(file, { throwIfNoEntry: false })?.size !== BALLAST) return false;
  return !readdirSync('/proc/self/fd').some(name => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`) === file;
    } catch {
      // The handle that read the folder is closed by now.
      return false;
    }
  });
}

mkdirSync(root, { recursive: true });
const byOthers = process.argv[3] === 'others';
if (!byOthers) fill(2 * MIB);
const journal = open();
const ballastFile = join(folder, 'ballast');
await until('the ballast is written', () => isWritten(ballastFile));
const ballastBlocks = statSync(ballastFile).blocks * 512;

const acknowledged: string[] = [];
const refusals: string[] = [];
let n = 0;
/** One commit with one action. A refused commit is tried again unchanged, as the rules do. */
async function commit(): Promise<boolean> {
  try {
    await journal.commit({
      states: [{ rule: 'r', state: `{"n":${n}}` }],
      actions: [increment('A', n)],
      taken: [],
      values: [],
      at: Date.now(),
    });
    acknowledged.push(`A@${n}:increment`);
    n += 1;
    return true;
  } catch (cause) {
    refusals.push(cause instanceof Error ? cause.message : String(cause));
    return false;
  }
}

for (let count = 0; count < 20; count++) await commit();
// A request is on its way while the disk fills up.
const call = journal.freeze(journal.waiting('cycles:A', 1), REQUEST, 0);
const sent = await journal.markSending(call.id, 0, null, Date.now());
if (byOthers) fill(free());
while (await commit());
const refusedAtFull = refusals.length;
for (let count = 0; count < 5; count++) await commit();
const ballastGone = statSync(ballastFile, { throwIfNoEntry: false }) === undefined;

const told = await journal
  .transition(call.id, ['sending'], {
    state: 'delivered',
    at: Date.now(),
    notBefore: 0,
    reason: null,
    detail: null,
    answer: 'ok',
  })
  .catch(cause => String(cause));
const problem = journal.upkeep()?.problem ?? null;
const beforeRoom = acknowledged.length;

rmSync(join(root, 'filler'));
await until('commits are taken again', () => journal.upkeep()?.problem === null);
for (let count = 0; count < 20; count++) await commit();
await until('the ballast is back', () => isWritten(ballastFile));
journal.close();

const again = open();
const waiting = again.waiting('cycles:A', 1_000_000).map(({ key }) => key);
const delivered = again.call(call.id)?.state;
again.close();

console.log(
  JSON.stringify({
    ballastBlocks,
    sent: sent?.state,
    refusedAtFull,
    firstRefusal: refusals[0],
    lastRefusal: refusals.at(-1),
    ballastGone,
    told,
    problem,
    beforeRoom,
    acknowledged: acknowledged.length,
    // The first action was delivered. The others are all there, once and in order.
    lost: acknowledged.slice(1).filter((key, place) => waiting[place] !== key),
    waiting: waiting.length,
    delivered,
    logged: log.lines.map(({ message }) => message),
  }),
);
