import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import type { Sample, SampleBatch, SourceState } from '../../src/core/sample.ts';
import { createEngine, type Engine } from '../../src/rules/engine.ts';
import type { EngineInput, Program } from '../../src/rules/program.ts';
import {
  above,
  counter,
  cycles,
  dispatch,
  is,
  isActive,
  isAway,
  isNot,
  lookup,
  production,
  program,
  signal,
  standsStill,
} from './support/program.ts';
import { on, paramsOf, shortKey } from './support/rule-plant.ts';

const START = on('06:00');
const MINUTE = 60_000;
const WRAP = 99;
const definition = { wrapsAt: WRAP, maxRate: 1 / 1000 };
const strokes = counter('strokes', definition);
const scrap = counter('scrap', definition);

const everything: Program = program(
  [
    dispatch('stopped', isNot('running'), { unless: is('manual'), onDelay: 2 * MINUTE, offDelay: 30_000 }),
    dispatch('downstream', is('manual'), { onDelay: MINUTE, unless: isActive('stopped') }),
    dispatch('hot', above('temp', 2), { onDelay: 0, whenCleared: 'leave' }),
    dispatch('idle', standsStill('temp'), { onDelay: 2 * MINUTE, offDelay: 30_000 }),
    dispatch('blind', isAway('plc'), { onDelay: MINUTE }),
    cycles('count', strokes, { every: 5 * MINUTE }),
    cycles('sum', strokes, { every: 5 * MINUTE, mode: 'total', machine: 'PRESS-02' }),
    production('line', strokes, {
      every: 5 * MINUTE,
      perCount: 'cavities',
      scrap: [{ category: 'ALL', counter: scrap }],
      product: lookup('recipe', { '0': 'A', '1': 'B' }),
    }),
    production('even', strokes, { every: 5 * MINUTE, line: 'LINE-2', afterGap: 'spread' }),
  ],
  [
    signal('running'),
    signal('manual'),
    signal('temp', { type: 'number' }),
    signal('cavities', { type: 'number' }),
    signal('recipe', { type: 'number' }),
    strokes,
    scrap,
  ],
  { freezeLimit: 10 * MINUTE },
);

type Doing =
  | { readonly kind: 'samples'; readonly wait: number; readonly samples: readonly Sample[]; readonly retained: boolean }
  | { readonly kind: 'source'; readonly wait: number; readonly state: SourceState }
  | { readonly kind: 'tick'; readonly wait: number };

const wait = fc.oneof(fc.nat(5000), fc.nat(4 * MINUTE), fc.nat(30 * MINUTE));
const anyValue = (name: string): fc.Arbitrary<Sample['value']> =>
  name === 'running' || name === 'manual'
    ? fc.boolean()
    : name === 'strokes' || name === 'scrap'
      ? fc.nat(WRAP)
      : fc.nat(3);
const sample: fc.Arbitrary<Sample> = fc
  .constantFrom(...everything.signals.keys())
  .chain(name =>
    fc.oneof(
      { weight: 6, arbitrary: anyValue(name).map(value => ({ signal: name, value, quality: 'good' as const })) },
      { weight: 1, arbitrary: fc.constant({ signal: name, value: null, quality: 'bad' as const }) },
    ),
  );
const doing: fc.Arbitrary<Doing> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('samples' as const),
      wait,
      samples: fc.array(sample, { minLength: 1, maxLength: 5 }),
      retained: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('source' as const),
      wait,
      state: fc.constantFrom<SourceState[]>('connected', 'disconnected', 'connecting', 'catching_up'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tick' as const), wait }) },
);
const life = fc.array(doing, { maxLength: 60 });

/** The inputs of a life with their times. Before each there is a tick, as the clock would bring it. */
function inputsOf(doings: readonly Doing[], from: number): EngineInput[] {
  let at = from;
  return doings.flatMap((one): EngineInput[] => {
    at += one.wait;
    const tick: EngineInput = { kind: 'tick', at };
    if (one.kind === 'tick') return [tick];
    if (one.kind === 'source') return [tick, { kind: 'source', source: 'plc', state: one.state, at }];
    const { samples, retained } = one;
    const batch: SampleBatch = { source: 'plc', at, receivedAt: at, time: 'source', retained, samples };
    return [tick, { kind: 'samples', batch }];
  });
}

const opening: EngineInput[] = [
  { kind: 'restart', at: START, lastAlive: START },
  { kind: 'source', source: 'plc', state: 'connected', at: START },
];
const feed = (engine: Engine, inputs: readonly EngineInput[]): Action[] =>
  inputs.flatMap(input => [...engine.step(input).actions]);
const endOf = (inputs: readonly EngineInput[]): number => Math.max(START, ...inputs.map(input => timeOf(input)));
const timeOf = (input: EngineInput): number => {
  if (input.kind === 'samples') return input.batch.at;
  return input.kind === 'standstill' ? input.to : input.at;
};
const statesOf = (engine: Engine, rules = everything.rules): Map<string, string> =>
  new Map(rules.map(({ name }) => [name, JSON.stringify(engine.stateOf(name))]));

describe('engine, whatever happens', () => {
  it('the engine is deterministic: the same inputs give the same results and states', () => {
    fc.assert(
      fc.property(life, doings => {
        const [one, other] = [createEngine(everything, new Map()), createEngine(everything, new Map())];
        for (const input of [...opening, ...inputsOf(doings, START)])
          expect(one.step(input)).toEqual(other.step(input));
        expect(statesOf(one)).toEqual(statesOf(other));
      }),
    );
  });

  it('an engine goes on from its states as if the process had never ended', () => {
    fc.assert(
      fc.property(life, life, fc.nat(20 * MINUTE), (before, after, away) => {
        const kept = createEngine(everything, new Map());
        const first = inputsOf(before, START);
        feed(kept, [...opening, ...first]);
        const restored = createEngine(everything, statesOf(kept));
        const died = endOf(first);
        const started = died + away;
        const rest: EngineInput[] = [
          { kind: 'restart', at: started, lastAlive: died },
          { kind: 'source', source: 'plc', state: 'connected', at: started },
          ...inputsOf(after, started),
        ];
        for (const input of rest) expect(restored.step(input)).toEqual(kept.step(input));
        expect(statesOf(restored)).toEqual(statesOf(kept));
      }),
      { numRuns: 200 },
    );
  });

  it('the actions of an engine do not show a restart when every signal is read again at once', () => {
    const known = [...everything.signals.keys()];
    fc.assert(
      fc.property(life, life, (before, after) => {
        const first = [...opening, ...inputsOf(before, START)];
        const again = (engine: Engine, at: number): EngineInput => {
          const samples = known.map(name => ({
            signal: name,
            value: engine.signal(name)?.value ?? 0,
            quality: 'good' as const,
          }));
          return { kind: 'samples', batch: { source: 'plc', at, receivedAt: at, time: 'source', samples } };
        };
        const stayed = createEngine(everything, new Map());
        feed(stayed, first);
        const at = endOf(first);
        const connected: EngineInput = { kind: 'source', source: 'plc', state: 'connected', at };
        feed(stayed, [connected, again(stayed, at), { kind: 'tick', at }]);
        const restored = createEngine(everything, statesOf(stayed));
        const reading = again(stayed, at);
        feed(restored, [{ kind: 'restart', at, lastAlive: at }, connected, reading]);
        feed(stayed, [reading]);
        const rest = inputsOf(after, at);
        const plain = (actions: Action[]) => actions.map(({ key, at, params, mode }) => ({ key, at, params, mode }));
        expect(plain(feed(restored, rest))).toEqual(plain(feed(stayed, rest)));
      }),
      { numRuns: 200 },
    );
  });

  it('an engine opens and closes in turn, each episode once, and never closes a dispatch that it did not open', () => {
    fc.assert(
      fc.property(life, doings => {
        const actions = feed(createEngine(everything, new Map()), [...opening, ...inputsOf(doings, START)]);
        expect(new Set(actions.map(action => action.key)).size).toBe(actions.length);
        for (const rule of ['stopped', 'downstream', 'idle', 'blind']) {
          const own = actions.filter(action => action.rule === rule);
          expect(own.map(shortKey)).toEqual(
            own.map((_, index) => `${rule}#${Math.floor(index / 2) + 1}:${index % 2 === 0 ? 'open' : 'close'}`),
          );
          const times = own.map(one =>
            one.kind === 'open_dispatch'
              ? one.params.reported
              : one.kind === 'close_dispatch'
                ? one.params.completed
                : 0,
          );
          expect(times).toEqual([...times].sort((a, b) => a - b));
        }
      }),
    );
  });
});

describe('a source whose clock is wrong by the same amount all the time', () => {
  const lamp = signal('lamp', { source: 'broker' });
  const door = signal('door', { source: 'broker' });
  const manual = signal('manual');
  const on = { onDelay: 2 * MINUTE, offDelay: MINUTE };
  const alone = program([dispatch('alone', is('lamp'), { ...on, unless: is('door') })], [lamp, door]);
  const mixed = program(
    [
      dispatch('by_lamp', is('lamp'), { ...on, unless: is('manual') }),
      dispatch('by_plc', is('manual'), { ...on, unless: is('lamp') }),
      dispatch('after', is('manual'), { ...on, unless: isActive('by_lamp') }),
    ],
    [lamp, manual],
  );
  const happening = (name: string) => fc.record({ wait, name: fc.constant(name), value: fc.boolean() });

  /** The actions and their times by the gateway's clock, while the broker's devices are `behind`. */
  function told(rules: Program, doings: readonly { wait: number; name: string; value: boolean }[], behind: number) {
    const engine = createEngine(rules, new Map());
    const actions: { at: number; action: Action }[] = [];
    let wakeAt: number | null = null;
    const step = (input: EngineInput, at: number) => {
      const result = engine.step(input);
      wakeAt = result.wakeAt;
      for (const action of result.actions) actions.push({ at, action });
    };
    const pass = (until: number) => {
      while (wakeAt !== null && wakeAt <= until) step({ kind: 'tick', at: wakeAt }, wakeAt);
    };
    step({ kind: 'restart', at: START, lastAlive: START }, START);
    for (const source of rules.sources) step({ kind: 'source', source, state: 'connected', at: START }, START);
    let now = START;
    for (const { wait, name, value } of doings) {
      now += wait;
      pass(now);
      const source = rules.signals.get(name)?.source ?? '';
      const stamp =
        source === 'broker' ? ({ at: now - behind, time: 'source' } as const) : { at: now, time: 'received' as const };
      const samples = [{ signal: name, value, quality: 'good' as const }];
      step({ kind: 'samples', batch: { source, receivedAt: now, ...stamp, samples } }, now);
    }
    pass(now + 60 * MINUTE);
    return actions;
  }

  const offset = fc.integer({ min: -5 * MINUTE, max: 5 * MINUTE });

  it('a source with a wrong clock gets the same dispatches at the same moments, each with the time by its own clock', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(happening('lamp'), happening('door')), { maxLength: 40 }),
        offset,
        (doings, behind) => {
          const plain = (off: number) =>
            told(alone, doings, off).map(({ at, action }) => {
              const { params } = action;
              const time =
                'reported' in params ? params.reported : 'completed' in params ? params.completed : Number.NaN;
              return [at, action.kind, time + off, action.at + off];
            });
          expect(plain(behind)).toEqual(plain(0));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('a wrong clock does not change the moments at which rules with another source act', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(happening('lamp'), happening('manual')), { maxLength: 40 }),
        offset,
        (doings, behind) => {
          const plain = (off: number) =>
            told(mixed, doings, off).map(({ at, action }) => [at, action.kind, action.rule]);
          expect(plain(behind)).toEqual(plain(0));
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** The true values of a counter between two readings of the gateway. */
type Life = {
  readonly wait: number;
  readonly made: number;
  readonly seen: 'good' | 'bad' | 'kill';
  readonly reset: boolean;
};

const counterLife = fc.array(
  fc.record({
    // The counter makes no more than its rate allows, and a reset is never seen at 0. So an earlier value cannot come back.
    wait: fc.oneof(fc.integer({ min: 50, max: 5000 }), fc.integer({ min: 50, max: 20 * MINUTE })),
    made: fc.integer({ min: 1, max: 40 }),
    seen: fc.oneof(
      { weight: 6, arbitrary: fc.constant('good' as const) },
      { weight: 1, arbitrary: fc.constant('bad' as const) },
      { weight: 1, arbitrary: fc.constant('kill' as const) },
    ),
    reset: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  }),
  { maxLength: 60 },
);

describe('counts, whatever happens', () => {
  /**
   * A counter that makes at most 40 and wraps far above: every movement between two good readings is certainly distinguished from a reset.
   */
  const far = counter('far', { wrapsAt: 4_294_967_295, maxRate: 1 });
  const rules: Program = program(
    [
      cycles('count', far, { every: 5 * MINUTE }),
      production('one', far),
      production('even', far, { line: 'LINE-2', afterGap: 'spread' }),
    ],
    [far],
  );

  /** Plays a life with the engine. Returns its counts, and the counts that follow from the good values. */
  function play(lives: readonly Life[], begin: number): { actions: Action[]; counted: number } {
    let engine = createEngine(rules, new Map());
    const actions = feed(engine, opening);
    let at = START;
    let value = begin;
    let last = begin;
    let counted = 0;
    const step = (input: EngineInput) => actions.push(...engine.step(input).actions);
    const read = () =>
      step({
        kind: 'samples',
        batch: {
          source: 'plc',
          at,
          receivedAt: at,
          time: 'source',
          samples: [{ signal: 'far', value, quality: 'good' }],
        },
      });
    read();
    for (const { wait, made, seen, reset } of lives) {
      at += wait;
      value = reset ? made : (value + made) % 4_294_967_296;
      step({ kind: 'tick', at });
      if (seen === 'bad') step({ kind: 'source', source: 'plc', state: 'disconnected', at });
      if (seen === 'kill') {
        engine = createEngine(rules, statesOf(engine, rules.rules));
        step({ kind: 'restart', at, lastAlive: at });
      }
      if (seen !== 'good') continue;
      step({ kind: 'source', source: 'plc', state: 'connected', at });
      const wrapped = value < last && last > 4_000_000_000;
      counted += value >= last ? value - last : wrapped ? value + 4_294_967_296 - last : value;
      last = value;
      read();
    }
    step({ kind: 'tick', at: at + 60 * MINUTE });
    at += 60 * MINUTE;
    step({ kind: 'source', source: 'plc', state: 'connected', at });
    counted += value >= last ? value - last : last > 4_000_000_000 ? value + 4_294_967_296 - last : value;
    read();
    step({ kind: 'tick', at: at + 60 * MINUTE });
    return { actions, counted };
  }

  it('counts send exactly the movement between consecutive good readings', () => {
    fc.assert(
      fc.property(counterLife, fc.constantFrom(0, 500, 4_294_967_250), (lives, begin) => {
        const { actions, counted } = play(lives, begin);
        const told = paramsOf(actions, 'increment_cycles').reduce((sum, { count }) => sum + count, 0);
        expect(told).toBe(counted);
      }),
      { numRuns: 300 },
    );
  });

  it.each(['LINE-1', 'LINE-2'])('an engine puts every part of %s in exactly one set, and sets never overlap', name => {
    fc.assert(
      fc.property(counterLife, fc.constantFrom(0, 500, 4_294_967_250), (lives, begin) => {
        const { actions, counted } = play(lives, begin);
        const sets = paramsOf(actions, 'record_details').filter(set => set.line === name);
        expect(sets.reduce((sum, set) => sum + set.actual, 0)).toBe(counted);
        let end = 0;
        for (const set of sets) {
          expect(set.start).toBeGreaterThanOrEqual(end);
          expect(set.end).toBeGreaterThan(set.start);
          expect([set.start % 1000, set.end % 1000]).toEqual([0, 0]);
          end = set.end;
        }
      }),
      { numRuns: 300 },
    );
  });
});
