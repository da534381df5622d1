import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { MIGRATIONS } from '../../src/journal/file/schema.ts';
import { increment, openDispatch, recordSet } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { DESTINATION, testJournal } from '../support/journal.ts';

/** The tables of version 1. It is a copy, so that a change of the first migration is noticed. */
const VERSION_1 = `
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
  `;

const CALL_STATES = ['frozen', 'sending', 'retry', 'unknown', 'accepted', 'delivered', 'rejected', 'parked'] as const;
const ACTION_OF: Readonly<Record<(typeof CALL_STATES)[number], string>> = {
  frozen: 'in_call',
  sending: 'in_call',
  retry: 'in_call',
  unknown: 'in_call',
  accepted: 'in_call',
  delivered: 'delivered',
  rejected: 'dead',
  parked: 'parked',
};

let folder = '';
let file = '';

/** A file of version 1 with a call in every state and its action, and actions without a call. */
beforeEach(() => {
  folder = testFolder();
  file = join(folder, 'journal.db');
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL; ${VERSION_1} PRAGMA user_version = 1;
    INSERT INTO meta VALUES ('id', 'the-id'), ('epoch', '7'), ('alive', '900000');
    INSERT INTO rule_state VALUES ('strokes', '{"kind":"cycles"}');
    INSERT INTO kept_value VALUES ('s', '5', 'good', 1);
    INSERT INTO taken VALUES ('mqtt', 3, 'h');`);
  const insert = db.prepare(
    `INSERT INTO action (key, kind, rule, lane, chain, at, time, params, cause, mode, destination, state, call, created_at, settled_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '${DESTINATION}', ?, ?, 1, ?)`,
  );
  const put = (action: Action, state: string, call: number | null, settled: number | null) => {
    const { key, kind, rule, lane, chain, at, time, params, cause, mode } = action;
    const [paramsText, why] = [JSON.stringify(params), JSON.stringify(cause)];
    insert.run(key, kind, rule, lane, chain, at, time, paramsText, why, mode, state, call, settled);
  };
  for (const [n, state] of CALL_STATES.entries()) {
    const id = n + 1;
    db.exec(`INSERT INTO call (id, kind, path, body, state, attempt, not_before, created_at, sent_at, epoch)
      VALUES (${id}, 'increment_cycles', '/p', 'body ${id}', '${state}', ${state === 'frozen' ? 0 : 1}, 0, 1, 2, 7);
      INSERT INTO attempt (call, attempt, at, state) SELECT id, 1, 2, state FROM call WHERE id = ${id} AND state <> 'frozen'`);
    put(increment(`M${id}`, 1), ACTION_OF[state], id, ACTION_OF[state] === 'in_call' ? null : 3);
  }
  put(openDispatch('W', 1), 'waiting', null, null);
  put(recordSet('L', 1), 'nothing', null, 3);
  put({ ...increment('S', 1), mode: 'shadow' }, 'shadow', null, null);
  db.close();
});

describe('a journal of version 1', () => {
  it('a journal of version 1 is complete after the first start, and undelivered actions go on', () => {
    const journal = testJournal(folder);

    expect([journal.id, journal.epoch, journal.lastAlive]).toEqual(['the-id', 8, 900_000]);
    expect(journal.ruleStates()).toEqual(new Map([['strokes', '{"kind":"cycles"}']]));
    expect(journal.keptValues()).toMatchObject([{ signal: 's', value: 5 }]);
    expect(journal.wasTaken({ source: 'mqtt', packetId: 3, hash: 'h' })).toBe(true);
    // The frozen call was never sent, so its action waits again.
    expect(journal.waitingHeads(10).map(({ key }) => key)).toEqual(['M1@1:increment', 'W#1:open']);
    expect(journal.openCalls().map(({ id, state, request }) => [id, state, request.body])).toEqual([
      [2, 'unknown', 'body 2'],
      [3, 'retry', 'body 3'],
      [4, 'unknown', 'body 4'],
      [5, 'accepted', 'body 5'],
    ]);
    expect(journal.counts()).toMatchObject({ waiting: 2, shadow: 1, deadLetters: 1, parked: 1 });
    journal.close();
    const db = new DatabaseSync(file);
    const one = (sql: string) => Object.values(db.prepare(sql).get() ?? {})[0];
    expect(one('PRAGMA user_version')).toBe(MIGRATIONS.length);
    expect(db.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
    expect([
      one('SELECT count(*) FROM action'),
      one('SELECT count(*) FROM call'),
      one('SELECT count(*) FROM attempt'),
    ]).toEqual([11, 7, 8]);
    db.close();
  });

  it('a journal stays at version 1 when the gateway is killed during the migration', () => {
    const db = new DatabaseSync(file);
    db.exec(`PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE; ${MIGRATIONS[1]} PRAGMA user_version = 2;`);
    // The process ends before the commit.
    db.close();
    const after = new DatabaseSync(file);
    expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
    expect(after.prepare("SELECT name FROM sqlite_schema WHERE name LIKE '%_2'").all()).toEqual([]);
    after.close();

    expect(testJournal(folder).counts()).toMatchObject({ waiting: 2, deadLetters: 1, parked: 1 });
  });

  it('a journal of version 1 with a call without actions is not migrated', () => {
    const db = new DatabaseSync(file);
    db.exec('PRAGMA foreign_keys = OFF; DELETE FROM call WHERE id = 7');
    db.close();

    expect(() => testJournal(folder)).toThrow('could not be brought to this version');
    const after = new DatabaseSync(file);
    expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
    after.close();
  });
});

describe('a journal of version 2', () => {
  it('a journal of version 2 keeps its content and records decisions from the first start on', async () => {
    const db = new DatabaseSync(file);
    db.exec(`PRAGMA foreign_keys = OFF; BEGIN; ${MIGRATIONS[1]} PRAGMA user_version = 2; COMMIT`);
    db.close();

    const journal = testJournal(folder);
    const decision = { rule: 'r', at: 5, kind: 'unknown', text: 'why', values: [], count: 1, until: null } as const;
    await journal.commit({
      states: [],
      actions: [],
      taken: [],
      values: [],
      decisions: [{ ...decision, row: null }],
      at: 1,
    });

    expect(journal.ruleDecisions.page({ rule: 'r', limit: 5 }).entries).toEqual([decision]);
    expect(journal.ruleDecisions.runs(0, 2_000_000, true).starts).toEqual([
      { startedAt: 1_000_000, lastAliveAt: 900_000 },
    ]);
    expect(journal.counts()).toMatchObject({ waiting: 2, shadow: 1, deadLetters: 1, parked: 1 });
  });
});

describe('a journal of version 3', () => {
  it('a journal of version 3 keeps the doubt about each action of an undecided call', async () => {
    const db = new DatabaseSync(file);
    const [, second, third] = MIGRATIONS;
    db.exec(`PRAGMA foreign_keys = OFF; BEGIN; ${second} ${third} PRAGMA user_version = 3; COMMIT;
      INSERT INTO call (id, kind, path, body, state, attempt, not_before, created_at, epoch, reason, predecessor) VALUES
        (11, 'increment_cycles', '/p', 'a', 'parked', 1, 0, 1, 7, 'undecided', NULL),
        (12, 'increment_cycles', '/p', 'b', 'released', 1, 0, 1, 7, 'undecided', 11),
        (13, 'increment_cycles', '/p', 'b', 'released', 1, 0, 1, 7, 'blocked', 12),
        (14, 'increment_cycles', '/p', 'b', 'released', 1, 0, 1, 7, 'undecided', 13);
      UPDATE call SET predecessor = 14 WHERE state = 'unknown';
      UPDATE action SET call = 13 WHERE key = 'W#1:open'`);
    db.close();

    const journal = testJournal(folder);

    const unknown = journal.openCalls().filter(({ state, reason }) => state === 'unknown' && reason !== 'crashed');
    expect(unknown.map(({ id }) => journal.doubts(id))).toEqual([2]);
    await journal.giveUp(journal.waitingHeads(9), 'too old');
    expect(journal.unsettled(9).map(({ id, state }) => [id, state])).toEqual([
      [9, 'parked'],
      [8, 'parked'],
      [7, 'dead'],
      [1, 'dead'],
    ]);
  });
});

describe('a journal of a newer gateway', () => {
  it('a journal of a newer gateway is refused with its reason', () => {
    testJournal(folder).close();
    const db = new DatabaseSync(file);
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    db.close();

    expect(() => testJournal(folder)).toThrow(/written by a newer gateway .* start that version again/);
  });
});
