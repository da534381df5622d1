import type { DatabaseSync } from 'node:sqlite';

/** The first value of a pragma's first row; undefined: it has no row. */
export function pragma(db: DatabaseSync, name: string): unknown {
  const row = db.prepare(`PRAGMA ${name}`).get();
  return row && Object.values(row)[0];
}
