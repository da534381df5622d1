import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action } from '../../../src/actions/action.ts';
import type { Sample, SourceState } from '../../../src/core/sample.ts';
import { createEngine, type Engine } from '../../../src/rules/engine.ts';
import type { EngineInput, Program } from '../../../src/rules/program.ts';
import {
  above,
  below,
  dispatch,
  is,
  isActive,
  isAway,
  isNot,
  program,
  signal,
  standsStill,
} from '../support/program.ts';
import { on } from '../support/rule-plant.ts';

const START = on('06:00');
const MINUTE = 60_000;

const plant: Program = program(
  [
    dispatch('stopped', isNot('running'), {
      unless: is('manual'),
      onDelay: MINUTE,
      offDelay: 30_000,
      ifClosedByPerson: 'reopen',
      onRemove: 'close',
    }),
    dispatch('downstream', is('manual'), { unless: isActive('stopped'), whenCleared: 'leave' }),
    dispatch('called', is('manual'), { onDelay: 0, ifClosedByPerson: 'reopen' }),
    dispatch('hot', above('temp', 2), { until: below('temp', 1), onDelay: 0, whenCleared: 'note', onRemove: 'close' }),
    dispatch('idle', standsStill('temp'), { onDelay: 2 * MINUTE, offDelay: 30_000, ifClosedByPerson: 'reopen' }),
    dispatch('blind', isAway('plc'), { onDelay: MINUTE, onRemove: 'close' }),
  ],
  [signal('running'), signal('manual', { source: 'broker' }), signal('temp', { type: 'number' })],
  { freezeLimit: 5 * MINUTE },
);

type Doing =
  | { readonly kind: 'samples'; readonly wait: number; readonly samples: readonly Sample[] }
  | { readonly kind: 'source'; readonly wait: number; readonly state: SourceState }
  | { readonly kind: 'standstill' | 'killed'; readonly wait: number; readonly away: number }
  | { readonly kind: 'person'; readonly wait: number; readonly which: number; readonly ago: number };

const wait = fc.oneof(fc.nat(5000), fc.nat(2 * MINUTE), fc.nat(10 * MINUTE));
const sample: fc.Arbitrary<Sample> = fc.constantFrom('running', 'manual', 'temp').chain(name => {
  const value: fc.Arbitrary<Sample['value']> = name === 'temp' ? fc.nat(4) : fc.boolean();
  return fc.oneof(
    { weight: 6, arbitrary: value.map(known => ({ signal: name, value: known, quality: 'good' as const })) },
    { weight: 1, arbitrary: fc.constant({ signal: name, value: null, quality: 'bad' as const }) },
  );
});
const doing: fc.Arbitrary<Doing> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('samples' as const),
      wait,
      samples: fc.array(sample, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('source' as const),
      wait,
      state: fc.constantFrom<SourceState[]>('connected', 'disconnected', 'catching_up'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('standstill' as const, 'killed' as const),
      wait,
      away: fc.nat(10 * MINUTE),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('person' as const), wait, which: fc.nat(3), ago: fc.nat(MINUTE) }),
  },
);
/** `ahead`: how far the clocks of the broker's devices are ahead of the gateway's (ms). The PLC has the gateway's time. */
type Life = { readonly doings: readonly Doing[]; readonly ahead: number };
const life: fc.Arbitrary<Life> = fc.record({
  doings: fc.array(doing, { maxLength: 60 }),
  ahead: fc.oneof(fc.constant(0), fc.integer({ min: -3 * MINUTE, max: 3 * MINUTE })),
});

const statesOf = (engine: Engine): Map<string, string> =>
  new Map(plant.rules.map(({ name }) => [name, JSON.stringify(engine.stateOf(name))]));

type Played = {
  readonly actions: readonly Action[];
  readonly inputs: readonly EngineInput[];
  readonly at: number;
  readonly engine: Engine;
};

/** One life of the plant. `killed` says which engine goes on when the process ends. */
function play({ doings, ahead }: Life, killed: (engine: Engine) => Engine): Played {
  let engine = createEngine(plant, new Map());
  const actions: Action[] = [];
  const inputs: EngineInput[] = [];
  let at = START;
  const step = (input: EngineInput) => {
    inputs.push(input);
    actions.push(...engine.step(input).actions);
  };
  step({ kind: 'restart', at, lastAlive: at });
  for (const source of plant.sources) step({ kind: 'source', source, state: 'connected', at });
  for (const one of doings) {
    at += one.wait;
    step({ kind: 'tick', at });
    switch (one.kind) {
      case 'samples':
        for (const source of plant.sources) {
          const samples = one.samples.filter(({ signal }) => plant.signals.get(signal)?.source === source);
          const stamp = source === 'broker' ? at + ahead : at;
          if (samples.length > 0)
            step({ kind: 'samples', batch: { source, at: stamp, receivedAt: at, time: 'source', samples } });
        }
        break;
      case 'source':
        step({ kind: 'source', source: 'plc', state: one.state, at });
        break;
      case 'standstill':
        step({ kind: 'standstill', from: at, to: at + one.away });
        at += one.away;
        break;
      case 'killed':
        engine = killed(engine);
        step({ kind: 'restart', at: at + one.away, lastAlive: at });
        at += one.away;
        for (const source of plant.sources) step({ kind: 'source', source, state: 'connected', at });
        break;
      case 'person': {
        const watched = engine.watchedEpisodes();
        const chain = watched[one.which % Math.max(1, watched.length)]?.chain ?? 'called#1@0';
        step({ kind: 'closed_by_person', chain, at: at - one.ago });
        if (one.which === 0) step({ kind: 'closed_by_person', chain, at: at - one.ago });
        break;
      }
    }
  }
  return { actions, inputs, at, engine };
}

const CLOSED_WHEN_REMOVED = ['stopped', 'hot', 'blind'];
const activeRules = (engine: Engine): string[] =>
  engine
    .rules()
    .filter(({ phase }) => phase === 'active' || phase === 'clearing')
    .map(({ rule }) => rule)
    .sort();
const restored = (engine: Engine): Engine => createEngine(plant, statesOf(engine));

/** Every episode of every rule as `open…close`, with rising times. Returns the chains that are still open, by rule. */
function checkEpisodes(actions: readonly Action[]): Map<string, string> {
  expect(new Set(actions.map(action => action.key)).size).toBe(actions.length);
  const open = new Map<string, string>();
  const last = new Map<string, number>();
  for (const { kind, rule, chain, params } of actions) {
    if (kind === 'open_dispatch' && chain !== null) {
      expect(open.has(rule)).toBe(false);
      expect(params.reported).toBeGreaterThanOrEqual(last.get(rule) ?? 0);
      open.set(rule, chain);
      last.set(rule, params.reported);
    } else if (kind === 'close_dispatch') {
      expect(open.get(rule)).toBe(chain);
      expect(params.completed).toBeGreaterThanOrEqual(last.get(rule) ?? Infinity);
      open.delete(rule);
      last.set(rule, params.completed);
    }
  }
  return open;
}

describe('episodes, whatever happens', () => {
  it('episodes open and close in turn, and no close has an earlier time than its open', () => {
    fc.assert(
      fc.property(life, lived => {
        const { actions, engine } = play(lived, restored);
        expect([...checkEpisodes(actions).keys()].sort()).toEqual(activeRules(engine));
      }),
      { numRuns: 500 },
    );
  });

  it('episodes are the same with and without an end of the process, and in each run', () => {
    fc.assert(
      fc.property(life, lived => {
        const kept = play(lived, engine => engine);
        const other = play(lived, restored);
        expect(other.inputs).toEqual(kept.inputs);
        expect(other.actions).toEqual(kept.actions);
        expect(statesOf(other.engine)).toEqual(statesOf(kept.engine));
      }),
      { numRuns: 300 },
    );
  });

  it('episodes of removed rules are over, or left open as their rule says', () => {
    fc.assert(
      fc.property(life, fc.nat(10 * MINUTE), (lived, away) => {
        const { actions, engine, at } = play(lived, restored);
        const removed = createEngine(program([], []), statesOf(engine));
        const last = removed.step({ kind: 'restart', at: at + away, lastAlive: at });
        const left = activeRules(engine).filter(rule => !CLOSED_WHEN_REMOVED.includes(rule));
        expect([...checkEpisodes([...actions, ...last.actions]).keys()].sort()).toEqual(left);
        expect([...removed.orphans.keys()].sort()).toEqual(left);
      }),
      { numRuns: 300 },
    );
  });
});
