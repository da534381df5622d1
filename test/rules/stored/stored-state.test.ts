import { describe, expect, it } from 'vitest';
import type { Action } from '../../../src/actions/action.ts';
import { createEngine } from '../../../src/rules/engine.ts';
import type { CompiledRule } from '../../../src/rules/program.ts';
import { counter, cycles, dispatch, isNot, production, program, signal } from '../support/program.ts';
import { lines, on } from '../support/rule-plant.ts';

const running = signal('running');
const strokes = counter('strokes');

/** States as earlier versions wrote them, without chains, without the settings of an episode, or without later settings. */
const EARLIER = {
  stopped: {
    kind: 'dispatch',
    phase: 'active',
    time: on('06:05'),
    episodes: 4,
    told: on('06:01'),
    delay: null,
    episode: { machine: 'PRESS-01', type: 'DOWN', reported: on('06:01') + 0.5, mode: 'live' },
    still: {},
    held: false,
  },
  sum: {
    kind: 'cycles',
    machine: 'PRESS-01',
    counter: { fingerprint: 'strokes', reading: '812', at: on('06:02'), spare: 0, blindFrom: null, quarantined: 0 },
    pending: 12,
    from: on('06:00'),
    to: on('06:02'),
    time: 'source',
    due: on('06:15'),
    flushes: 2,
    total: 40,
    sights: 3,
    sightAt: on('05:00'),
    held: false,
  },
  line1: {
    kind: 'production',
    line: 'LINE-1',
    time: on('06:02'),
    clock: 'source',
    quantity: { fingerprint: 'strokes', reading: '812', at: on('06:02'), spare: 0, blindFrom: null, quarantined: 0 },
    scrap: {},
    waiting: [],
    intervals: [{ start: on('06:00'), end: on('06:05'), parts: 12, scrap: 0, blind: false }],
    toldUntil: on('06:00'),
    runs: [],
    carry: 0,
    parked: {},
    held: false,
  },
};

/** The actions of rules that go on from these states when the stop ends at 06:07. */
function told(...rules: CompiledRule[]): Action[] {
  const states = new Map(Object.entries(EARLIER).map(([rule, state]) => [rule, JSON.stringify(state)]));
  const engine = createEngine(program(rules, [running, strokes]), states);
  const samples = [
    { signal: 'running', value: true, quality: 'good' as const },
    { signal: 'strokes', value: 815, quality: 'good' as const },
  ];
  const batch = { source: 'plc', at: on('06:07'), receivedAt: on('06:07'), time: 'source' as const, samples };
  return [
    engine.step({ kind: 'restart', at: on('06:06'), lastAlive: on('06:05') }),
    engine.step({ kind: 'source', source: 'plc', state: 'connected', at: on('06:06') }),
    engine.step({ kind: 'samples', batch }),
    engine.step({ kind: 'tick', at: on('06:20') }),
  ].flatMap(result => [...result.actions]);
}

describe('a state that an earlier version wrote', () => {
  it('a rule goes on from a state of an earlier version', () => {
    const actions = told(
      dispatch('stopped', isNot('running')),
      cycles('sum', strokes, { mode: 'total' }),
      production('line1', strokes),
    );

    expect(lines(actions)).toEqual([
      '06:00:00-06:05:00 actual 12 scrap 0',
      '06:07:00 close stopped completed 06:07:00',
      '06:05:00-06:10:00 actual 3 scrap 0',
      '06:15:00 sum =43',
    ]);
    expect(actions.map(action => action.key)).toContain(`stopped#4@${on('06:01')}:close`);
    expect(actions.map(action => action.chain)).toContain(`sum#3@${on('05:00')}`);
  });

  it('a renamed rule goes on from a state of an earlier version', () => {
    const actions = told(
      dispatch('press_stopped', isNot('running'), { renamedFrom: 'stopped' }),
      cycles('press_sum', strokes, { mode: 'total', renamedFrom: 'sum' }),
      production('press_line', strokes, { renamedFrom: 'line1' }),
    );

    expect(actions.map(action => action.key)).toContain(`stopped#4@${on('06:01')}:close`);
    expect(actions.map(action => action.chain)).toContain(`sum#3@${on('05:00')}`);
  });

  it('a state of an earlier version is ended when its rule was removed: its counts are sent, its dispatch stays open', () => {
    expect(lines(told())).toEqual(['06:06:00 sum +12', '06:00:00-06:05:00 actual 12 scrap 0']);
  });
});
