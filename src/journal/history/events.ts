import type { DatabaseSync } from 'node:sqlite';
import { query } from '../file/database.ts';
import type { GroupCommit } from '../file/group-commit.ts';

/** What happened to the journal itself: kept as history beside what was sent to L2L. */
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
        // Its log line was written; an event that the disk has no room for ends nothing.
      }
    },
  };
}

export function insertEvent(db: DatabaseSync) {
  return query(db, 'INSERT INTO event (at, kind, detail) VALUES (?, ?, ?)');
}

/** Reads the newest events, newest first. What people decided stands in the same table, and is the history of its actions. */
export function eventReader(db: DatabaseSync): (limit: number) => readonly EventEntry[] {
  const newest = query<EventEntry>(
    db,
    "SELECT at, kind, detail FROM event WHERE kind NOT IN ('retry', 'drop') ORDER BY id DESC LIMIT ?",
  );
  return limit => newest.all(limit);
}
