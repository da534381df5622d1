import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** An action as the journal has it at the end. */
export type StoredRow = {
  readonly id: number;
  readonly key: string;
  readonly kind: string;
  readonly rule: string;
  readonly params: string;
  readonly state: string;
  readonly detail: string | null;
  readonly result: string | null;
  readonly lane: string;
  readonly cause: string;
  /** The clock that stamped its times. */
  readonly time: 'source' | 'received';
  /** When it was truly made and when it truly ended (ms since 1970), whatever the gateway's clock showed. */
  readonly made: number;
  readonly settled: number | null;
  /** By the gateway's clock: when it ended, and after which time it is not sent. */
  readonly settled_at: number | null;
  readonly expires_at: number | null;
  /** Attempts of its last call that were marked as sent. */
  readonly attempts: number;
};

const COLUMNS =
  'id, key, kind, rule, params, state, detail, result, lane, cause, time, made, settled, settled_at, expires_at, (SELECT count(*) FROM attempt WHERE attempt.call = action.call) AS attempts' as const;

/** Every action in the journal, oldest first. */
export function readActions(folder: string): StoredRow[] {
  const db = new DatabaseSync(join(folder, 'journal.db'), { readOnly: true });
  try {
    const rows = db.prepare(`SELECT ${COLUMNS} FROM action JOIN chaos_true USING (id) ORDER BY id`).all();
    return rows as StoredRow[];
  } finally {
    db.close();
  }
}

/** How many actions still have to be sent. Actions that correctly wait for a person's decision about another action do not count. */
export function countUnsent(folder: string): number {
  const actions = readActions(folder);
  const isToWait = (action: StoredRow) => openOf(action, actions) !== undefined || isHeldUp(action, actions);
  return actions.filter(action => action.state === 'waiting' && !isToWait(action)).length;
}

/**
 * Another dispatch waits for a person, because its close is parked, and L2L opens none beside it. This open is tried again until then,
 * however old it gets.
 */
export function isHeldUp({ key, kind, lane, state, expires_at }: StoredRow, actions: readonly StoredRow[]): boolean {
  if (kind !== 'open_dispatch' || state !== 'waiting' || expires_at !== null) return false;
  const own = key.replace(/:open$/, ':close');
  return actions.some(
    other => other.kind === 'close_dispatch' && other.lane === lane && other.state === 'parked' && other.key !== own,
  );
}

/** The open for which this close waits, because it failed or is held up; undefined: there is none. */
export function openOf({ kind, key }: StoredRow, actions: readonly StoredRow[]): StoredRow | undefined {
  if (kind !== 'close_dispatch') return undefined;
  const open = actions.find(other => other.key === key.replace(/:close$/, ':open'));
  const waits = open && (open.state === 'dead' || open.state === 'parked' || isHeldUp(open, actions));
  return waits ? open : undefined;
}
