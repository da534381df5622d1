import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';

/** How the disk fails: at a commit, at a single write, or at a write after which SQLite gives up the whole transaction. */
export type DiskFault = 'commit' | 'write' | 'transaction';

/** The layer between the journal and its disk. */
export type DiskWatch = {
  /** Called right before and right after a commit, because a crash may take place there. `hasActions`: the commit has new actions. */
  beforeCommit(hasActions: boolean): void;
  afterCommit(hasActions: boolean): void;
  /** How this write fails; null: it succeeds. */
  fault(kind: 'commit' | 'write'): DiskFault | null;
  /** The true time (ms since 1970), whatever the gateway's clock shows. */
  now(): number;
};

let watch: DiskWatch | null = null;
/** The open transaction has new actions. */
let hasActions = false;

/** Watches every journal of this thread. */
export function watchDisk(next: DiskWatch | null): void {
  watch = next;
}

type Run = (this: StatementSync, ...values: unknown[]) => ReturnType<StatementSync['run']>;
const realRun = StatementSync.prototype.run as Run;
const realExec = DatabaseSync.prototype.exec;
const homes = new WeakMap<StatementSync, DatabaseSync>();
/** Connections with the function for the true time. */
const dated = new WeakSet<DatabaseSync>();
const realPrepare = DatabaseSync.prototype.prepare;

DatabaseSync.prototype.prepare = function prepare(...args) {
  if (!dated.has(this)) this.function('true_now', () => watch?.now() ?? 0);
  dated.add(this);
  const statement = realPrepare.apply(this, args);
  homes.set(statement, this);
  return statement;
};

StatementSync.prototype.run = function run(this: StatementSync, ...args: unknown[]) {
  const sql = this.sourceSQL;
  if (sql === 'BEGIN IMMEDIATE') hasActions = false;
  if (sql === 'COMMIT') {
    watch?.beforeCommit(hasActions);
    if (watch?.fault('commit')) throw full();
    const done = realRun.apply(this, args);
    watch?.afterCommit(hasActions);
    return done;
  }
  if (/^\s*INSERT INTO action\b/.test(sql)) hasActions = true;
  const fault = watch && /^\s*(?:INSERT|UPDATE)/.test(sql) ? watch.fault('write') : null;
  if (fault) {
    const db = homes.get(this);
    if (fault === 'transaction' && db?.isTransaction) realExec.call(db, 'ROLLBACK');
    throw full();
  }
  return realRun.apply(this, args);
};

/**
 * For each action the journal keeps the true times when it was made and when it ended, as durable as the action itself. The action's own
 * times come from a clock that may be wrong, and they move when the clock is set.
 */
const TRUE_TIMES = `CREATE TABLE IF NOT EXISTS chaos_true (id INTEGER PRIMARY KEY, made REAL, settled REAL);
  CREATE TRIGGER IF NOT EXISTS chaos_made AFTER INSERT ON action BEGIN
    INSERT INTO chaos_true VALUES (NEW.id, true_now(), NULL);
  END;
  CREATE TRIGGER IF NOT EXISTS chaos_settled AFTER UPDATE OF settled_at ON action BEGIN
    UPDATE chaos_true SET settled = true_now() WHERE id = NEW.id;
  END;`;

DatabaseSync.prototype.exec = function exec(sql) {
  if (sql === 'COMMIT') watch?.beforeCommit(false);
  realExec.call(this, sql);
  if (sql === 'COMMIT') watch?.afterCommit(false);
  // Only the start of the journal runs this statement, and all tables exist by then.
  if (sql === 'BEGIN IMMEDIATE') realExec.call(this, TRUE_TIMES);
};

function full(): Error {
  return Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
}

/** In memory where possible: SQLite still syncs, but that costs nothing there. */
export function dataFolder(): string {
  const memory = '/dev/shm';
  const parent = statSync(memory, { throwIfNoEntry: false })?.isDirectory() ? memory : tmpdir();
  return mkdtempSync(join(parent, 'l2l-chaos-'));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

export type DiskImage = ReadonlyMap<string, Buffer>;

/** Files that a journal does not need: the lock ends with its process, and the shared index is made again. */
const NOT_KEPT = /^lock|-shm$/;
const LONGEST = 16 * 1024 * 1024;

/** The data folder, as a SIGKILL at this moment leaves it. */
export function imageOf(folder: string): DiskImage {
  const names = readdirSync(folder).filter(name => !NOT_KEPT.test(name));
  const small = names.filter(name => statSync(join(folder, name)).size <= LONGEST);
  return new Map(small.map(name => [name, readFileSync(join(folder, name))]));
}

/** Puts the image back, and removes everything that the dead process wrote after it. No other function knows how. */
export function putBack(folder: string, image: DiskImage): void {
  for (const name of readdirSync(folder)) {
    const small = statSync(join(folder, name)).size <= LONGEST;
    if (small && !image.has(name) && !name.startsWith('lock')) rmSync(join(folder, name));
  }
  for (const [name, bytes] of image) writeFileSync(join(folder, name), bytes);
}

/** Reads the committed content through its own connection. */
export type Committed = {
  callState(id: number): { readonly state: string; readonly attempt: number } | undefined;
  hasTaken(source: string, packetId: number, hash: string): boolean;
  close(): void;
};

export function committedIn(folder: string): Committed {
  const db = new DatabaseSync(join(folder, 'journal.db'), { readOnly: true });
  const call = db.prepare('SELECT state, attempt FROM call WHERE id = ?');
  const taken = db.prepare('SELECT 1 AS there FROM taken WHERE source = ? AND packet_id = ? AND hash = ?');
  return {
    callState: id => call.get(id) as { state: string; attempt: number } | undefined,
    hasTaken: (source, packetId, hash) => taken.get(source, packetId, hash) !== undefined,
    close: () => db.close(),
  };
}
