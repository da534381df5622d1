import type { DatabaseSync } from 'node:sqlite';
import type { KnownNames } from '../../core/history.ts';
import { query } from '../file/database.ts';

/** How many of the newest actions are read, so that a journal with a million actions answers as fast as a small one. */
const NEWEST = 1000;

/** Reads the rules, machines and lines of the journal's newest actions. Older actions may have others. */
export function namesReader(db: DatabaseSync): () => KnownNames {
  // One index step for each rule, not one for each decision.
  const rules = query<{ name: string }>(
    db,
    `WITH RECURSIVE decided(rule) AS (
       SELECT min(rule) FROM decision
       UNION ALL SELECT (SELECT min(rule) FROM decision WHERE rule > decided.rule) FROM decided WHERE decided.rule IS NOT NULL)
     SELECT rule AS name FROM decided WHERE rule IS NOT NULL
     UNION SELECT rule FROM rule_state
     UNION SELECT rule FROM (SELECT rule FROM action ORDER BY id DESC LIMIT ${NEWEST})`,
  );
  const machines = query<{ name: string }>(
    db,
    `SELECT DISTINCT substr(lane, instr(lane, ':') + 1) AS name
     FROM (SELECT lane FROM action ORDER BY id DESC LIMIT ${NEWEST}) ORDER BY name`,
  );
  return () => ({
    rules: rules.all().map(({ name }) => name),
    machines: machines.all().map(({ name }) => name),
  });
}
