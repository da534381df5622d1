import { describe, expect, it } from 'vitest';
import type { Call, CallPolicy, Follow, Look, Outcome } from '../../src/core/delivery.ts';
import {
  afterFollow,
  afterLook,
  afterSend,
  type Circumstances,
  evidenceOfSend,
  needsPreparing,
  overtaken,
  repeatRefused,
  TIMING_DEFAULTS,
} from '../../src/queue/verdicts.ts';
import { increment } from '../support/actions.ts';

const NOW = 1_000_000;
const POLICY: CallPolicy = { priority: 0, repeatable: false, maxActions: 1, acrossLanes: false, settle: 60_000 };
const CALL: Call = {
  id: 7,
  kind: 'open_dispatch',
  lanes: ['dispatch:M1'],
  actions: [],
  request: { method: 'POST', path: '/x', body: '' },
  state: 'sending',
  attempt: 1,
  looks: 0,
  notBefore: 0,
  createdAt: 0,
  sentAt: NOW,
  base: null,
  result: null,
  reason: 'timeout',
  detail: null,
};

function at(setbacks = 1, policy: Partial<CallPolicy> = {}): Circumstances {
  return { now: NOW, random: 1, setbacks, timings: TIMING_DEFAULTS, policy: { ...POLICY, ...policy } };
}

describe('verdicts', () => {
  it.each<[string, Outcome, string, number]>([
    ['delivered', { kind: 'delivered', result: {}, answer: '' }, 'delivered', 0],
    ['accepted', { kind: 'accepted', result: {}, answer: '' }, 'accepted', 30_000],
    ['certainly not sent', { kind: 'retry', reason: 'network', detail: '' }, 'retry', 2000],
    ['429', { kind: 'retry', reason: 'rate_limited', detail: '', retryAfter: 7000 }, 'retry', 7000],
    ['429 for a day', { kind: 'retry', reason: 'rate_limited', detail: '', retryAfter: 86_400_000 }, 'retry', 900_000],
    ['time-out', { kind: 'unknown', reason: 'timeout', detail: '' }, 'unknown', 60_000],
    ['refused', { kind: 'rejected', reason: 'refused', detail: '', answer: '' }, 'retry', 10_000],
    ['blocked', { kind: 'again', reason: 'blocked', detail: '', after: 60_000, guarded: false }, 'released', 60_000],
    ['key not accepted', { kind: 'halt', reason: 'auth', detail: '' }, 'retry', 0],
  ])('the verdict after a send: %s', (_, outcome, state, wait) => {
    expect(afterSend(outcome, at())).toMatchObject({ state, at: NOW, notBefore: NOW + wait });
  });

  it.each([
    [1, 15_000],
    [3, 60_000],
    [9, 300_000],
  ])('a refused call waits longer each time: setback %i, %i ms', (setbacks, wait) => {
    const to = repeatRefused({ detail: 'no', answer: '' }, NOW - 60_000, at(setbacks));
    expect(to).toMatchObject({ state: 'retry', notBefore: NOW + wait });
  });

  it('a refused call is sent a last time at the end of its hour, and then not again', () => {
    const refusal = { detail: 'no', answer: '' };
    expect(repeatRefused(refusal, NOW - 3_599_000, at(9))).toMatchObject({ notBefore: NOW + 1000 });
    expect(repeatRefused(refusal, NOW - 3_600_000, at(9))).toBe(null);
  });

  it.each([
    [1, 2000],
    [2, 4000],
    [4, 16_000],
    [8, 256_000],
    [9, 300_000],
    [1000, 300_000],
  ])('a call waits after %i setbacks %i ms, half of it at least', (setbacks, wait) => {
    const outcome: Outcome = { kind: 'retry', reason: 'network', detail: '' };
    expect(afterSend(outcome, at(setbacks)).notBefore).toBe(NOW + wait);
    expect(afterSend(outcome, { ...at(setbacks), random: 0 }).notBefore).toBe(NOW + wait / 2);
  });

  it.each(['code', 'rights'] as const)(
    'a call with a missing %s waits longer each time for a person to correct it, up to a limit',
    reason => {
      const outcome: Outcome = { kind: 'retry', reason, detail: '' };
      const waits = [1, 2, 3, 5, 6, 1000].map(setbacks => (afterSend(outcome, at(setbacks)).notBefore ?? 0) - NOW);
      expect(waits).toEqual([15_000, 30_000, 60_000, 240_000, 300_000, 300_000]);
    },
  );

  it('a call waits before a look-up as long as the kind of action needs', () => {
    const outcome: Outcome = { kind: 'unknown', reason: 'timeout', detail: '' };
    expect(afterSend(outcome, at(1, { settle: 300_000 })).notBefore).toBe(NOW + 300_000);
    expect(afterSend(outcome, at(1, { settle: 1 })).notBefore).toBe(NOW + 1);
  });

  it.each<[string, number, Look, object]>([
    [
      'applied',
      0,
      { kind: 'applied', result: { dispatchId: 1 }, detail: 'd' },
      { state: 'delivered', result: { dispatchId: 1 } },
    ],
    ['absent once', 0, { kind: 'absent', detail: 'd' }, { state: 'unknown', looks: 1, notBefore: NOW + 30_000 }],
    ['absent twice', 1, { kind: 'absent', detail: 'd' }, { state: 'retry', looks: 2, notBefore: NOW }],
    ['undecided', 0, { kind: 'undecided', detail: 'd' }, { state: 'parked', detail: 'd' }],
    [
      'failed',
      1,
      { kind: 'failed', outcome: { kind: 'retry', reason: 'network', detail: 'd' } },
      { state: 'unknown', notBefore: NOW + 2000 },
    ],
  ])('the verdict after a look-up: %s', (_, looks, look, expected) => {
    const to = afterLook({ ...CALL, state: 'unknown', looks }, look, at());
    expect(to).toMatchObject({ reason: 'timeout', ...expected });
  });

  it.each([
    [0, 30_000],
    [60_000, 30_000],
    [80_000, 40_000],
    [3_000_000, 600_000],
  ])('a call in doubt that was sent %i ms ago is looked up again after %i ms', (gone, wait) => {
    const to = afterLook({ ...CALL, sentAt: NOW - gone, looks: 1 }, { kind: 'pending', detail: 'd' }, at());
    expect(to).toEqual({ state: 'unknown', at: NOW, notBefore: NOW + wait, reason: 'timeout', detail: 'd' });
  });

  it('a call is released instead of repeated when the next call can ask L2L to prevent duplicates', () => {
    const look: Look = { kind: 'absent', detail: 'd' };
    const policy = { guardedRepeat: true };
    expect(afterLook(CALL, look, at(1, policy))).toMatchObject({ state: 'unknown', looks: 1 });
    const second = afterLook({ ...CALL, looks: 1 }, look, at(1, policy));
    expect(second).toMatchObject({ state: 'released', guarded: true, notBefore: NOW });
  });

  it.each([
    [['repeat', 'repeat'], { state: 'released', guarded: false }],
    [
      ['drop', 'drop'],
      {
        state: 'dropped',
        detail: 'd; dropped, as its rule says: if L2L has the call, its effect stays there until a person corrects it',
      },
    ],
    [['repeat', 'drop'], { state: 'parked' }],
    [['repeat', undefined], { state: 'parked' }],
    [[undefined], { state: 'parked' }],
  ] as const)('an undecided call is treated as all its rules say: %j', (choices, expected) => {
    const actions = choices.map((onUnknown, n) => ({ ...increment('M1', n), id: n, ...(onUnknown && { onUnknown }) }));
    expect(afterLook({ ...CALL, actions }, { kind: 'undecided', detail: 'd' }, at())).toMatchObject(expected);
  });

  it.each([
    [0, {}, { state: 'released', reason: 'undecided', guarded: false }],
    [2, { guardedRepeat: true }, { state: 'released', reason: 'undecided', guarded: true }],
    [3, { guardedRepeat: true }, { state: 'parked', detail: 'd; sent 4 times so far' }],
  ])('the verdict after %i repeats in doubt', (doubts, policy, expected) => {
    const call: Call = { ...CALL, actions: [{ ...increment('M1', 1), id: 1, onUnknown: 'repeat' }] };
    expect(afterLook(call, { kind: 'undecided', detail: 'd' }, at(1, policy), doubts)).toMatchObject(expected);
  });

  it('a call that its episode overtook stays guarded', () => {
    const action = { ...increment('M1', 1), id: 1 };
    expect(overtaken({ ...CALL, actions: [action] }, NOW, 'd')).toMatchObject({ state: 'released', guarded: false });
    const guarded = { ...CALL, actions: [{ ...action, guarded: true }] };
    expect(overtaken(guarded, NOW, 'd')).toMatchObject({ state: 'released', guarded: true });
  });

  it.each<[string, number, Exclude<Follow, { kind: 'final' }>, object]>([
    ['pending', 0, { kind: 'pending', detail: 'd' }, { state: 'accepted', looks: 1, notBefore: NOW + 60_000 }],
    [
      'pending for long',
      50,
      { kind: 'pending', detail: 'd' },
      { state: 'accepted', looks: 51, notBefore: NOW + 600_000 },
    ],
    ['undecided', 3, { kind: 'undecided', detail: 'd' }, { state: 'parked', detail: 'd' }],
    [
      'failed',
      0,
      { kind: 'failed', outcome: { kind: 'retry', reason: 'server', detail: 'd' } },
      { state: 'accepted', notBefore: NOW + 2000 },
    ],
  ])('the verdict after a follow-up: %s', (_, looks, follow, expected) => {
    expect(afterFollow({ ...CALL, looks }, follow, at())).toMatchObject(expected);
  });

  it.each<[string, Outcome, string | undefined]>([
    ['delivered', { kind: 'delivered', result: {}, answer: '' }, 'accepted'],
    ['network', { kind: 'retry', reason: 'network', detail: '' }, 'failed'],
    ['500', { kind: 'unknown', reason: 'server', detail: '' }, 'failed'],
    ['429', { kind: 'retry', reason: 'rate_limited', detail: '' }, undefined],
    ['our own stop', { kind: 'unknown', reason: 'stopped', detail: '' }, undefined],
    ['401', { kind: 'halt', reason: 'auth', detail: '' }, 'halted'],
    ['an unknown code', { kind: 'retry', reason: 'code', detail: '' }, 'answered'],
    ['a missing right', { kind: 'retry', reason: 'rights', detail: '' }, 'answered'],
    ['a read that is refused', { kind: 'retry', reason: 'denied', detail: '' }, 'refused'],
    ['a refusal of its own', { kind: 'rejected', reason: 'refused', detail: '', answer: '', isOwn: true }, 'answered'],
    ['refused', { kind: 'rejected', reason: 'refused', detail: '', answer: '' }, 'refused'],
    ['blocked', { kind: 'again', reason: 'blocked', detail: '', after: 0, guarded: false }, 'answered'],
  ])('%s gives this evidence about L2L', (_, outcome, kind) => {
    expect(evidenceOfSend(CALL, outcome)?.kind).toBe(kind);
  });

  it.each([
    ['before the first attempt', 0, null, 0, true],
    ['not again right after a look that had no base', 1, null, 4000, false],
    // In the hours without L2L, a person may have opened the dispatch that the gateway is about to open.
    ['again when that look is old', 1, null, 6000, true],
    ['not again with a young base', 1, NOW - 60_000, 60_000, false],
    ['again with an old base', 1, NOW - 901_000, 0, true],
  ])('the queue reads L2L %s', (_, attempt, baseAt, ago, expected) => {
    const base = baseAt === null ? null : { cycleCount: 1, at: baseAt };
    expect(needsPreparing({ ...CALL, attempt, base, sentAt: NOW - ago }, NOW)).toBe(expected);
  });
});
