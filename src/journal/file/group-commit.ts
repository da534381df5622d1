import type { DatabaseSync } from 'node:sqlite';
import { query } from './database.ts';
import { createGroupTimer } from './group-timer.ts';

/** Writes go into the transaction under way at once, so later reads see them; the promise resolves when it is on disk. */
export type Written<T> = { readonly value: T; readonly durable: Promise<void> };

/**
 * `soon`: somebody waits for it. `lazily`: nobody does, so it rides with the next write that somebody waits for, if one comes soon.
 * `ahead`: nobody does, but a write that somebody waits for follows from it in a moment: its group is held for that one.
 */
export type When = 'soon' | 'lazily' | 'ahead';

export interface GroupCommit {
  /** Runs `work` in the open transaction; all of it takes place or, when it throws, none. */
  write<T>(work: () => T, when?: When): Written<T>;
  /** Commits what is open now. Throws when the disk refuses. */
  flush(): void;
  /** Called after a commit that failed: everything of that transaction is gone, memory that mirrors it has to be read again. */
  onRollback(listener: (cause: Error) => void): void;
  /** Takes no more writes and commits nothing: what stands in the file is not known any more. */
  abandon(cause: Error): void;
  /** Writes so far. */
  readonly writes: number;
}

const MOST_WRITES = 500;

/** `expectOurs` runs at the beginning of every transaction and throws when this process may not write any more [P10]. */
export function groupCommit(db: DatabaseSync, expectOurs: () => void = () => {}): GroupCommit {
  const begin = query(db, 'BEGIN IMMEDIATE');
  const commit = query(db, 'COMMIT');
  const savepoint = query(db, 'SAVEPOINT one_write');
  const release = query(db, 'RELEASE one_write');
  const undo = query(db, 'ROLLBACK TO one_write');
  const listeners: ((cause: Error) => void)[] = [];

  type Group = PromiseWithResolvers<void> & { writes: number };
  let group: Group | undefined;
  let abandoned: Error | undefined;
  let writes = 0;
  const timer = createGroupTimer(tryFlush);

  function open(): Group {
    begin.run();
    try {
      expectOurs();
    } catch (cause) {
      db.exec('ROLLBACK');
      throw cause;
    }
    const opened: Group = { ...Promise.withResolvers<void>(), writes: 0 };
    // Whoever writes holds the promise; a group nobody waits for must not end the process when it fails.
    opened.promise.catch(() => {});
    timer.begin();
    return opened;
  }

  function take(): Group | undefined {
    const taken = group;
    group = undefined;
    timer.cancel();
    return taken;
  }

  function fail(failed: Group, cause: unknown): Error {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    if (abandoned) {
      failed.reject(error);
      return error;
    }
    if (db.isTransaction) db.exec('ROLLBACK');
    failed.reject(error);
    for (const listener of listeners) listener(error);
    return error;
  }

  function flush(): void {
    const closing = take();
    if (!closing) return;
    try {
      commit.run();
    } catch (cause) {
      throw fail(closing, cause);
    } finally {
      timer.ended(closing.writes);
    }
    closing.resolve();
  }

  function tryFlush(): void {
    try {
      flush();
    } catch {
      // Every writer of the group was notified through its promise.
    }
  }

  return {
    write(work, when = 'soon') {
      if (abandoned) throw abandoned;
      group ??= open();
      const mine = group;
      if (when === 'soon') timer.hurry();
      if (when === 'ahead') timer.hold();
      savepoint.run();
      let value: ReturnType<typeof work>;
      try {
        value = work();
        release.run();
      } catch (cause) {
        if (db.isTransaction) {
          undo.run();
          release.run();
          throw cause;
        }
        // On a full disk SQLite gives up the whole transaction, the writes of everybody in the group with it.
        take();
        throw fail(mine, cause);
      }
      mine.writes += 1;
      writes += 1;
      // Not here: a commit that fails would reload what the writer is about to change.
      if (mine.writes === MOST_WRITES) timer.now();
      return { value, durable: mine.promise };
    },
    flush,
    onRollback: listener => void listeners.push(listener),
    abandon(cause) {
      abandoned ??= cause;
      take()?.reject(cause);
    },
    get writes() {
      return writes;
    },
  };
}
