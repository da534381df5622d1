import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import type { CallTransition } from '../../src/core/commit.ts';
import type { Call, StoredAction } from '../../src/core/delivery.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { createOpenCalls } from '../../src/queue/open-calls.ts';
import { createScheduler } from '../../src/queue/scheduler.ts';
import { closeDispatch, increment, openDispatch, recordSet, setCycles } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { openTestJournal } from './harness.ts';
import { scriptedDelivery } from './scripted-delivery.ts';

type Ending = 'delivered' | 'rejected' | 'parked' | 'released' | 'retry' | 'unknown';
type Happening =
  | { readonly kind: 'increment' | 'set' | 'open' | 'close' | 'record'; readonly of: 'A' | 'B' }
  | { readonly kind: 'call'; readonly pick: number; readonly ends: Ending }
  | { readonly kind: 'later' | 'crash' };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('increment', 'set', 'open', 'close', 'record'),
    of: fc.constantFrom('A', 'B'),
  }),
  fc.record({
    kind: fc.constant('call'),
    pick: fc.nat(20),
    ends: fc.constantFrom('delivered', 'delivered', 'delivered', 'rejected', 'parked', 'released', 'retry', 'unknown'),
  }),
  fc.record({ kind: fc.constantFrom('later', 'crash') }),
);

/** The result of an action: how often it was delivered, whether it was ever outside the order of its lane, and whether a person decides. */
type Fate = { readonly action: Action; times: number; aside: boolean; undecided: boolean };

/** The scheduler on a real journal. The test decides what L2L answers. */
class LanesInUse {
  readonly fates = new Map<string, Fate>();
  /** By lane: the ids of the delivered actions in their order, without those that stood aside. */
  readonly order = new Map<string, number[]>();
  readonly #folder = testFolder();
  readonly #delivery = scriptedDelivery();
  readonly #ids = new Map<string, number>();
  #journal: Journal;
  #calls = createOpenCalls();
  #scheduler;
  #now = 1_000_000;
  #number = 0;
  #open: { readonly A: number[]; readonly B: number[] } = { A: [], B: [] };

  constructor() {
    this.#delivery.on.freeze = (actions, chain) => {
      const [first] = actions;
      if (first?.kind === 'close_dispatch') {
        if (chain.open !== 'delivered') return { kind: 'held', why: 'its dispatch is not open' };
        return { kind: 'request', request: { method: 'POST', path: `/close/${chain.result?.dispatchId}`, body: '' } };
      }
      const body = actions.map(({ key }) => key).join('&');
      return { kind: 'request', request: { method: 'POST', path: `/${first?.kind}`, body } };
    };
    this.#journal = openTestJournal(this.#folder);
    this.#scheduler = this.#schedule();
  }

  #schedule() {
    const options = { journal: this.#journal, delivery: this.#delivery, calls: this.#calls, log: silentLogger };
    return createScheduler({
      ...options,
      destination: 'l2l',
      now: () => this.#now,
      mostFrozen: 4,
      emit: () => {},
    });
  }

  async make(kind: Extract<Happening, { of: 'A' | 'B' }>['kind'], of: 'A' | 'B'): Promise<void> {
    this.#number += 1;
    const n = this.#number;
    // All rules of a machine add, or all of them set.
    const machine = kind === 'set' ? `${of}S` : of;
    if (kind === 'open') this.#open[of].push(n);
    const episode = kind === 'close' ? this.#open[of].shift() : n;
    if (episode === undefined) return;
    const make = {
      increment,
      set: (m: string) => setCycles(m, n, n),
      open: openDispatch,
      close: closeDispatch,
      record: recordSet,
    };
    const action = make[kind](machine, episode);
    this.fates.set(action.key, { action, times: 0, aside: false, undecided: false });
    await this.#journal.commit({ states: [], actions: [action], taken: [], values: [], at: this.#now });
  }

  /** Builds all possible calls, and ends one call in this way. */
  async call(pick: number, ends: Ending): Promise<boolean> {
    this.#scheduler.forgetHeld();
    for (const { call } of this.#scheduler.fill()) this.#check(call);
    const calls = this.#journal.openCalls();
    expect(new Set(calls.flatMap(({ lanes }) => lanes)).size).toBe(calls.flatMap(({ lanes }) => lanes).length);
    const call = calls[pick % Math.max(1, calls.length)];
    if (!call) return false;
    if (call.state !== 'unknown') {
      const sending = await this.#journal.markSending(call.id, call.attempt, null, this.#now);
      expect(sending?.request).toEqual(call.request);
    }
    const from = call.state === 'unknown' ? 'unknown' : 'sending';
    const result = call.kind === 'open_dispatch' ? { result: { dispatchId: call.actions[0]?.id ?? 0 } } : {};
    const notBefore = ends === 'released' ? this.#now + 60_000 : this.#now;
    const to: CallTransition = { state: ends, at: this.#now, notBefore, reason: null, detail: null };
    expect(await this.#journal.transition(call.id, [from], ends === 'delivered' ? { ...to, ...result } : to)).toBe(
      true,
    );
    this.#note(call, ends);
    if (ends !== 'retry' && ends !== 'unknown') this.#calls.delete(call.id);
    return true;
  }

  #check({ kind, lanes, actions, request }: Call): void {
    expect(actions.length).toBeGreaterThan(0);
    expect(new Set(actions.map(action => action.kind))).toEqual(new Set([kind]));
    if (kind !== 'record_details') expect(lanes).toHaveLength(1);
    expect(new Set(actions.map(({ chain }) => chain)).size).toBe(1);
    const [action] = actions;
    if (kind !== 'close_dispatch' || !action) return;
    // By the id that the open of this episode was given.
    const open = this.fates.get(action.key.replace(':close', ':open'));
    expect(open?.times).toBe(1);
    expect(request.path).toBe(`/close/${this.#ids.get(open?.action.key ?? '')}`);
  }

  #note({ actions }: Call, ends: Ending): void {
    for (const action of actions) {
      this.#ids.set(action.key, action.id);
      const fate = this.fates.get(action.key);
      if (!fate) throw new Error(`nobody made ${action.key}`);
      if (ends === 'delivered') {
        fate.times += 1;
        if (!fate.aside && action.kind !== 'close_dispatch') this.#inOrder(action);
      } else {
        fate.aside ||= ends === 'released';
        fate.undecided ||= ends === 'parked' || ends === 'rejected';
      }
    }
  }

  /** A close waits for its open outside the order. All other actions come in turn. */
  #inOrder({ lane, id }: StoredAction): void {
    const before = this.order.get(lane) ?? [];
    this.order.set(lane, [...before, id]);
  }

  later(): void {
    this.#now += 60_000;
  }

  /** The state after a SIGKILL: the calls on their way are in doubt, and calls that were never sent are taken apart. */
  crash(): void {
    this.#journal.close();
    this.#journal = openTestJournal(this.#folder);
    this.#calls = createOpenCalls();
    for (const call of this.#journal.openCalls()) this.#calls.add(call, call.notBefore);
    this.#scheduler = this.#schedule();
  }

  /** L2L takes everything that can be sent. */
  async drain(): Promise<void> {
    this.later();
    while (await this.call(0, 'delivered')) this.later();
  }

  close(): void {
    this.#journal.close();
  }
}

describe('lanes, merging and chains', () => {
  it('every action is sent once, in its turn, in a call of its kind, and a close only with the id of its own open', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 40 }), async happenings => {
        const lanes = new LanesInUse();
        try {
          for (const it of happenings) {
            if ('of' in it) await lanes.make(it.kind, it.of);
            else if (it.kind === 'call') await lanes.call(it.pick, it.ends);
            else if (it.kind === 'later') lanes.later();
            else lanes.crash();
          }
          await lanes.drain();

          for (const { action, times, undecided } of lanes.fates.values()) {
            const opened = lanes.fates.get(action.key.replace(':close', ':open'));
            // An action that a person has to decide about is not sent any more, and the actions that depend on it wait.
            const wanted = undecided || opened?.undecided ? 0 : 1;
            expect([action.key, times]).toEqual([action.key, wanted]);
          }
          for (const ids of lanes.order.values()) expect(ids).toEqual(ids.toSorted((a, b) => a - b));
        } finally {
          lanes.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
