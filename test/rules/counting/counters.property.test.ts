import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action } from '../../../src/core/action.ts';
import type { Sample, SampleBatch } from '../../../src/core/sample.ts';
import { createEngine } from '../../../src/rules/engine.ts';
import type { EngineInput } from '../../../src/rules/program.ts';
import { on, paramsOf } from '../support/plant.ts';
import { counter, cycles, production, program } from '../support/program.ts';

const START = on('06:00');
const MINUTE = 60_000;
/** Values close to each other, so that a lower one may be a rollover, a reset or neither. */
const WRAP = 999;
const RATE = 1 / 1000;
const strokes = counter('strokes', { wrapsAt: WRAP, maxRate: RATE });
const rules = program(
  [
    cycles('added', strokes, { every: 5 * MINUTE }),
    cycles('set', strokes, { every: 5 * MINUTE, mode: 'total', machine: 'PRESS-02' }),
    production('one', strokes),
    production('even', strokes, { line: 'LINE-2', afterGap: 'spread' }),
  ],
  [strokes],
);

type Doing =
  | {
      readonly kind: 'reading';
      readonly wait: number;
      readonly sample: Omit<Sample, 'signal'>;
      readonly retained: boolean;
    }
  | { readonly kind: 'lost'; readonly wait: number }
  | { readonly kind: 'killed'; readonly wait: number; readonly away: number };

const wait = fc.oneof(fc.nat(3000), fc.nat(2 * MINUTE), fc.nat(30 * MINUTE));
const good = fc.record({ value: fc.oneof(fc.nat(WRAP), fc.nat(40)), quality: fc.constant('good' as const) });
const useless: fc.Arbitrary<Omit<Sample, 'signal'>> = fc.constantFrom(
  { value: null, quality: 'bad' },
  { value: null, quality: 'good' },
  { value: 7, quality: 'uncertain' },
  { value: 7.5, quality: 'good' },
  { value: -1, quality: 'good' },
);
const doing: fc.Arbitrary<Doing> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('reading' as const),
      wait,
      sample: fc.oneof({ weight: 8, arbitrary: good }, { weight: 1, arbitrary: useless }),
      retained: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lost' as const), wait }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('killed' as const), wait, away: fc.nat(20 * MINUTE) }) },
);

/**
 * What a person with pencil and paper would count: from one good reading to the next the first explanation that the machine's
 * rate allows, and nothing when there is none. A retained value counts nothing.
 */
function byHand(): {
  take(sample: Omit<Sample, 'signal'>, retained: boolean, at: number): void;
  readonly counted: number;
} {
  let last: { value: number; at: number } | null = null;
  let counted = 0;
  return {
    take({ value, quality }, retained, at) {
      if (quality !== 'good' || typeof value !== 'number' || !Number.isInteger(value) || value < 0) return;
      if (retained && last !== null) return;
      if (last !== null) {
        const longest = at - last.at + 1000;
        const explanations = value >= last.value ? [value - last.value] : [value + WRAP + 1 - last.value, value];
        counted += explanations.find(parts => parts <= longest * RATE + 1) ?? 0;
      }
      last = { value, at };
    },
    get counted() {
      return counted;
    },
  };
}

function play(doings: readonly Doing[]): { readonly actions: Action[]; readonly counted: number } {
  let engine = createEngine(rules, new Map());
  const actions: Action[] = [];
  const hand = byHand();
  let at = START;
  const step = (input: EngineInput) => actions.push(...engine.step(input).actions);
  const connect = () => step({ kind: 'source', source: 'plc', state: 'connected', at });
  step({ kind: 'restart', at, lastAlive: at });
  connect();
  for (const one of doings) {
    at += one.wait;
    step({ kind: 'tick', at });
    switch (one.kind) {
      case 'reading': {
        connect();
        const samples = [{ signal: 'strokes', ...one.sample }];
        const batch: SampleBatch = {
          source: 'plc',
          at,
          receivedAt: at,
          time: 'source',
          retained: one.retained,
          samples,
        };
        step({ kind: 'samples', batch });
        hand.take(one.sample, one.retained, at);
        break;
      }
      case 'lost':
        step({ kind: 'source', source: 'plc', state: 'disconnected', at });
        break;
      case 'killed': {
        const states = rules.rules.map(({ name }) => [name, JSON.stringify(engine.stateOf(name))] as const);
        engine = createEngine(rules, new Map(states));
        const lastAlive = at;
        at += one.away;
        step({ kind: 'restart', at, lastAlive });
        break;
      }
    }
  }
  // A last reading that says nothing new ends a blind time; what is pending is told after it.
  at += 60 * MINUTE;
  step({ kind: 'tick', at });
  connect();
  const samples = [{ signal: 'strokes', value: 0, quality: 'good' as const }];
  step({ kind: 'samples', batch: { source: 'plc', at, receivedAt: at, time: 'source', samples } });
  hand.take({ value: 0, quality: 'good' }, false, at);
  step({ kind: 'tick', at: at + 60 * MINUTE });
  return { actions, counted: hand.counted };
}

describe('whatever a counter reads', () => {
  it('is told once: added, set and put into sets alike', () => {
    fc.assert(
      fc.property(fc.array(doing, { maxLength: 60 }), doings => {
        const { actions, counted } = play(doings);
        const sets = (line: string) =>
          paramsOf(actions, 'record_details').reduce((sum, set) => sum + (set.line === line ? set.actual : 0), 0);
        expect({
          added: paramsOf(actions, 'increment_cycles').reduce((sum, { count }) => sum + count, 0),
          set: paramsOf(actions, 'set_cycles').at(-1)?.movement ?? 0,
          one: sets('LINE-1'),
          even: sets('LINE-2'),
        }).toEqual({ added: counted, set: counted, one: counted, even: counted });
      }),
      { numRuns: 300 },
    );
  });
});
