import type { DatabaseSync } from 'node:sqlite';
import { query } from './database.ts';

/**
 * What the journal knows of itself. id: of this journal; epoch: rises with every start; home: where the file lay when it was last
 * written to; alive: when that was; away: which sources were not there then; doubted: how its last times become right, when the clock was not trusted;
 * timezone: the site's zone in which calls were written last; site: what L2L's answers showed about the site.
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
