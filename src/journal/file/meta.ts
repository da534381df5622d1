import type { DatabaseSync } from 'node:sqlite';
import { query } from './database.ts';

/**
 * Facts about the journal. id: of this journal; epoch: rises with every start; home: the place of the file when it was last written; alive:
 * when that was; away: the sources that were away then; doubted: the correction of its last times, when the clock was not trusted;
 * timezone: the site's zone of the last calls; site: the facts about the site that L2L's answers showed.
 */
export type MetaKey = 'id' | 'epoch' | 'home' | 'alive' | 'away' | 'doubted' | 'timezone' | 'site';

export interface Meta {
  get(key: MetaKey): string | undefined;
  put(key: MetaKey, value: string): void;
  drop(key: MetaKey): void;
}

export function createMeta(db: DatabaseSync): Meta {
  const get = query<{ value: string }>(db, 'SELECT value FROM meta WHERE key = ?');
  const put = query(db, 'INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value');
  const drop = query(db, 'DELETE FROM meta WHERE key = ?');
  return {
    get: key => get.get(key)?.value,
    put: (key, value) => void put.run(key, value),
    drop: key => void drop.run(key),
  };
}
