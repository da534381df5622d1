/**
 * The condition of a partial index, with one comparison for each state. SQLite uses such an index only when it contains the condition of
 * the query word for word, so conditions with IN are added. Without the index a start would read the whole history [J10].
 */
function oneOf(...states: readonly string[]): string {
  return states.map(state => `state = '${state}'`).join(' OR ');
}

/**
 * The journal's tables, one migration for each version, applied in order at the start [J8]. A released migration is never edited.
 * Times are ms since 1970. JSON columns hold plain objects.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE rule_state (rule TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE kept_value (signal TEXT PRIMARY KEY, value TEXT NOT NULL, quality TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
  CREATE TABLE taken (source TEXT NOT NULL, packet_id INTEGER NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (source, packet_id)) WITHOUT ROWID;

  CREATE TABLE action (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    rule TEXT NOT NULL,
    lane TEXT NOT NULL,
    chain TEXT,
    at REAL NOT NULL,
    time TEXT NOT NULL,
    params TEXT NOT NULL,
    cause TEXT NOT NULL,
    mode TEXT NOT NULL,
    destination TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'in_call', 'delivered', 'nothing', 'dead', 'parked', 'shadow')),
    call INTEGER REFERENCES call (id),
    result TEXT,
    detail TEXT,
    created_at REAL NOT NULL,
    settled_at REAL
  );
  CREATE INDEX action_unsettled ON action (state, id) WHERE state IN ('waiting', 'in_call', 'dead', 'parked', 'shadow');
  CREATE INDEX action_chain ON action (chain, kind) WHERE chain IS NOT NULL;
  CREATE INDEX action_call ON action (call) WHERE call IS NOT NULL;

  CREATE TABLE call (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('frozen', 'sending', 'retry', 'unknown', 'accepted', 'delivered', 'rejected', 'parked')),
    attempt INTEGER NOT NULL DEFAULT 0,
    looks INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL,
    created_at REAL NOT NULL,
    sent_at REAL,
    epoch INTEGER NOT NULL,
    base TEXT,
    result TEXT,
    reason TEXT,
    detail TEXT
  );
  CREATE INDEX call_open ON call (state) WHERE state IN ('frozen', 'sending', 'retry', 'unknown', 'accepted');

  CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    call INTEGER NOT NULL REFERENCES call (id),
    attempt INTEGER NOT NULL,
    at REAL NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    detail TEXT,
    answer TEXT
  );
  CREATE INDEX attempt_call ON attempt (call);
  `,
  `
  CREATE TABLE action_2 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    rule TEXT NOT NULL,
    lane TEXT NOT NULL,
    chain TEXT,
    at REAL NOT NULL,
    time TEXT NOT NULL,
    params TEXT NOT NULL,
    cause TEXT NOT NULL,
    mode TEXT NOT NULL,
    destination TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'in_call', 'delivered', 'nothing', 'dead', 'parked', 'dropped', 'shadow')),
    call INTEGER REFERENCES call (id),
    result TEXT,
    detail TEXT,
    created_at REAL NOT NULL,
    settled_at REAL,
    not_before REAL,
    expires_at REAL,
    on_unknown TEXT,
    guarded INTEGER,
    untimed INTEGER
  );
  INSERT INTO action_2 (id, key, kind, rule, lane, chain, at, time, params, cause, mode, destination, state, call, result, detail, created_at, settled_at)
    SELECT id, key, kind, rule, lane, chain, at, time, params, cause, mode, destination, state, call, result, detail, created_at, settled_at FROM action;
  CREATE TABLE call_2 (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('frozen', 'sending', 'retry', 'unknown', 'accepted', 'delivered', 'rejected', 'parked', 'released', 'dropped')),
    attempt INTEGER NOT NULL DEFAULT 0,
    looks INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL,
    created_at REAL NOT NULL,
    sent_at REAL,
    epoch INTEGER NOT NULL,
    base TEXT,
    result TEXT,
    reason TEXT,
    detail TEXT,
    predecessor INTEGER
  );
  INSERT INTO call_2 SELECT *, NULL FROM call;
  DROP TABLE action;
  DROP TABLE call;
  ALTER TABLE action_2 RENAME TO action;
  ALTER TABLE call_2 RENAME TO call;
  CREATE INDEX action_unsettled ON action (state, id) WHERE ${oneOf('waiting', 'in_call', 'dead', 'parked', 'shadow')}
    OR state IN ('waiting', 'in_call') OR state IN ('dead', 'parked') OR state IN ('waiting', 'in_call', 'dead', 'parked', 'shadow');
  CREATE INDEX action_chain ON action (chain, kind) WHERE chain IS NOT NULL;
  CREATE INDEX action_call ON action (call) WHERE call IS NOT NULL;
  CREATE INDEX action_settled ON action (settled_at) WHERE state IN ('delivered', 'nothing', 'dropped');
  CREATE INDEX action_dispatch ON action (json_extract(result, '$.dispatchId')) WHERE kind = 'open_dispatch' AND result IS NOT NULL;
  CREATE INDEX call_open ON call (state) WHERE ${oneOf('frozen', 'sending', 'retry', 'unknown', 'accepted')}
    OR state IN ('retry', 'unknown', 'accepted') OR state IN ('frozen', 'sending', 'retry', 'unknown', 'accepted');
  CREATE INDEX call_predecessor ON call (predecessor) WHERE predecessor IS NOT NULL;
  CREATE INDEX attempt_crashed ON attempt (call) WHERE reason = 'crashed';

  CREATE TABLE event (id INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL);
  `,
  `
  CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    shown TEXT NOT NULL,
    count INTEGER NOT NULL,
    until REAL,
    row INTEGER
  );
  CREATE INDEX decision_rule ON decision (rule, at);
  CREATE TABLE run (id INTEGER PRIMARY KEY, started_at REAL NOT NULL, last_alive_at REAL);
  `,
  `
  ALTER TABLE action ADD COLUMN doubts INTEGER NOT NULL DEFAULT 0;
  UPDATE action SET doubts = (
    WITH RECURSIVE former (reason, predecessor) AS (
      SELECT reason, predecessor FROM call WHERE id = action.call AND (state = 'released' OR action.state = 'in_call')
      UNION ALL SELECT c.reason, c.predecessor FROM former JOIN call c ON c.id = former.predecessor WHERE c.state = 'released')
    SELECT count(*) FROM former WHERE reason = 'undecided')
  WHERE state IN ('waiting', 'in_call') AND call IS NOT NULL;
  `,
  'ALTER TABLE action ADD COLUMN refused_since REAL;',
];
