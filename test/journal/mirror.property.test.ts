import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import type { Call, CallState, StoredAction } from '../../src/core/delivery.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { type DiskFault, watchDisk } from '../chaos/disk.ts';
import { closeDispatch, increment, openDispatch, recordSet } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { REQUEST, testJournal, write } from '../support/journal.ts';

const KINDS = [
  'send',
  'send',
  'freeze',
  'freeze',
  'mark',
  'mark',
  'end',
  'end',
  'end',
  'split',
  'finish',
  'decide',
  'settle',
] as const;
type Step = { readonly kind: (typeof KINDS)[number]; readonly a: number; readonly b: number };
/** The writes of one moment, and the reaction of the disk. */
type Moment = {
  readonly steps: readonly Step[];
  readonly fault: DiskFault | null;
  readonly at: number;
  readonly restart: boolean;
};

const step: fc.Arbitrary<Step> = fc.record({ kind: fc.constantFrom(...KINDS), a: fc.nat(99), b: fc.nat(99) });
const moment: fc.Arbitrary<Moment> = fc.record({
  steps: fc.array(step, { minLength: 3, maxLength: 8 }),
  fault: fc.constantFrom(null, null, 'commit', 'write', 'transaction'),
  at: fc.nat(5),
  restart: fc.constantFrom(false, false, false, true),
});

const ENDS: Partial<Record<CallState, readonly Exclude<CallState, 'frozen' | 'sending'>[]>> = {
  frozen: ['released', 'delivered', 'retry'],
  retry: ['released', 'delivered', 'rejected'],
  sending: ['delivered', 'retry', 'unknown', 'released', 'accepted', 'rejected'],
  unknown: ['delivered', 'retry', 'unknown', 'parked', 'dropped', 'released', 'accepted'],
  accepted: ['accepted', 'parked'],
};

const pick = <T>(from: readonly T[], at: number): T | undefined => from[at % Math.max(1, from.length)];

/** A journal with random steps of the queue, the rules and people. */
class Road {
  readonly #folder = testFolder();
  #journal = testJournal(this.#folder);
  #number = 0;
  readonly #open: number[] = [];

  async pass({ steps, fault, at, restart }: Moment): Promise<void> {
    const under: Promise<unknown>[] = [];
    let writes = 0;
    watchDisk({
      beforeCommit() {},
      afterCommit() {},
      now: () => 0,
      fault: kind => (fault !== null && (fault === 'commit') === (kind === 'commit') && writes++ === at ? fault : null),
    });
    for (const one of steps) {
      try {
        under.push(Promise.resolve(this.#do(one)).catch(refused));
      } catch (cause) {
        refused(cause);
      }
    }
    await Promise.all(under);
    watchDisk(null);
    // Writes without a waiting caller go with this commit.
    await write(this.#journal);
    this.#compare();
    if (!restart) return;
    this.#journal.close();
    this.#journal = testJournal(this.#folder);
    this.#compare();
  }

  #do({ kind, a, b }: Step): unknown {
    const journal = this.#journal;
    const call = pick(journal.openCalls(), a);
    switch (kind) {
      case 'send':
        return write(journal, ...this.#made(a, pick(['A', 'B'], b) ?? 'A'));
      case 'freeze':
        return this.#freeze(journal, a, b);
      case 'mark':
        return call && journal.markSending(call.id, call.attempt, null, 2);
      case 'end':
        return call && this.#end(journal, call, b);
      case 'split': {
        const isSplit = ({ state, actions }: Call) => /sending|retry/.test(state) && actions.length > 1;
        const batch = pick(
          journal
            .openCalls()
            .filter(({ kind }) => kind === 'record_details')
            .filter(isSplit),
          a,
        );
        return batch && journal.split(batch.id, batch.actions.slice(0, 1), REQUEST, 'refused');
      }
      case 'finish':
        return call && journal.finish(call.id, { failed: refusal(call, b), detail: 'all of it' });
      case 'decide': {
        const stuck = pick(journal.unsettled(99), a);
        const decision = { kind: b < 70 ? 'retry' : 'drop', who: 'anna', confirmed: true } as const;
        return stuck && journal.decisions.decide({ ...decision, id: stuck.id });
      }
      case 'settle': {
        const head = pick(journal.waitingHeads(9), a);
        return head && (b < 50 ? journal.giveUp([head], 'too old') : journal.settleNothing([head], 'nothing to send'));
      }
    }
  }

  #made(a: number, machine: string): readonly Action[] {
    const n = ++this.#number;
    if (a < 30) return [increment(machine, n), increment(machine, n + 1000)];
    if (a < 75) return [recordSet('A', n), recordSet('B', n)];
    if (a < 85) {
      this.#open.push(n);
      return [openDispatch('A', n)];
    }
    const episode = this.#open.shift();
    return episode === undefined ? [] : [closeDispatch('A', episode)];
  }

  #freeze(journal: Journal, a: number, b: number): void {
    const heads = journal.waitingHeads(9);
    const head = pick(heads, a);
    if (!head) return;
    const isAlike = ({ kind, chain }: StoredAction) => kind === head.kind && chain === head.chain;
    const near = head.kind === 'record_details' ? heads : journal.waiting(head.lane, 1 + (b % 3));
    journal.freeze(near.filter(isAlike), REQUEST, 2);
  }

  #end(journal: Journal, call: Call, b: number): unknown {
    const state = pick(ENDS[call.state] ?? [], b);
    if (!state || (state === 'accepted' && call.kind !== 'record_details')) return null;
    const to = { state, at: 3, notBefore: 3, reason: null, detail: 'x', looks: b % 3 } as const;
    const failed = state === 'accepted' && b > 50 ? { failed: refusal(call, b) } : {};
    return journal.transition(call.id, [call.state], {
      ...to,
      ...failed,
      ...(state === 'released' && { guarded: b > 50 }),
    });
  }

  /** Compares the journal's memory with the state that the next process would read. */
  #compare(): void {
    const db = new DatabaseSync(join(this.#folder, 'journal.db'), { readOnly: true });
    const calls = db
      .prepare(
        "SELECT id, state, attempt, looks FROM call WHERE state IN ('frozen', 'sending', 'retry', 'unknown', 'accepted') ORDER BY id",
      )
      .all();
    const members = db.prepare('SELECT id, call FROM action WHERE call IS NOT NULL ORDER BY id').all();
    const waiting = db.prepare("SELECT lane, id FROM action WHERE state = 'waiting' ORDER BY id").all();
    db.close();

    const open = this.#journal.openCalls().toSorted((one, other) => one.id - other.id);
    expect(open.map(({ id, state, attempt, looks }) => ({ id, state, attempt, looks }))).toEqual(calls);
    for (const { id, state, actions } of open) {
      const stored = members.filter(({ call }) => call === id).map(member => member['id']);
      // A set that was refused before its batch was final may be in another call by now.
      if (state === 'accepted') expect(actions.map(action => action.id)).toEqual(expect.arrayContaining(stored));
      else expect(actions.map(action => action.id)).toEqual(stored);
    }
    for (const lane of ['cycles:A', 'cycles:B', 'dispatch:A', 'production:A', 'production:B']) {
      const ids = waiting.filter(row => row['lane'] === lane).map(row => row['id']);
      expect(this.#journal.waiting(lane, 9999).map(({ id }) => id)).toEqual(ids);
    }
    const held = new Set(open.flatMap(({ state, lanes }) => (state === 'accepted' ? [] : lanes)));
    const free = waiting.filter(row => !held.has(String(row['lane'])));
    const heads = [...Map.groupBy(free, row => row['lane']).values()].map(rows => rows[0]?.['id']);
    expect(this.#journal.waitingHeads(99).map(({ id }) => id)).toEqual(heads);
    expect([...this.#journal.waitingCounts()].reduce((sum, { waiting }) => sum + waiting, 0)).toBe(waiting.length);
  }
}

function refusal({ actions }: Call, b: number): ReadonlyMap<string, string> {
  return new Map(actions.slice(0, b % 2).map(({ key }) => [key, 'overlaps detail 5']));
}

/** Writes that were refused or came too late. */
function refused(cause: unknown): void {
  if (!/is full|not waiting any more|under way/.test(String(cause))) throw cause;
}

describe('journal: its calls and lanes in memory', () => {
  it('the journal in memory equals its file, whatever the disk refuses and whenever it is opened again', {
    timeout: 120_000,
  }, async () => {
    onTestFinished(() => watchDisk(null));
    await fc.assert(
      fc.asyncProperty(fc.array(moment, { minLength: 20, maxLength: 30 }), async moments => {
        const road = new Road();
        for (const one of moments) await road.pass(one);
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });
});
