import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** An action as the journal has it in the end. */
export type StoredRow = {
  readonly key: string;
  readonly kind: string;
  readonly params: string;
  readonly state: string;
  readonly detail: string | null;
  readonly result: string | null;
  readonly lane: string;
};

/** Every action the gateway ever told, oldest first. */
export function readActions(folder: string): StoredRow[] {
  const db = new DatabaseSync(join(folder, 'journal.db'), { readOnly: true });
  try {
    const rows = db.prepare('SELECT key, kind, params, state, detail, result, lane FROM action ORDER BY id').all();
    return rows as StoredRow[];
  } finally {
    db.close();
  }
}
