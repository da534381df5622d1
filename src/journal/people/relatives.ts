import type { DatabaseSync } from 'node:sqlite';
import { kindOf } from '../../actions/registry.ts';
import type { HistoryEntry } from '../../core/history.ts';
import { anchors, isInterval, isOfEpisode } from '../calls/kinds.ts';
import { query } from '../file/database.ts';
import { type EntryRow, entryOf, SELECT_ENTRY } from '../history/rows.ts';

/** The other actions that matter for a person's decision about an action. Read-only. */
export interface Relatives {
  /** The actions that are decided together with this one: its episode, its merged call, or the action alone. */
  unitOf(target: HistoryEntry): readonly HistoryEntry[];
  /** The actions of its episode; undefined: it has no episode. */
  episodeOf(target: HistoryEntry): readonly HistoryEntry[] | undefined;
  /** A later action that makes this one pointless; null: none. */
  newerThan(target: HistoryEntry, unit: readonly HistoryEntry[]): HistoryEntry | null;
  /** Whether its chain has a delivered action to which later ones add. */
  hasAnchor(target: HistoryEntry): boolean;
}

export function createRelatives(db: DatabaseSync): Relatives {
  const readEpisode = query<EntryRow>(
    db,
    `${SELECT_ENTRY} WHERE a.chain = ? AND a.destination = ? AND ${isOfEpisode('a.kind')} ORDER BY a.id`,
  );
  const readMerged = query<EntryRow>(db, `${SELECT_ENTRY} WHERE a.call = ? AND a.state = ? ORDER BY a.id`);
  const readNewerCount = query<EntryRow>(
    db,
    `${SELECT_ENTRY} WHERE a.chain = ? AND ${anchors('a.kind')} AND a.id > ? AND a.destination = ?
       AND a.state IN ('delivered', 'in_call', 'waiting') ORDER BY a.id LIMIT 1`,
  );
  const overlapOf = overlapReader(db);
  const readAnchor = query<{ id: number }>(
    db,
    `SELECT id FROM action WHERE chain = ? AND ${anchors('kind')} AND state = 'delivered' LIMIT 1`,
  );

  function episodeOf({ kind, chain, destination }: HistoryEntry): readonly HistoryEntry[] | undefined {
    if (chain === null || kindOf(kind).decision.unit !== 'episode') return undefined;
    return readEpisode.all(chain, destination).map(entryOf);
  }

  return {
    episodeOf,
    unitOf(target) {
      const { kind, state, call } = target;
      const episode = episodeOf(target);
      if (episode) return episode;
      // The actions of a merged call share one answer. Without an answer they share one doubt.
      const isMerged = kindOf(kind).decision.unit === 'call' && (state === 'dead' || state === 'parked');
      return isMerged && call ? readMerged.all(call.id, state).map(entryOf) : [target];
    },
    newerThan(target, unit) {
      const { superseded } = kindOf(target.kind).decision;
      if (superseded === 'overlap') return overlapOf(target);
      if (superseded !== 'newer') return null;
      const last = Math.max(...unit.map(({ id }) => id));
      const row = readNewerCount.get(target.chain, last, target.destination);
      return row ? entryOf(row) : null;
    },
    hasAnchor: ({ chain }) => readAnchor.get(chain) !== undefined,
  };
}

/** Finds a later interval of the same lane that overlaps the given one, and was sent or will be sent. */
function overlapReader(db: DatabaseSync): (target: HistoryEntry) => HistoryEntry | null {
  const overlaps = `${isInterval('a.kind')} AND a.lane = ? AND a.destination = ? AND a.id > ?
    AND json_extract(a.params, '$.start') < ? AND json_extract(a.params, '$.end') > ?`;
  const readOpen = query<EntryRow>(
    db,
    `${SELECT_ENTRY} WHERE a.state IN ('waiting', 'in_call', 'dead', 'parked', 'shadow')
       AND a.state IN ('waiting', 'in_call') AND ${overlaps} LIMIT 1`,
  );
  // Searches by the end time, beginning with the time at which this action stopped. So the index finds the interval without a read of all
  // history.
  const readDelivered = query<EntryRow>(
    db,
    `${SELECT_ENTRY} WHERE a.settled_at >= ? AND a.state IN ('delivered', 'nothing', 'dropped') AND a.state = 'delivered' AND ${overlaps} LIMIT 1`,
  );
  return target => {
    const { start, end } = target.params as Extract<HistoryEntry['params'], { start: number }>;
    const where = [target.lane, target.destination, target.id, end, start] as const;
    const row = readOpen.get(...where) ?? readDelivered.get(target.settledAt ?? target.createdAt, ...where);
    return row ? entryOf(row) : null;
  };
}
