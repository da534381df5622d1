import type { DatabaseSync } from 'node:sqlite';

/** First value of a pragma's first row; undefined when it has none. */
export function pragma(db: DatabaseSync, name: string): unknown {
  const row = db.prepare(`PRAGMA ${name}`).get();
  return row && Object.values(row)[0];
}
