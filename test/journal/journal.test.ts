import { describe, expect, it } from 'vitest';
import type { Action, CloseDispatchParams } from '../../src/actions/action.ts';
import type { CallResult } from '../../src/actions/result.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { JournalOptions } from '../../src/journal/journal-options.ts';
import { closeDispatch, closeMachine, increment, openDispatch, recordSet, setCycles } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { deliver, type End, IN_DOUBT, REFUSED, REQUEST, settle, testJournal, write } from '../support/journal.ts';

function open(folder: string, change: Partial<JournalOptions> = {}): Journal {
  return testJournal(folder, { settle: kind => (kind === 'record_details' ? 300_000 : 60_000), ...change });
}

function waitingKeys(journal: Journal, lane: string): string[] {
  return journal.waiting(lane, 100).map(action => action.key);
}

function freezeHead(journal: Journal, lane: string, many = 1) {
  return journal.freeze(journal.waiting(lane, many), REQUEST, 0);
}

describe('journal: actions that wait for a person', () => {
  it('the journal lists the newest dead letters and parked actions, newest first', async () => {
    const journal = open(testFolder());
    await write(journal, increment('A', 1), openDispatch('B', 1), increment('C', 1), increment('D', 1));
    const ends = [
      ['cycles:A', 'rejected', 'no such machine'],
      ['dispatch:B', 'parked', 'nobody can tell'],
      ['cycles:C', 'delivered', null],
    ] as const;
    for (const [lane, state, detail] of ends) {
      const call = freezeHead(journal, lane);
      await journal.markSending(call.id, 0, null, 5);
      await journal.transition(call.id, ['sending'], { state, at: 7, notBefore: 7, reason: null, detail });
    }

    expect(journal.unsettled(50)).toMatchObject([
      { state: 'parked', rule: 'r', lane: 'dispatch:B', at: 1000, settledAt: 7, detail: 'nobody can tell' },
      { state: 'dead', lane: 'cycles:A', params: { machine: 'A', count: 1 }, detail: 'no such machine' },
    ]);
    expect(journal.unsettled(1)).toHaveLength(1);
  });
});

describe('journal: commits of the rules', () => {
  it('the states, values, messages and actions of a commit survive a restart', async () => {
    const folder = testFolder();
    const journal = open(folder);
    await journal.commit({
      states: [{ rule: 'a', state: '{"n":1}' }],
      actions: [increment('A', 1)],
      taken: [{ source: 'mqtt', packetId: 7, hash: 'h' }],
      values: [{ signal: 's', value: 2n ** 60n, quality: 'good', at: 5 }],
      at: 42,
    });
    journal.close();

    const again = open(folder);

    expect(again.ruleStates()).toEqual(new Map([['a', '{"n":1}']]));
    expect(again.keptValues()).toEqual([{ signal: 's', value: 2n ** 60n, quality: 'good', at: 5 }]);
    expect(again.wasTaken({ source: 'mqtt', packetId: 7, hash: 'h' })).toBe(true);
    expect(again.wasTaken({ source: 'mqtt', packetId: 7, hash: 'other' })).toBe(false);
    expect(waitingKeys(again, 'cycles:A')).toEqual(['A@1:increment']);
    expect(again.lastAlive).toBe(42);
    expect(again.epoch).toBe(journal.epoch + 1);
    expect(again.id).toBe(journal.id);
  });

  it('the state of a removed rule is deleted in the commit with its last action', async () => {
    const folder = testFolder();
    const journal = open(folder);
    const states = ['a', 'b'].map(rule => ({ rule, state: '{}' }));
    await journal.commit({ states, actions: [], taken: [], values: [], at: 1 });

    await journal.commit({ states: [], forget: ['a'], actions: [increment('A', 1)], taken: [], values: [], at: 2 });
    journal.close();

    const again = open(folder);
    expect([...again.ruleStates().keys()]).toEqual(['b']);
    expect(waitingKeys(again, 'cycles:A')).toEqual(['A@1:increment']);
  });

  it('an action key is accepted once, also when it is written again', async () => {
    const journal = open(testFolder());

    await write(journal, increment('A', 1), increment('A', 1));
    await write(journal, increment('A', 1));

    expect(waitingKeys(journal, 'cycles:A')).toEqual(['A@1:increment']);
  });

  it('the packet ids of a lost session are forgotten, and those of the next session are kept', async () => {
    const folder = testFolder();
    const journal = open(folder);
    const old = { source: 'mqtt', packetId: 1, hash: 'x' };
    const next = { source: 'mqtt', packetId: 2, hash: 'y' };
    await journal.commit({ states: [], actions: [], taken: [old], values: [], at: 1 });

    journal.forgetTaken('mqtt');
    expect(journal.wasTaken(old)).toBe(false);
    await journal.commit({ states: [], actions: [], taken: [next], values: [], at: 2 });
    journal.close();

    const again = open(folder);
    expect([again.wasTaken(old), again.wasTaken(next)]).toEqual([false, true]);
  });

  it('another action under a known key is logged as an error', async () => {
    const errors: object[] = [];
    const journal = open(testFolder(), { log: { ...silentLogger, error: fields => void errors.push(fields) } });
    await write(journal, increment('A', 1, 5));

    await write(journal, increment('A', 1, 5));
    expect(errors).toEqual([]);
    await write(journal, increment('A', 1, 6));

    expect(errors).toEqual([{ action: 'A@1:increment', rule: 'r' }]);
  });

  it('shadow actions are recorded and never offered to a lane', async () => {
    const journal = open(testFolder());

    await write(journal, { ...increment('A', 1), mode: 'shadow' });

    expect(journal.waitingHeads(10)).toEqual([]);
    expect(journal.counts().shadow).toBe(1);
  });
});

describe('journal: lanes and calls', () => {
  it('the journal offers the head of each lane, oldest first, without lanes that have a call under way', async () => {
    const journal = open(testFolder());
    await write(journal, increment('B', 1), increment('A', 1), increment('B', 2));

    expect(journal.waitingHeads(10).map(action => action.key)).toEqual(['B@1:increment', 'A@1:increment']);
    freezeHead(journal, 'cycles:B');

    expect(journal.waitingHeads(10).map(action => action.key)).toEqual(['A@1:increment']);
  });

  it('an action is not frozen twice, and a lane gets no second call', async () => {
    const journal = open(testFolder());
    await write(journal, increment('A', 1), increment('A', 2));
    const [first, second] = journal.waiting('cycles:A', 2);
    if (!first || !second) throw new Error('two actions were written');
    journal.freeze([first], REQUEST, 0);

    expect(() => journal.freeze([first], REQUEST, 0)).toThrow('already has call');
    expect(() => journal.freeze([second], REQUEST, 0)).toThrow('already has call');
  });

  it('a call is marked as sending once, and a second job for it changes nothing', async () => {
    const journal = open(testFolder());
    await write(journal, increment('A', 1));
    const call = freezeHead(journal, 'cycles:A');

    const both = await Promise.all([
      journal.markSending(call.id, 0, { cycleCount: 5, at: 1 }, 2),
      journal.markSending(call.id, 0, null, 2),
    ]);

    expect(both.map(result => result?.state)).toEqual(['sending', undefined]);
    expect(both[0]?.base).toEqual({ cycleCount: 5, at: 1 });
    expect(await journal.markSending(call.id, 1, null, 3)).toBeNull();
  });

  it('a retried call is marked as sending only with its present attempt number', async () => {
    const journal = open(testFolder());
    await write(journal, increment('A', 1));
    const call = freezeHead(journal, 'cycles:A');
    await journal.markSending(call.id, 0, null, 1);
    await journal.transition(call.id, ['sending'], {
      state: 'retry',
      at: 2,
      notBefore: 3,
      reason: 'network',
      detail: 'refused',
    });

    expect(await journal.markSending(call.id, 0, null, 4)).toBeNull();
    expect((await journal.markSending(call.id, 1, null, 4))?.attempt).toBe(2);
  });

  it('a chain has the result of its open', async () => {
    const journal = open(testFolder());
    await write(journal, openDispatch('A', 1), closeDispatch('A', 1));
    expect(journal.chain('A#1')).toMatchObject({ open: 'pending', result: null });
    const call = freezeHead(journal, 'dispatch:A');
    await journal.markSending(call.id, 0, null, 1);

    await journal.transition(call.id, ['sending'], {
      state: 'delivered',
      at: 2,
      notBefore: 0,
      reason: null,
      detail: null,
      result: { dispatchId: 99 },
    });

    expect(journal.chain('A#1')).toMatchObject({ open: 'delivered', result: { dispatchId: 99 } });
    expect(journal.chain('A#2')).toMatchObject({ open: 'none', result: null, heldBy: [], isOurs: false, stuck: [] });
    expect(waitingKeys(journal, 'dispatch:A')).toEqual(['A#1:close']);
  });

  it.each([
    ['is parked', IN_DOUBT, ['r'], true],
    ['is a dead letter', REFUSED, [], false],
    ['is open', { state: 'delivered', result: { dispatchId: 7 } }, [], false],
  ] satisfies [string, End, string[], boolean][])(
    'a close of every dispatch knows the opens of its machine and type before it that a person decides about: one %s',
    async (_what, end, inDoubt, held) => {
      const journal = open(testFolder());
      const other = closeMachine('B', 1);
      await write(
        journal,
        openDispatch('A', 1),
        openDispatch('A', 2),
        openDispatch('B', 1),
        closeMachine('A', 2),
        other,
      );
      await settle(journal, 'dispatch:A', end);
      expect(journal.chain('A#2').inDoubt).toEqual(inDoubt);
      expect(journal.chain('B#1').inDoubt).toEqual([]);
      const entries = journal.history.page({ limit: 9 }).entries.filter(({ kind }) => kind === 'close_machine');
      expect(entries.map(entry => [entry.lane, entry.held])).toEqual([
        ['dispatch:A', held],
        ['dispatch:B', false],
      ]);
    },
  );

  it('a close knows which dispatches the close of all of its chain ended', async () => {
    const journal = open(testFolder());
    await write(journal, closeMachine('A', 1), closeDispatch('A', 1));
    expect(journal.chain('A#1').closed).toEqual([]);
    await settle(journal, 'dispatch:A', { state: 'delivered', result: { closed: [7, 8] } });
    expect(journal.chain('A#1').closed).toEqual([7, 8]);
    expect(journal.chain('A#2').closed).toEqual([]);
  });

  it('the journal knows whether any rule sent L2L a dispatch of a machine and type', async () => {
    const journal = open(testFolder());
    const oil = { ...openDispatch('A', 2), rule: 'oil', chain: 'oil#1', key: 'oil#1:open' };
    const quality = { ...oil, chain: 'quality#1', key: 'quality#1:open', params: { ...oil.params, type: 'QUALITY' } };
    await write(journal, openDispatch('A', 1), openDispatch('B', 1), oil, quality as Action);
    const first = () => ['A#1', 'oil#1', 'quality#1', 'B#1'].filter(chain => journal.chain(chain).isFirst);
    expect(first()).toHaveLength(4);
    await deliver(journal, 'dispatch:A', 1, { nothing: 'it was over' });
    expect(first()).toEqual(['quality#1', 'B#1']);
  });

  it.each<[string, End, CloseDispatchParams['how'], object[]]>([
    ['open is parked', IN_DOUBT, 'close', [{ key: 'A#1:open', reported: 1000, dispatchId: null }]],
    ['open is a dead letter', REFUSED, 'complete', [{ key: 'A#1:open', reported: 1000, dispatchId: null }]],
    ['open is parked and people end it', IN_DOUBT, 'note', []],
    ['dispatch is open', { state: 'delivered', result: { dispatchId: 7 } }, 'close', []],
  ])(
    'a chain lists other episodes of its lane that are over and have a stuck action: its %s',
    async (_what, end, how, stuck) => {
      const journal = open(testFolder());
      const close = closeDispatch('A', 1);
      const params = { ...close.params, how } as CloseDispatchParams;
      await write(journal, openDispatch('A', 1), openDispatch('A', 2), openDispatch('B', 1));
      await settle(journal, 'dispatch:A', end);
      expect(journal.chain('A#2').stuck).toEqual([]);
      await write(journal, { ...close, params } as Action);
      expect(journal.chain('A#2').stuck).toEqual(stuck);
      expect(journal.chain('A#1').stuck).toEqual([]);
      expect(journal.chain('B#1').stuck).toEqual([]);
    },
  );

  it.each<[string, CallResult, number | null]>([
    ['its dispatch', { dispatchId: 7 }, 7],
    ['no dispatch of a person', { dispatchId: 7, adopted: true }, null],
    ['no dispatch that was left', { dispatchId: 7, foundOpen: 70 }, null],
  ])('a chain lists an episode whose close is a dead letter, with %s', async (_what, result, dispatchId) => {
    const journal = open(testFolder());
    await write(journal, openDispatch('A', 1), closeDispatch('A', 1), openDispatch('A', 2));
    await deliver(journal, 'dispatch:A', 1, result);
    await settle(journal, 'dispatch:A', REFUSED);
    expect(journal.chain('A#2').stuck).toEqual([{ key: 'A#1:open', reported: 1000, dispatchId }]);
  });

  it.each([
    ['holds the dispatch it shares while its rule is configured', ['r', 'oil'], ['oil']],
    ['holds nothing that others share once its rule is not configured any more', ['r'], []],
  ])('a chain with an open episode: %s', async (_, configured, heldBy) => {
    const journal = open(testFolder(), { rules: new Set(configured) });
    const oil = { ...openDispatch('A', 2), rule: 'oil' };
    const states = [{ rule: 'oil', state: JSON.stringify({ kind: 'dispatch', episode: { chain: oil.chain } }) }];
    await journal.commit({ states, actions: [openDispatch('A', 1), oil], taken: [], values: [], at: 1 });
    for (const _ of ['r', 'oil']) {
      const call = freezeHead(journal, 'dispatch:A');
      const done = { state: 'delivered', at: 2, notBefore: 0, reason: null, detail: null } as const;
      await journal.markSending(call.id, 0, null, 1);
      await journal.transition(call.id, ['sending'], { ...done, result: { dispatchId: 99 } });
    }

    expect(journal.chain('A#1').heldBy).toEqual(heldBy);
  });

  it('a chain of absolute counts has the anchor of its newest delivered call', async () => {
    const journal = open(testFolder());
    await write(journal, setCycles('A', 1, 10), setCycles('A', 2, 25));
    expect(journal.chain('A#1')).toMatchObject({ open: 'none', result: null });
    const call = freezeHead(journal, 'cycles:A');
    await journal.markSending(call.id, 0, null, 1);
    const done = { state: 'delivered', at: 2, notBefore: 0, reason: null, detail: null } as const;

    await journal.transition(call.id, ['sending'], { ...done, result: { cycleAnchor: 5000 } });

    expect(journal.chain('A#1').result).toEqual({ cycleAnchor: 5000 });
  });

  it('an accepted batch frees its lanes, and each of its sets becomes final on its own', async () => {
    const journal = open(testFolder());
    await write(journal, recordSet('L1', 1), recordSet('L2', 1), recordSet('L1', 2));
    const heads = journal.waitingHeads(10);
    const call = journal.freeze(heads, REQUEST, 0);
    await journal.markSending(call.id, 0, null, 1);
    await journal.transition(call.id, ['sending'], {
      state: 'accepted',
      at: 2,
      notBefore: 5,
      reason: null,
      detail: null,
      result: { batchId: '7' },
    });
    expect(journal.waitingHeads(10).map(action => action.key)).toEqual(['L1@2:record']);

    await journal.finish(call.id, { failed: new Map([['L2@1:record', 'No such line']]), detail: 'done' });

    expect(journal.counts().deadLetters).toBe(1);
    expect(journal.openCalls()).toEqual([]);
  });
});

describe('journal: after a crash', () => {
  it('after a crash, a call that was never sent waits again', async () => {
    const folder = testFolder();
    const journal = open(folder);
    await write(journal, increment('A', 1), increment('A', 2));
    freezeHead(journal, 'cycles:A');
    journal.close();

    const again = open(folder);

    expect(again.openCalls()).toEqual([]);
    expect(waitingKeys(again, 'cycles:A')).toEqual(['A@1:increment', 'A@2:increment']);
  });

  it('after a crash, a call found sending is unknown, and is looked up only when it can no longer arrive', async () => {
    const folder = testFolder();
    const journal = open(folder);
    await write(journal, increment('A', 1));
    const call = freezeHead(journal, 'cycles:A');
    await journal.markSending(call.id, 0, { cycleCount: 5, at: 1 }, 100_000);
    journal.close();

    const [found] = open(folder).openCalls();

    expect(found).toMatchObject({
      id: call.id,
      state: 'unknown',
      reason: 'crashed',
      attempt: 1,
      base: { cycleCount: 5 },
    });
    expect(found?.notBefore).toBe(160_000);
    expect(found?.request).toEqual(REQUEST);
  });

  it.each([
    ['ended with its time-out', 1_000_000, 220_000],
    ['is cut off by the crash', 130_000, 190_000],
  ])(
    'a look-up waits for a request that %s, although nothing was committed while it hung',
    async (_, now, notBefore) => {
      const folder = testFolder();
      const journal = open(folder);
      // A full disk, a stop that waits for its calls, or a process that stands still: the rules commit nothing.
      await write(journal, increment('A', 1));
      const call = freezeHead(journal, 'cycles:A');
      await journal.markSending(call.id, 0, null, 100_000);
      journal.close();

      expect(open(folder, { timeout: 60_000, now: () => now }).openCalls()[0]?.notBefore).toBe(notBefore);
    },
  );

  it('after a crash, a batch is looked up only after the time that L2L needs for it', async () => {
    const folder = testFolder();
    const journal = open(folder);
    await write(journal, recordSet('L1', 1));
    const call = freezeHead(journal, 'production:L1');
    await journal.markSending(call.id, 0, null, 100_000);
    journal.close();

    expect(open(folder).openCalls()[0]?.notBefore).toBe(400_000);
  });

  it('a dispatch that was opened at another destination is not known', async () => {
    const folder = testFolder();
    const journal = open(folder);
    await write(journal, openDispatch('A', 1));
    const call = freezeHead(journal, 'dispatch:A');
    await journal.markSending(call.id, 0, null, 1);
    const done = { state: 'delivered', at: 2, notBefore: 0, reason: null, detail: null } as const;
    await journal.transition(call.id, ['sending'], { ...done, result: { dispatchId: 1234 } });
    journal.close();

    expect(open(folder, { destination: 'site 44' }).chain('A#1')).toMatchObject({
      open: 'none',
      result: null,
      isFirst: true,
      isEndParked: false,
    });
  });

  it('a call that was under way at five ends of the gateway is parked', async () => {
    const folder = testFolder();
    const first = open(folder);
    await write(first, increment('A', 1));
    const { id } = freezeHead(first, 'cycles:A');
    await first.markSending(id, 0, null, 1);
    first.close();
    for (let attempt = 1; attempt < 5; attempt++) {
      const again = open(folder);
      expect(again.call(id)?.state).toBe('unknown');
      await again.transition(id, ['unknown'], { state: 'retry', at: 2, notBefore: 2, reason: null, detail: null });
      await again.markSending(id, attempt, null, 3);
      again.close();
    }

    const last = open(folder);

    expect(last.call(id)).toMatchObject({ state: 'parked', detail: expect.stringContaining('5 times') });
    expect([last.openCalls(), last.counts().parked]).toEqual([[], 1]);
  });

  it('an action that was under way at five ends is parked, also when each attempt was a call with another body', async () => {
    const folder = testFolder();
    const first = open(folder);
    await write(first, openDispatch('A', 1));
    let { id } = freezeHead(first, 'dispatch:A');
    await first.markSending(id, 0, null, 1);
    first.close();
    for (let crash = 1; crash < 5; crash++) {
      const again = open(folder);
      const released = {
        state: 'released',
        at: 2,
        notBefore: 2,
        reason: 'crashed',
        detail: null,
        guarded: true,
      } as const;
      expect(await again.transition(id, ['unknown'], released)).toBe(true);
      id = freezeHead(again, 'dispatch:A').id;
      await again.markSending(id, 0, null, 3);
      again.close();
    }

    const last = open(folder);

    expect(last.call(id)).toMatchObject({ state: 'parked', detail: expect.stringContaining('5 times') });
    expect([last.openCalls(), last.counts().parked]).toEqual([[], 1]);
  });

  it('failed look-ups do not count as crashes', async () => {
    const folder = testFolder();
    const first = open(folder);
    await write(first, increment('A', 1));
    const { id } = freezeHead(first, 'cycles:A');
    await first.markSending(id, 0, null, 1);
    first.close();
    const again = open(folder);
    for (let look = 1; look <= 5; look++) {
      await again.transition(id, ['unknown'], {
        state: 'unknown',
        at: look,
        notBefore: look,
        reason: 'crashed',
        detail: 'L2L does not answer',
      });
    }
    again.close();

    expect(open(folder).call(id)?.state).toBe('unknown');
  });

  it('actions for another destination are parked, and an event names them', async () => {
    const folder = testFolder();
    const journal = open(folder);
    await write(journal, increment('A', 1), increment('B', 1));
    const call = freezeHead(journal, 'cycles:B');
    await journal.markSending(call.id, 0, null, 1);
    journal.close();

    const again = open(folder, { destination: 'site 44' });

    expect(again.waitingHeads(10)).toEqual([]);
    expect(again.openCalls()).toEqual([]);
    expect(again.counts().parked).toBe(2);
    expect(again.call(call.id)?.detail).toContain('site 44');
  });

  it('a data folder that another gateway holds is refused', () => {
    const folder = testFolder();
    open(folder);

    expect(() => open(folder)).toThrow('in use by another gateway');
  });
});
