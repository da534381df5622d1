import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action } from '../../../src/actions/action.ts';
import type { Sample, SampleBatch } from '../../../src/core/sample.ts';
import { createEngine } from '../../../src/rules/engine.ts';
import type { EngineInput } from '../../../src/rules/program.ts';
import { counter, cycles, production, program } from '../support/program.ts';
import { on, paramsOf } from '../support/rule-plant.ts';

const START = on('06:00');
const MINUTE = 60_000;
/** Values that are close together, so that a lower one may be a rollover, a reset or neither. */
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

function play(doings: readonly Doing[]): Action[] {
  let engine = createEngine(rules, new Map());
  const actions: Action[] = [];
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
  // A last reading without news ends a blind time; pending counts are sent after it.
  at += 60 * MINUTE;
  step({ kind: 'tick', at });
  connect();
  const samples = [{ signal: 'strokes', value: 0, quality: 'good' as const }];
  step({ kind: 'samples', batch: { source: 'plc', at, receivedAt: at, time: 'source', samples } });
  step({ kind: 'tick', at: at + 60 * MINUTE });
  return actions;
}

/** The counts in order: the increments, the totals, and the sets of two lines. */
function totals(actions: readonly Action[]) {
  const sets = (line: string) =>
    paramsOf(actions, 'record_details').reduce((sum, set) => sum + (set.line === line ? set.actual : 0), 0);
  return {
    added: paramsOf(actions, 'increment_cycles').reduce((sum, { count }) => sum + count, 0),
    set: paramsOf(actions, 'set_cycles').at(-1)?.movement ?? 0,
    one: sets('LINE-1'),
    even: sets('LINE-2'),
  };
}

const alike = (counted: number) => ({ added: counted, set: counted, one: counted, even: counted });

describe('whatever a counter reads', () => {
  it('every movement of a counter is sent once: as increments, as totals and in sets', () => {
    fc.assert(
      fc.property(fc.array(doing, { maxLength: 60 }), doings => {
        const told = totals(play(doings));
        expect(told).toEqual(alike(told.added));
      }),
      { numRuns: 300 },
    );
  });
});

/**
 * The true values of a machine between two polls, and the values that its device shows: for a poll or more it may show 0 or anything else.
 */
type Poll = {
  readonly made: number;
  readonly reset: boolean;
  readonly shows: readonly ('zero' | 'wild')[];
  readonly during: 'goes on' | 'killed' | 'lost';
};

const poll: fc.Arbitrary<Poll> = fc.record({
  made: fc.nat(5),
  reset: fc.oneof({ weight: 12, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  shows: fc.oneof(
    { weight: 6, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: fc.array(fc.constantFrom('zero' as const, 'wild' as const), { maxLength: 4 }) },
  ),
  during: fc.oneof(
    { weight: 8, arbitrary: fc.constant('goes on' as const) },
    { weight: 1, arbitrary: fc.constantFrom('killed' as const, 'lost' as const) },
  ),
});

/** A counter that makes at most 5 in 5 s and is read every 5 s. */
const EVERY = 5000;

function disturbed(range: { lowest: number; highest: number }, begin: number, polls: readonly Poll[]) {
  const { lowest, highest } = range;
  const press = counter('strokes', { wrapsAt: highest, ...(lowest < 0 && { wrapsTo: lowest }), maxRate: RATE });
  const of = program(
    [
      cycles('added', press, { every: 5 * MINUTE }),
      cycles('set', press, { every: 5 * MINUTE, mode: 'total', machine: 'PRESS-02' }),
      production('one', press),
      production('even', press, { line: 'LINE-2', afterGap: 'spread' }),
    ],
    [press],
  );
  let engine = createEngine(of, new Map());
  const actions: Action[] = [];
  let at = START;
  let value = begin;
  let counted = 0;
  const step = (input: EngineInput) => actions.push(...engine.step(input).actions);
  const show = (shown: number) => {
    at += EVERY;
    step({ kind: 'tick', at });
    step({ kind: 'source', source: 'plc', state: 'connected', at });
    const samples = [{ signal: 'strokes', value: shown, quality: 'good' as const }];
    step({ kind: 'samples', batch: { source: 'plc', at, receivedAt: at, time: 'received', samples } });
  };
  step({ kind: 'restart', at, lastAlive: at });
  show(value);
  for (const { made, reset, shows: wrong, during } of polls) {
    // Just before its end or around 0, the counter may really have reached the shown value.
    const isNear = value > highest - 100 || (value > -100 && value < 10);
    const shows = isNear ? [] : wrong;
    for (const what of shows) {
      // This value is far from every value that the counter can have reached.
      show(what === 'zero' ? 0 : value > 0 ? Math.round(highest / 3) : -Math.round(highest / 3));
      if (during === 'killed') {
        const states = of.rules.map(({ name }) => [name, JSON.stringify(engine.stateOf(name))] as const);
        engine = createEngine(of, new Map(states));
        step({ kind: 'restart', at, lastAlive: at });
      }
      if (during === 'lost') step({ kind: 'source', source: 'plc', state: 'disconnected', at });
    }
    // It is reset only where that is certain: the value after it is far below the value before it.
    const isReset = reset && shows.length === 0 && !isNear && (value > 500 || value < 0);
    counted += made;
    value = isReset ? made : value + made;
    if (value > highest) value = lowest + (value - highest - 1);
    show(value);
  }
  show(value);
  at += 60 * MINUTE;
  step({ kind: 'tick', at });
  return { told: totals(actions), counted };
}

describe('a counter whose device sometimes shows 0 or nonsense', () => {
  it.each([
    { what: '16 bits', lowest: 0, highest: 65_535, begins: [800, 65_530, 40_000] },
    { what: '16 bits with a sign', lowest: -32_768, highest: 32_767, begins: [800, 32_760, -32_768, -20_000, -9] },
    { what: '32 bits with a sign', lowest: -2_147_483_648, highest: 2_147_483_647, begins: [2_147_483_640, -9] },
  ])('a counter whose device sometimes shows nonsense counts exactly the true parts: $what', ({ begins, ...range }) => {
    fc.assert(
      fc.property(fc.constantFrom(...begins), fc.array(poll, { maxLength: 50 }), (begin, polls) => {
        const { told, counted } = disturbed(range, begin, polls);
        expect(told).toEqual(alike(counted));
      }),
      { numRuns: 200 },
    );
  });
});
