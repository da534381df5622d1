import { describe, expect, it } from 'vitest';
import {
  BREAKER_DEFAULTS,
  type BreakerState,
  CLOSED,
  type Evidence,
  refusalText,
  stepBreaker,
} from '../../src/queue/breaker.ts';

const FAILED: Evidence = { kind: 'failed', detail: 'timeout' };
const HALTED: Evidence = { kind: 'halted', detail: '401' };

function refused(call: number, lanes: readonly string[], detail = 'No rights'): Evidence {
  return { kind: 'refused', call, lanes, detail };
}

/** Each event with its time in seconds. */
function play(...events: readonly (readonly [number, Evidence])[]): BreakerState {
  return events.reduce<BreakerState>(
    (state, [at, event]) => stepBreaker(state, event, at * 1000, BREAKER_DEFAULTS),
    CLOSED,
  );
}

function times(n: number, event: Evidence): readonly (readonly [number, Evidence])[] {
  return Array.from({ length: n }, () => [0, event] as const);
}

describe('breaker', () => {
  it('the breaker opens after five unanswered attempts in a row, whatever the lane', () => {
    expect(play(...times(4, FAILED)).pause).toBeNull();
    expect(play(...times(5, FAILED)).pause).toMatchObject({ cause: 'network', detail: 'timeout', probeAt: 2000 });
  });

  it.each<[string, Evidence]>([
    ['an accepted call', { kind: 'accepted' }],
    ['an answered read', { kind: 'answered' }],
    ['a refusal', refused(1, ['a'])],
  ])('the breaker counts from zero after %s', (_, event) => {
    expect(play(...times(4, FAILED), [0, event], ...times(4, FAILED)).pause).toBeNull();
  });

  it('the breaker waits longer after every probe that failed, at most a minute', () => {
    let state = play(...times(5, FAILED));
    const waits: number[] = [];
    for (let probe = 0; probe < 7; probe += 1) {
      const at = state.pause?.probeAt ?? 0;
      state = stepBreaker(state, FAILED, at, BREAKER_DEFAULTS);
      waits.push((state.pause?.probeAt ?? 0) - at);
    }
    expect(waits).toEqual([4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('the breaker does not count calls that were on their way when it opened', () => {
    expect(play(...times(5, FAILED), [1, FAILED], [1.5, FAILED]).pause).toMatchObject({ probes: 0, probeAt: 2000 });
  });

  it.each<[string, readonly Evidence[], boolean]>([
    ['three lanes', [refused(1, ['a']), refused(2, ['b']), refused(3, ['c'])], true],
    ['two lanes', [refused(1, ['a']), refused(2, ['b'])], false],
    ['five calls of a lane', [1, 2, 3, 4, 5].map(call => refused(call, ['a'])), true],
    ['one call five times', [1, 1, 1, 1, 1].map(call => refused(call, ['a'])), false],
    ['one batch of three lanes', [refused(1, ['a', 'b', 'c'])], false],
    ['three lanes, other words', [refused(1, ['a']), refused(2, ['b'], 'Unknown'), refused(3, ['c'])], false],
    ['three lanes, other numbers', [1, 2, 3].map(n => refused(n, [`${n}`], `No rights for ${n}`)), true],
    ['an accepted one between', [refused(1, ['a']), refused(2, ['b']), { kind: 'accepted' }, refused(3, ['c'])], false],
    ['a read between', [refused(1, ['a']), refused(2, ['b']), { kind: 'answered' }, refused(3, ['c'])], true],
  ])('the same refusal on %s pauses everything: %s', (_, events, pauses) => {
    const state = play(...events.map(event => [0, event] as const));
    expect(state.pause?.cause === 'refused').toBe(pauses);
  });

  it.each<[string, Evidence, boolean]>([
    ['accepted', { kind: 'accepted' }, true],
    ['answered', { kind: 'answered' }, true],
    ['refused once', refused(1, ['a']), true],
    ['failed', FAILED, false],
    ['halted', HALTED, false],
    ['undecided', { kind: 'probe_undecided' }, false],
  ])('a pause for the key ends when the probe is %s: %s', (_, event, ends) => {
    const state = play([0, HALTED], [300, event]);
    expect(state.pause === null).toBe(ends);
    if (!ends) expect(state.pause).toMatchObject({ cause: 'auth', probeAt: 600_000 });
  });

  it('a pause for refusals ends only when a call is taken', () => {
    const general = [1, 2, 3].map(n => [0, refused(n, [`${n}`])] as const);
    expect(play(...general, [300, { kind: 'answered' }]).pause?.cause).toBe('refused');
    expect(play(...general, [300, refused(4, ['d'], 'Other words')]).pause?.cause).toBe('refused');
    expect(play(...general, [300, { kind: 'accepted' }])).toEqual(CLOSED);
  });

  it('a pause for the journal ends when it wrote again', () => {
    const failed: Evidence = { kind: 'journal_failed', detail: 'disk full' };
    expect(play([0, failed], [1, { kind: 'answered' }]).pause).toMatchObject({ cause: 'journal', probeAt: 5000 });
    expect(play([0, failed], [5, { kind: 'written' }]).pause).toBeNull();
  });

  it('the breaker compares refusals without their numbers', () => {
    expect(refusalText('Dispatch 4711 not found ')).toBe(refusalText('dispatch 12 not found'));
  });
});
