import type { DatabaseSync } from 'node:sqlite';
import { query } from './database.ts';
import { createGroupTimer } from './group-timer.ts';

/** A write goes into the open transaction at once, so later reads see it. The promise resolves when it is on the disk [P1]. */
export type Written<T> = { readonly value: T; readonly durable: Promise<void> };

/**
 * `soon`: a caller waits for the write. `lazily`: no caller waits, so it is committed with the next `soon` write, or after a short time.
 * `ahead`: no caller waits, but a `soon` write follows in a moment, and the group waits for it.
 */
export type When = 'soon' | 'lazily' | 'ahead';

export interface GroupCommit {
  /** Runs `work` in the open transaction. When it throws, all of its changes are undone. */
  write<T>(work: () => T, when?: When): Written<T>;
  /** Commits the open transaction now. Throws when the disk refuses. */
  flush(): void;
  /** Called after a failed commit. The whole transaction is lost, so memory that mirrors it has to be read again [J3]. */
  onRollback(listener: (cause: Error) => void): void;
  /** Refuses all writes and commits nothing, because the content of the file is not known any more [J5]. */
  abandon(cause: Error): void;
  /** The number of writes so far. */
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
    // Each caller has the promise. A group without a waiting caller must not end the process when it fails.
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
        // On a full disk SQLite rolls back the whole transaction, with all writes of the group.
        take();
        throw fail(mine, cause);
      }
      mine.writes += 1;
      writes += 1;
      // The commit does not run here: when it fails, it would reload objects that the caller is about to change.
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
