import type { DatabaseSync } from 'node:sqlite';
import type { KnownNames } from '../../core/history.ts';
import { query } from '../file/database.ts';

/** Actions that are looked at: in a journal of a million the answer takes no longer. */
const NEWEST = 1000;

/** Reads which rules, machines and lines the journal names. Older actions can name others. */
export function namesReader(db: DatabaseSync): () => KnownNames {
  // One step a rule in the index of decisions, not one a decision.
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
