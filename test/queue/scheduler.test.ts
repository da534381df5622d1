import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import type { CallTransition } from '../../src/core/commit.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { createOpenCalls } from '../../src/queue/open-calls.ts';
import { createScheduler } from '../../src/queue/scheduler.ts';
import { closeDispatch, increment, openDispatch } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { openTestJournal } from './harness.ts';
import { scriptedDelivery } from './scripted-delivery.ts';

const QUEUE = { destination: 'l2l', mostFrozen: 10, emit: () => {} } as const;

/** A journal with these actions, and a scheduler at a time that the test sets. */
async function setUp(...actions: readonly Action[]) {
  const journal = openTestJournal(testFolder());
  await journal.commit({ states: [], actions, taken: [], values: [], at: 1 });
  const delivery = scriptedDelivery();
  const log = recordingLogger();
  const now = { at: 1000 };
  const calls = createOpenCalls();
  const scheduler = createScheduler({ ...QUEUE, journal, delivery, calls, now: () => now.at, log });
  const fill = () => scheduler.fill().map(({ call }) => call.actions.map(action => action.key).join(' '));
  /** Ends the one open call with this result. */
  const end = async (to: Partial<CallTransition> & Pick<CallTransition, 'state'>) => {
    const [call] = journal.openCalls();
    if (!call) throw new Error('no call is open');
    const rest = { at: now.at, notBefore: now.at, reason: null, detail: null };
    await journal.markSending(call.id, call.attempt, null, now.at);
    await journal.transition(call.id, ['sending'], { ...rest, ...to });
    calls.delete(call.id);
  };
  return { journal, delivery, scheduler, now, fill, end, log };
}

describe('the scheduler', () => {
  it('the scheduler leaves a lane for later when the journal refuses the end of an action that needs no call', async () => {
    const folder = testFolder();
    const journal = openTestJournal(folder);
    await journal.commit({ states: [], actions: [closeDispatch('M1', 1)], taken: [], values: [], at: 1 });
    const delivery = scriptedDelivery();
    let asked = 0;
    delivery.on.freeze = () => {
      asked += 1;
      if (asked > 10) throw new Error('asked again and again');
      return { kind: 'nothing', why: 'no dispatch was opened' };
    };
    // The write lock of another process: the journal refuses every write until the lock is gone.
    const other = new DatabaseSync(join(folder, 'journal.db'));
    other.exec('BEGIN IMMEDIATE');
    const calls = createOpenCalls();
    const scheduler = createScheduler({ ...QUEUE, journal, delivery, calls, now: () => 1, log: silentLogger });

    expect(scheduler.fill()).toEqual([]);
    expect(asked).toBe(1);
    other.close();
    scheduler.forgetHeld();
    scheduler.fill();

    expect(journal.waitingHeads(10)).toEqual([]);
  });

  it('an action steps aside until it is due, and its lane goes on', async () => {
    const { now, fill, end, scheduler } = await setUp(
      openDispatch('M1', 1),
      openDispatch('M1', 2),
      openDispatch('M1', 3),
    );
    expect(fill()).toEqual(['M1#1:open']);
    await end({ state: 'released', notBefore: now.at + 60_000, reason: 'blocked' });
    expect(fill()).toEqual(['M1#2:open']);
    await end({ state: 'delivered' });

    now.at += 59_999;
    expect(fill()).toEqual(['M1#3:open']);
    await end({ state: 'delivered' });
    expect(fill()).toEqual([]);
    now.at += 1;
    expect(fill()).toEqual(['M1#1:open']);
    expect(scheduler.held).toBe(0);
  });

  it('the scheduler gives up an action that is too old to be sent, and goes on with the next one', async () => {
    const late = [
      { ...increment('M1', 1), expiresAt: 999 },
      { ...openDispatch('M2', 1), expiresAt: 999 },
    ];
    const { fill, journal, log } = await setUp(
      ...late,
      { ...increment('M1', 2), expiresAt: 1000 },
      increment('M1', 3),
      openDispatch('M2', 2),
    );
    expect(fill()).toEqual(['M2#2:open', 'M1@2:increment M1@3:increment']);
    expect(journal.counts()).toMatchObject({ deadLetters: 2, waiting: 0 });
    expect(journal.chain('M2#1').open).toBe('dead');
    expect(log.lines.map(({ fields }) => 'what' in fields && fields.what)).toEqual([
      'open dispatch DOWN at M2',
      'add 1 cycle to M1',
    ]);
    expect(log.lines.map(({ fields }) => 'actions' in fields && fields.actions)).toEqual([[2], [1]]);
  });

  it('the scheduler makes no dead letter of an action that needs no call', async () => {
    const { fill, journal, delivery } = await setUp(
      { ...openDispatch('M1', 1), expiresAt: 999 },
      closeDispatch('M1', 1),
    );
    delivery.on.freeze = (_actions, chain) => ({ kind: 'nothing', why: 'over', and: chain.waiting.slice(1) });
    expect(fill()).toEqual([]);
    expect(journal.counts()).toMatchObject({ deadLetters: 0, waiting: 0 });
  });

  it('the scheduler closes an open dispatch, however late it is', async () => {
    const { fill, journal } = await setUp({ ...closeDispatch('M1', 1), expiresAt: 999 });
    expect(fill()).toEqual(['M1#1:close']);
    expect(journal.counts().deadLetters).toBe(0);
  });

  it('one call sends the whole episode, or no call at all, as the open decides', async () => {
    const { fill, journal, delivery } = await setUp(
      openDispatch('M1', 1),
      closeDispatch('M1', 1),
      openDispatch('M2', 1),
      closeDispatch('M2', 1),
    );
    delivery.on.freeze = (actions, chain) => {
      const and = chain.waiting.filter(action => action.kind === 'close_dispatch');
      if (actions[0]?.lane === 'dispatch:M2') return { kind: 'nothing', why: 'over', and };
      return { kind: 'request', request: { method: 'POST', path: '/x', body: 'both' }, and };
    };
    expect(fill()).toEqual(['M1#1:open M1#1:close']);
    expect(journal.counts().waiting).toBe(0);
    expect(journal.chain('M2#1')).toMatchObject({ open: 'delivered', waiting: [] });
  });

  it('the scheduler asks again about held actions when their chain changed, and not about other chains', async () => {
    const { fill, delivery, scheduler } = await setUp(closeDispatch('M1', 1), closeDispatch('M1', 2));
    const asked: (string | undefined)[] = [];
    delivery.on.freeze = ([action]) => {
      asked.push(action?.key);
      return { kind: 'held', why: 'waits for the dead letter of its episode' };
    };
    fill();
    fill();
    expect(asked).toEqual(['M1#1:close', 'M1#2:close']);
    expect(scheduler.held).toBe(2);
    scheduler.forgetHeld(new Set(['M1#2']));
    fill();
    expect(asked.slice(2)).toEqual(['M1#2:close']);
    scheduler.forgetHeld();
    fill();
    expect(asked.slice(3)).toEqual(['M1#1:close', 'M1#2:close']);
  });
});
