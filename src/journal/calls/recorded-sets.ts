import type { DatabaseSync } from 'node:sqlite';
import type { RecordDetailsParams } from '../../actions/action.ts';
import { query } from '../file/database.ts';
import { isInterval } from './kinds.ts';

/** The record sets of a rule that end between two instants (ms since 1970), whatever became of them. */
export type RecordedSets = (rule: string, from: number, to: number) => readonly RecordDetailsParams[];

/** Searches by the key, which begins with the rule and the end of the set. */
export function createRecordedSets(db: DatabaseSync): RecordedSets {
  const read = query<{ params: string }>(
    db,
    `SELECT params FROM action WHERE key >= ? AND key < ? AND ${isInterval('kind')}`,
  );
  return (rule, from, to) =>
    read
      .all(`${rule}@${Math.floor(from)}`, `${rule}@${Math.ceil(to)}`)
      .map(({ params }) => JSON.parse(params) as RecordDetailsParams);
}
