import { describe, expect, it } from 'vitest';
import { type SignalFacts, signalStatus } from '../../../src/app/status/signals.ts';
import { createTimeNotation } from '../../../src/core/time-notation.ts';
import type { SignalView } from '../../../src/rules/signal-view.ts';

const { iso } = createTimeNotation('America/Denver');
const NOW = Date.parse('2026-03-02T13:01:00Z');
const FACTS: SignalFacts = { sources: [], addressOf: () => undefined, now: NOW, iso };

const signal = (change: Partial<SignalView>): SignalView => ({
  definition: {
    name: 'press1.running',
    source: 'plc',
    type: 'bool',
    fingerprint: '["mqtt","plant/press1","$.running","bool",null]',
    restorable: true,
    acceptUncertain: false,
  },
  value: null,
  good: false,
  quality: 'bad',
  reason: null,
  emptySince: null,
  at: null,
  ...change,
});
const { definition } = signal({});

describe('signals of the status page', () => {
  it('a signal is shown with name, value, unit, quality, time, age and address, without JSON inside a text', () => {
    const running = signal({
      definition: { ...definition, type: 'number', unit: 'kW', staleAfter: 90_500, acceptUncertain: true },
      value: 7.5,
      good: true,
      quality: 'uncertain',
      at: NOW - 3900,
    });

    expect(signalStatus([running], { ...FACTS, addressOf: name => `topic of ${name}` })).toEqual([
      {
        name: 'press1.running',
        value: 7.5,
        unit: 'kW',
        good: true,
        quality: 'uncertain',
        reason: null,
        at: '2026-03-02T06:00:56.100-07:00',
        age: '3s',
        definition: {
          name: 'press1.running',
          source: 'plc',
          type: 'number',
          unit: 'kW',
          badAfterSilenceOf: '1m30s500ms',
          uncertain: 'counts as good',
          address: 'topic of press1.running',
        },
      },
    ]);
  });

  it.each([
    ['never received', {}, 'nothing received yet: source plc is disconnected: refused'],
    ['lost', { reason: 'plc is disconnected' }, 'plc is disconnected'],
    ['good', { good: true }, null],
  ])('the status page explains why a signal that is %s is not good', (_what, change, reason) => {
    const sources = [{ source: 'plc', state: 'disconnected', at: 0, reason: 'refused' }] as const;

    expect(signalStatus([signal(change)], { ...FACTS, sources })).toMatchObject([{ reason }]);
  });

  it('the reason of a signal does not name an absence when its source is back', () => {
    const sources = [{ source: 'plc', state: 'connected', at: 10 }] as const;

    expect(signalStatus([signal({ at: 5 })], { ...FACTS, sources })).toMatchObject([
      { reason: 'nothing received since the source came back' },
    ]);
  });

  it('a signal has no age before its first value, and its age is never below zero', () => {
    expect(signalStatus([signal({}), signal({ at: NOW + 500 })], FACTS)).toMatchObject([
      { at: null, age: null },
      { age: '0s' },
    ]);
  });

  it.each([
    [4_294_967_295, { wraps: 4_294_967_295, maxPerMinute: 7 }],
    [null, { wraps: 'never', maxPerMinute: 7 }],
  ])('a counter is shown as the config writes it: %s', (wrapsAt, counter) => {
    const counting = signal({ good: true, definition: { ...definition, counter: { wrapsAt, maxRate: 7 / 60_000 } } });

    expect(signalStatus([counting], FACTS)).toMatchObject([{ definition: { name: 'press1.running', counter } }]);
  });

  describe('of a Modbus table in which every number was 0 since the start', () => {
    const HINT =
      'has been 0 since the gateway started: is the address right (first_register), and the table (holding or input)?';
    const number = (table: string, change: Partial<SignalView>, empty = 0, source = 'plc'): SignalView =>
      signal({
        definition: { ...definition, source, type: 'number', register: { table, empty } },
        good: true,
        quality: 'good',
        value: 0,
        at: NOW,
        emptySince: NOW - 60_000,
        ...change,
      });
    const count = { value: 31, emptySince: null };
    const hintsOf = (...signals: SignalView[]) =>
      signalStatus(signals, FACTS).map(shown => (shown as { hint?: string }).hint);

    it('a hint asks for the address a minute after the start', () => {
      expect(hintsOf(number('unit 1 holding', {}), number('unit 1 holding', { emptySince: NOW - 59_999 }))).toEqual([
        HINT,
        undefined,
      ]);
    });

    it('the hint leaves the quality of the signal as it is', () => {
      expect(signalStatus([number('unit 1 holding', {})], FACTS)).toMatchObject([{ good: true, quality: 'good' }]);
    });

    it('there is no hint when a number of the table was ever not 0', () => {
      expect(hintsOf(number('unit 1 holding', {}), number('unit 1 holding', count))).toEqual([undefined, undefined]);
    });

    it.each([
      ['another table', number('unit 1 input', count)],
      ['another unit', number('unit 2 holding', count)],
      ['another device', number('unit 1 holding', count, 0, 'press_plc')],
      ['a number that was never read', number('unit 1 holding', { value: null, good: false, emptySince: null })],
      ['a bit', signal({ good: true, value: true })],
    ])('the hint does not depend on %s', (_, other) => {
      expect(hintsOf(number('unit 1 holding', {}), other)).toEqual([HINT, undefined]);
    });

    it('there is no hint for a number that can no longer be read', () => {
      expect(hintsOf(number('unit 1 holding', { good: false }))).toEqual([undefined]);
    });

    it('the hint for a number with an offset states that its register is 0', () => {
      expect(hintsOf(number('unit 1 holding', { value: -40 }, -40))).toEqual([`its register ${HINT}`]);
    });
  });
});
