import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { openDatabase } from '../../src/journal/file/database.ts';
import { groupCommit } from '../../src/journal/file/group-commit.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { createPruner } from '../../src/journal/upkeep/prune.ts';
import { between, seededRandom } from '../../src/simulation/random.ts';
import { closeDispatch, increment, openDispatch, setCycles } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { deliver, REQUEST, testJournal, write } from '../support/journal.ts';
import { PATIENCE } from '../support/patience.ts';

const NOW = 1_000_000;
const UNBOUND = Number.POSITIVE_INFINITY;

/**
 * Deletes actions that ended longer than `keep` ago, and then the oldest until at most `bytes` are in use. Resolves to the steps it took.
 */
function prune(folder: string, keep: number, bytes = UNBOUND, keepDecisions = keep): number {
  const db = openDatabase(join(folder, 'journal.db'), false);
  const group = groupCommit(db);
  const pruner = createPruner(db, group, { keep, keepDecisions, maxSize: bytes });
  let steps = 0;
  while (pruner.step(NOW, 2, bytes)) {
    steps += 1;
    group.flush();
  }
  group.flush();
  expect(db.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
  db.close();
  return steps;
}

function rows(folder: string, sql: string): unknown[] {
  const db = new DatabaseSync(join(folder, 'journal.db'));
  const values = db
    .prepare(sql)
    .all()
    .map(row => Object.values(row)[0]);
  db.close();
  return values;
}
const keys = (folder: string) => rows(folder, 'SELECT key FROM action ORDER BY key');

async function filled(fill: (journal: Journal) => Promise<void>): Promise<string> {
  const folder = testFolder();
  const journal = testJournal(folder, { now: () => 1 });
  await fill(journal);
  journal.close();
  return folder;
}

/** A large action, so that a few of them fill a journal. */
function wordy(n: number): Action {
  const action = increment('A', n);
  return { ...action, cause: { ...action.cause, text: 'x'.repeat(5000) } };
}

describe('pruning the journal', () => {
  it('pruning deletes actions that ended long ago, with calls and attempts, and shadow actions by their creation time', async () => {
    const folder = await filled(async journal => {
      await write(journal, increment('OLD', 1), increment('NEW', 1), { ...increment('SHADOW', 1), mode: 'shadow' });
      await deliver(journal, 'cycles:OLD', NOW - 11);
      await deliver(journal, 'cycles:NEW', NOW - 9);
    });

    prune(folder, 10);

    expect(keys(folder)).toEqual(['NEW@1:increment']);
    expect([rows(folder, 'SELECT count(*) FROM call'), rows(folder, 'SELECT count(*) FROM attempt')]).toEqual([
      [1],
      [1],
    ]);
  });

  it('pruning deletes decisions of rules by age and number, oldest first, and any oldest ones when room is needed', async () => {
    const decision = (n: number, size = 1) => ({
      ...({ rule: 'r', at: n, kind: 'returned', values: [], count: 1, until: null, row: null } as const),
      text: 'x'.repeat(size),
    });
    const ids = (folder: string) => rows(folder, 'SELECT at FROM decision ORDER BY id');
    const folder = await filled(async journal => {
      const decisions = [NOW - 30, NOW - 20, NOW - 5].map(at => decision(at));
      await journal.commit({ states: [], actions: [increment('OLD', 1)], taken: [], values: [], decisions, at: 1 });
      await deliver(journal, 'cycles:OLD', NOW - 25);
    });
    prune(folder, 100, UNBOUND, 10);
    expect([ids(folder), keys(folder)]).toEqual([[NOW - 5], ['OLD@1:increment']]);

    const many = await filled(async journal => {
      const decisions = Array.from({ length: 200_050 }, (_, n) => decision(n));
      await journal.commit({ states: [], actions: [], taken: [], values: [], decisions, at: 1 });
    });
    prune(many, UNBOUND);
    const left = ids(many);
    expect([left.length, left[0]]).toEqual([200_000, 50]);

    const large = await filled(async journal => {
      const decisions = Array.from({ length: 200 }, (_, n) => decision(n, 5000));
      await journal.commit({ states: [], actions: [], taken: [], values: [], decisions, at: 1 });
    });
    prune(large, UNBOUND, 500_000);
    expect(ids(large)[0]).toBeGreaterThan(50);
    expect(ids(large).at(-1)).toBe(199);
  });

  it('pruning never deletes an undelivered action: waiting, in a call, dead or parked, however old', async () => {
    const folder = await filled(async journal => {
      await write(journal, ...['WAITS', 'CALLED', 'DEAD', 'PARKED', 'UNKNOWN'].map(name => increment(name, 1)));
      for (const [lane, state] of [
        ['cycles:DEAD', 'rejected'],
        ['cycles:PARKED', 'parked'],
        ['cycles:UNKNOWN', 'unknown'],
      ] as const) {
        const call = journal.freeze(journal.waiting(lane, 1), REQUEST, 0);
        await journal.markSending(call.id, 0, null, 1);
        await journal.transition(call.id, ['sending'], { state, at: 1, notBefore: 0, reason: null, detail: null });
      }
      const call = journal.freeze(journal.waiting('cycles:CALLED', 1), REQUEST, 0);
      await journal.markSending(call.id, 0, null, 1);
    });
    const before = keys(folder);

    prune(folder, 0, 0);

    expect(keys(folder)).toEqual(before);
    expect(rows(folder, 'SELECT count(*) FROM call')).toEqual([4]);
    expect(rows(folder, 'SELECT count(*) FROM attempt')).toEqual([3]);
  });

  it('pruning keeps the open of an active episode, and deletes open and close when it is over', async () => {
    const folder = await filled(async journal => {
      await write(journal, openDispatch('A', 1), openDispatch('B', 1), closeDispatch('B', 1));
      await deliver(journal, 'dispatch:A', 1, { dispatchId: 1 });
      await deliver(journal, 'dispatch:B', 1, { dispatchId: 2 });
    });

    prune(folder, 0, 0);
    expect(keys(folder)).toEqual(['A#1:open', 'B#1:close', 'B#1:open']);
    const journal = testJournal(folder);
    expect(journal.chain('B#1').result).toEqual({ dispatchId: 2 });
    await deliver(journal, 'dispatch:B', 1);
    journal.close();
    prune(folder, 0, 0);

    expect(keys(folder)).toEqual(['A#1:open']);
  });

  it('pruning keeps an open, with its close, when another episode holds its dispatch', async () => {
    const folder = await filled(async journal => {
      await write(journal, openDispatch('A', 1), openDispatch('B', 1), closeDispatch('A', 1));
      await deliver(journal, 'dispatch:A', 1, { dispatchId: 7 });
      await deliver(journal, 'dispatch:B', 2, { dispatchId: 7, foundOpen: 70 });
      await deliver(journal, 'dispatch:A', 3);
    });
    const before = testJournal(folder);
    // A copy, so that all of it is read now: a chain reads its holders only when they are used.
    const chain = { ...before.chain('B#1') };
    expect([chain.isOurs, chain.heldBy]).toEqual([true, []]);
    before.close();

    prune(folder, 0, 0);

    expect(testJournal(folder).chain('B#1')).toEqual(chain);
  });

  it('pruning keeps the newest absolute count of a chain, whose anchor the next count needs', async () => {
    const folder = await filled(async journal => {
      await write(journal, setCycles('A', 1, 10), setCycles('A', 2, 20), setCycles('A', 3, 30));
      await deliver(journal, 'cycles:A', 1, { cycleAnchor: 500 });
      await deliver(journal, 'cycles:A', 2, { cycleAnchor: 500 });
    });

    prune(folder, 0, 0);

    expect(keys(folder)).toEqual(['A@2:set', 'A@3:set']);
    expect(testJournal(folder).chain('A#1').result).toEqual({ cycleAnchor: 500 });
  });

  it('pruning deletes the earlier calls of an action, and calls without actions', async () => {
    const folder = await filled(async journal => {
      await write(journal, increment('A', 1), increment('B', 1));
      for (let n = 0; n < 3; n++) {
        const call = journal.freeze(journal.waiting('cycles:A', 1), REQUEST, 0);
        await journal.markSending(call.id, 0, null, 1);
        const released = { state: 'released', at: 1, notBefore: 0, reason: 'blocked', detail: null } as const;
        await journal.transition(call.id, ['sending'], released);
      }
      await deliver(journal, 'cycles:A', 1);
      await deliver(journal, 'cycles:B', NOW);
    });
    const db = new DatabaseSync(join(folder, 'journal.db'));
    db.exec(
      "INSERT INTO call (id, kind, path, body, state, not_before, created_at, epoch) VALUES (90, 'x', '', '', 'released', 0, 1, 1), (91, 'x', '', '', 'released', 0, 1, 1)",
    );
    db.close();

    prune(folder, 10);

    // The newest call stays in any case, so that its number is not used again.
    expect(rows(folder, 'SELECT id FROM call ORDER BY id')).toEqual([5, 91]);
    expect(rows(folder, 'SELECT call FROM attempt')).toEqual([5]);
  });

  it('pruning changes nothing that the queue reads, whatever happened before', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = seededRandom(seed);
      const pick = (many: number) => Math.floor(between(random, 0, many));
      const chains = Array.from({ length: 12 }, (_, n) => n + 1);
      const folder = await filled(async journal => {
        const actions: Action[] = chains.flatMap(n => {
          const machine = `M${n % 3}`;
          const open = openDispatch(machine, n);
          return (
            [[open], [open, closeDispatch(machine, n)], [increment(machine, n)], [setCycles(machine, n, n)]][pick(4)] ??
            []
          );
        });
        await write(journal, ...actions);
        for (let step = 0; step < 30; step++) {
          const head = journal.waitingHeads(10)[0];
          if (!head) break;
          const call = journal.freeze([head], REQUEST, 0);
          await journal.markSending(call.id, 0, null, step);
          const state =
            (['delivered', 'delivered', 'delivered', 'rejected', 'parked', 'dropped', 'released'] as const)[pick(7)] ??
            'parked';
          const dispatchId = pick(4);
          const result = { dispatchId, ...(pick(2) === 0 && { foundOpen: dispatchId }), cycleAnchor: step };
          await journal.transition(call.id, ['sending'], {
            state,
            at: step,
            notBefore: 0,
            reason: null,
            detail: null,
            result,
          });
        }
      });
      const look = () => {
        const journal = testJournal(folder);
        const standing = chains.flatMap(n =>
          [0, 1, 2].map(m => {
            // A rule without history is a new rule: it reads L2L once more than necessary.
            const { isFirst: _first, ...chain } = journal.chain(`M${m}#${n}`);
            return { chain: `M${m}#${n}`, ...chain };
          }),
        );
        const { waiting, deadLetters, parked } = journal.counts();
        const unsettled = journal.unsettled(100);
        const heads = journal.waitingHeads(100);
        journal.close();
        return { standing, waiting, deadLetters, parked, unsettled, heads };
      };
      const over = new Set(
        rows(folder, "SELECT chain FROM action WHERE kind = 'close_dispatch' AND state IN ('delivered', 'dropped')"),
      );
      const before = look();

      prune(folder, 0, 0);

      const relevant = ({ standing, ...rest }: typeof before) => ({
        ...rest,
        standing: standing.filter(({ chain }) => !over.has(chain)),
      });
      expect({ seed, ...relevant(look()) }).toEqual({ seed, ...relevant(before) });
    }
  });

  it('pruning by size deletes the oldest first, in steps of a few milliseconds', async () => {
    const folder = await filled(async journal => {
      for (let n = 1; n <= 150; n++) {
        await write(journal, wordy(n));
        await deliver(journal, 'cycles:A', n);
      }
    });
    const size = Number(rows(folder, 'PRAGMA page_count')[0]) * 4096;

    const steps = prune(folder, NOW * 2, size / 2);

    const left = rows(folder, 'SELECT at FROM action ORDER BY id').map(at => Number(at) / 1000);
    expect(left.at(-1)).toBe(150);
    expect(left).toEqual(Array.from({ length: left.length }, (_, n) => 151 - left.length + n));
    expect(left.length).toBeGreaterThan(40);
    expect(left.length).toBeLessThan(110);
    expect(steps).toBeGreaterThan(2);
  });
});

describe('a journal with a size', () => {
  const limits = { keep: UNBOUND, maxSize: 400_000, ballast: 0 };

  it('a journal with a size deletes history by itself and accepts every write', async () => {
    const journal = testJournal(testFolder(), { limits, now: () => NOW });
    for (let n = 1; n <= 150; n++) {
      await write(journal, wordy(n));
      await deliver(journal, 'cycles:A', n);
    }

    await vi.waitFor(() => expect(journal.upkeep()?.used).toBeLessThan(400_000), PATIENCE);
    await write(journal, wordy(151));
  });

  it('a journal full of undelivered actions refuses new ones, records outcomes, and accepts new ones when there is room', async () => {
    const journal = testJournal(testFolder(), { limits, now: () => NOW });
    const fill = async () => {
      for (let n = 1; ; n++) await write(journal, wordy(n));
    };

    await expect(fill()).rejects.toThrow(
      'the journal is full of actions that were not sent yet (400kB): correct what keeps the gateway from sending, decide about the dead letters, or raise gateway.journal.max_size',
    );
    const { waiting } = journal.counts();
    expect(waiting).toBeGreaterThan(30);
    await expect(write(journal)).rejects.toThrow('is full');

    for (let n = 0; n < waiting / 2; n++) await deliver(journal, 'cycles:A', n);
    await vi.waitFor(() => expect(journal.upkeep()?.problem).toBeNull(), PATIENCE);
    await write(journal, increment('B', 1));
    expect(journal.counts().waiting).toBe(waiting - Math.ceil(waiting / 2) + 1);
  });
});

describe('the write-ahead log', () => {
  it('the write-ahead log is cut back after a long reader let it grow', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    const wal = () => statSync(join(folder, 'journal.db-wal')).size;
    const reader = new DatabaseSync(join(folder, 'journal.db'), { readOnly: true });
    onTestFinished(() => reader.close());
    const commit = (n: number) =>
      journal.commit({
        states: [{ rule: 'r', state: JSON.stringify(String(n % 10).repeat(500_000)) }],
        actions: [],
        taken: [],
        values: [],
        at: n,
      });
    await commit(0);
    reader.exec('BEGIN; SELECT * FROM meta');

    for (let n = 1; n < 60; n++) await commit(n);
    expect(wal()).toBeGreaterThan(24_000_000);
    reader.exec('COMMIT');
    for (let n = 60; n < 64; n++) await commit(n);

    expect(wal()).toBeLessThanOrEqual(16 * 1024 * 1024);
  });
});
