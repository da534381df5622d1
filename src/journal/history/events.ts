import type { DatabaseSync } from 'node:sqlite';
import { query } from '../file/database.ts';
import type { GroupCommit } from '../file/group-commit.ts';

/** Records events of the journal itself, as history beside the actions. */
export interface Events {
  note(kind: JournalEvent, detail: string): void;
}

export type ClockEvent = 'clock_step' | 'clock_doubt' | 'suspended';
export type JournalEvent =
  | 'disk_full'
  | 'disk_free'
  | 'rebuilt'
  | 'adopted'
  | 'damaged'
  | 'recoded'
  | 'site_learnt'
  | 'site_differs'
  | ClockEvent;

/** An event as people read it. */
export type EventEntry = { readonly at: number; readonly kind: JournalEvent; readonly detail: string };

export function createEvents(db: DatabaseSync, group: GroupCommit, now: () => number): Events {
  const insert = insertEvent(db);
  return {
    note(kind, detail) {
      try {
        group.write(() => insert.run(now(), kind, detail)).durable.catch(() => {});
      } catch {
        // Resolves when the event is in the file. An event that the full disk refuses is left out.
      }
    },
  };
}

export function insertEvent(db: DatabaseSync) {
  return query(db, 'INSERT INTO event (at, kind, detail) VALUES (?, ?, ?)');
}

/** Reads the newest events, newest first. Decisions of people are in the same table, as history of their actions. */
export function eventReader(db: DatabaseSync): (limit: number) => readonly EventEntry[] {
  const newest = query<EventEntry>(
    db,
    "SELECT at, kind, detail FROM event WHERE kind NOT IN ('retry', 'drop') ORDER BY id DESC LIMIT ?",
  );
  return limit => newest.all(limit);
}
