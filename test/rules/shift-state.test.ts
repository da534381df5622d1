import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/rules/engine.ts';
import type { Program } from '../../src/rules/program.ts';
import { shiftState } from '../../src/rules/shift-state.ts';
import {
  counter,
  cycles,
  dispatch,
  isNot,
  lookup,
  production,
  program,
  signal,
  standsStill,
} from './support/program.ts';
import { lines, on, type Plant, plant, shortKey } from './support/rule-plant.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const running = signal('running');
const strokes = counter('strokes');
const recipe = signal('recipe', { type: 'number' });
const stop = program([dispatch('stop', isNot('running'))], [running]);
const RECEIVED = { time: 'received' } as const;

/** The process ends at `died`, the clock is set by `by`, and a new process begins at once. */
function step(line: Plant, of: Program, died: string, by: number, from = on('06:00') - 1, sentMoves = false): void {
  line.until(died);
  const states = of.rules.map(({ name }) => [name, JSON.stringify(line.engine.stateOf(name))] as const);
  const shift = { from, by };
  line.engine = createEngine(of, new Map(states.map(([name, text]) => [name, shiftState(text, shift, sentMoves)])));
  const at = on(died) + by;
  const take = (result: ReturnType<Plant['engine']['step']>) => line.actions.push(...result.actions);
  take(line.engine.step({ kind: 'restart', at, lastAlive: at }));
  for (const source of of.sources) take(line.engine.step({ kind: 'source', source, state: 'connected', at }));
}

describe('a delay over a step of the clock', () => {
  it.each([
    ['forward', HOUR, '07:01', '07:01:59', '07:02:01', '07:02:00 open stop reported 07:00:00'],
    ['back', -HOUR, '05:01', '05:01:59', '05:02:01', '05:02:00 open stop reported 05:00:00'],
  ])(
    'a delay whose clock is set %s keeps the time that has passed, and its start moves with the clock',
    (_, by, seen, before, after, opened) => {
      const line = plant(stop, '05:59');
      line.set('06:00', { running: false }, RECEIVED);
      step(line, stop, '06:01', by);
      line.set(seen, { running: false }, RECEIVED);
      line.until(before);
      expect(line.actions).toEqual([]);
      line.until(after);
      expect(lines(line.actions)).toEqual([opened]);
    },
  );

  it('a delay with a start from its source reports that time, whatever happened to the gateway’s clock', () => {
    const line = plant(stop, '05:59');
    line.set('06:00', { running: false });
    step(line, stop, '06:01', HOUR);
    line.set('07:01', { running: false }, RECEIVED);
    line.until('07:02:01');
    expect(lines(line.actions)).toEqual(['07:02:00 open stop reported 06:00:00']);
  });

  it.each([MINUTE, -MINUTE])(
    'a delay by a source’s clock goes on by that clock when the gateway’s clock was set by %d ms',
    by => {
      const line = plant(stop, '05:59');
      line.set('06:00', { running: false });
      step(line, stop, '06:01', by);
      line.set('06:01:10', { running: false }, { receivedAt: on('06:01:10') + by });
      line.engine.step({ kind: 'tick', at: on('06:01:59') + by });
      expect(line.actions).toEqual([]);
      line.actions.push(...line.engine.step({ kind: 'tick', at: on('06:02:12') + by }).actions);
      expect(lines(line.actions)).toEqual([expect.stringContaining('open stop reported 06:00:00')]);
    },
  );

  it('a delay by a source’s clock does not end early when the gateway’s clock was set forward and no live message has come', () => {
    const line = plant(stop, '05:59');
    line.set('06:00', { running: false });
    step(line, stop, '06:01', MINUTE);
    line.set('06:00', { running: false }, { retained: true, receivedAt: on('06:02') });
    line.until('06:02:59');
    expect(line.actions).toEqual([]);
    line.until('06:03:00');
    expect(lines(line.actions)).toEqual(['06:02:00 open stop reported 06:00:00']);
  });

  it('a step of the clock does not move the start of a delay from an earlier life', () => {
    const line = plant(stop, '05:59');
    line.set('06:00', { running: false }, RECEIVED);
    line.restart('06:00:30', '06:01');
    line.source('06:01', 'connected');
    line.set('06:01:05', { running: false }, RECEIVED);
    step(line, stop, '06:01:35', HOUR, on('06:01') - 1);
    line.set('07:01:35', { running: false }, RECEIVED);
    line.until('07:03');
    expect(lines(line.actions)).toEqual(['07:02:35 open stop reported 06:00:00']);
  });

  it.each([
    ['forward', HOUR, '07:01:10', '07:02:20 open stop reported 06:00:00'],
    ['back', -HOUR, '05:01:10', '05:02:20 open stop reported 06:00:00'],
  ])(
    'a delay whose clock is set %s keeps the time since a message that waited while no process ran',
    (_, by, after, opened) => {
      const line = plant(stop, '05:59');
      line.set('06:00', { running: false });
      line.restart('06:00:30', '06:01');
      line.source('06:01', 'catching_up');
      line.set('06:00:50', { running: false }, { receivedAt: on('06:01') });
      line.source('06:01:01', 'connected');
      step(line, stop, '06:01:10', by, on('06:01') - 1);
      line.set(after, { running: false }, RECEIVED);
      line.until(after.replace('1:10', '2:30'));
      expect(lines(line.actions)).toEqual([opened]);
    },
  );

  it('a delay by a source’s clock goes on by that clock when a doubt ends, however far the gateway’s clock was off', () => {
    const line = plant(stop, '05:59');
    line.source('05:59:30', 'catching_up');
    line.set('06:04', { running: false }, { receivedAt: on('06:00') });
    step(line, stop, '06:00:10', 6 * MINUTE, on('05:59'), true);
    line.source('06:06:11', 'catching_up');
    line.set('06:04', { running: false }, { ...RECEIVED, kept: true, retained: true, receivedAt: on('06:06:11') });
    line.set('06:07', { running: true }, { receivedAt: on('06:07') });
    expect(lines(line.actions)).toEqual([
      '06:06:00 open stop reported 06:04:00',
      '06:07:00 close stop completed 06:07:00',
    ]);
  });

  it.each([
    ['runs', 'catching_up'],
    ['is paused', 'connecting'],
  ] as const)(
    'a delay that %s since an earlier process with a doubted clock counts no step of that clock',
    (_, state) => {
      const line = plant(stop, '05:59');
      const kept = { ...RECEIVED, kept: true, retained: true };
      line.set('06:00', { running: false }, RECEIVED);
      line.restart('06:01', '06:01', stop, true);
      line.source('06:01', state);
      if (state === 'catching_up') line.set('06:01', { running: false }, kept);
      step(line, stop, '06:01:30', HOUR, on('06:01'), true);
      line.set('07:01:30', { running: false }, kept);
      line.until('07:01:59');
      expect(lines(line.actions)).toEqual([]);
      line.until('07:02');
      expect(lines(line.actions)).toEqual(['07:02:00 open stop reported 06:00:00']);
    },
  );
});

describe('an episode over a step of the clock', () => {
  it('a step of the clock closes the same episode that was opened', () => {
    const line = plant(stop, '05:59');
    line.set('06:00', { running: false }, RECEIVED);
    step(line, stop, '06:10', -HOUR);
    line.set('05:20', { running: true }, RECEIVED);
    expect(lines(line.actions)).toEqual([
      '06:02:00 open stop reported 06:00:00',
      '05:20:00 close stop completed 05:20:00',
    ]);
    expect(line.actions.map(shortKey)).toEqual(['stop#1:open', 'stop#1:close']);
    expect(line.actions[1]?.chain).toBe(line.actions[0]?.chain);
  });
});

describe('the end of an episode by a source’s own clock', () => {
  it('the end of an episode by a source’s clock has its true time, also right after the gateway’s clock was set forward', () => {
    const line = plant(stop, '05:59');
    line.set('06:08', { running: false });
    step(line, stop, '06:10:10', 2 * MINUTE);
    line.source('06:12:20', 'catching_up');
    line.set('06:10:30', { running: true }, { receivedAt: on('06:12:30') });
    line.source('06:12:31', 'connected');
    expect(lines(line.actions).at(-1)).toBe('06:10:30 close stop completed 06:10:30');
  });
});

describe('counts over a step of the clock', () => {
  const count = program([cycles('press', strokes)], [strokes]);

  it.each([
    ['forward', HOUR, '07:03'],
    ['back', -HOUR, '05:03'],
  ])('after a clock set %s, the movement of a counter is judged by the time that truly passed', (_, by, at) => {
    const line = plant(count, '05:59');
    line.set('06:00', { strokes: 100 }, RECEIVED);
    line.set('06:01', { strokes: 110 }, RECEIVED);
    step(line, count, '06:02', by);
    line.set(at, { strokes: 2000 }, RECEIVED);
    expect(line.engine.rules()[0]?.text).toContain('1890 implausible ones not counted');

    const truly = plant(count, '05:59');
    truly.set('06:00', { strokes: 100 }, RECEIVED);
    step(truly, count, '06:02', by);
    truly.set(at, { strokes: 220 }, RECEIVED);
    expect(truly.engine.rules()[0]?.text).toContain('120 counted');
  });

  it.each([
    ['what moved while nobody knows how long the gateway was away', 100, 500, '405 counted'],
    ['a rollover in that time', 4294967290, 41, '52 counted'],
    ['a counter that began anew in that time', 70_000, 40, '45 counted'],
  ])('%s is counted when the clock is trusted', (_, before, after, counted) => {
    const line = plant(count, '05:59');
    line.set('06:01', { strokes: before }, RECEIVED);
    line.restart('06:02', '06:02', count, true);
    line.source('06:02', 'connected');
    line.set('06:02:01', { strokes: after }, RECEIVED);
    line.restart('06:02:02', '06:02:02', count, true);
    line.source('06:02:02', 'connected');
    line.set('06:02:03', { strokes: after + 3 }, RECEIVED);
    expect(line.engine.rules()[0]?.text).not.toContain('not counted');
    step(line, count, '06:02:10', 10 * MINUTE, on('06:02') - 1);
    line.set('06:12:12', { strokes: after + 5 }, RECEIVED);
    expect(line.engine.rules()[0]?.text).toContain(counted);
    expect(line.engine.rules()[0]?.text).not.toContain('not counted');
  });

  it('a movement that is impossible at the counter’s rate is reported and not counted', () => {
    const line = plant(count, '05:59');
    line.set('06:01', { strokes: 100 }, RECEIVED);
    line.restart('06:02', '06:02', count, true);
    line.source('06:02', 'connected');
    line.set('06:02:01', { strokes: 5000 }, RECEIVED);
    step(line, count, '06:02:10', 10 * MINUTE, on('06:02') - 1);
    line.set('06:12:12', { strokes: 5001 }, RECEIVED);
    expect(line.engine.rules()[0]?.text).toContain('1 counted');
    expect(line.engine.rules()[0]?.text).toContain('4900 implausible ones not counted');
  });

  it('a count waits for the rest of its interval after a step of the clock, not for an hour more', () => {
    const line = plant(count, '05:59');
    line.set('06:00', { strokes: 100 }, RECEIVED);
    line.set('06:01', { strokes: 110 }, RECEIVED);
    step(line, count, '06:02', -HOUR);
    line.until('05:16');
    expect(lines(line.actions)).toEqual(['05:15:00 press +10']);
  });
});

describe('production over a step of the clock', () => {
  const parts = program(
    [production('line1', strokes, { product: lookup('recipe', { '1': 'A', '2': 'B' }), lateness: 3 * MINUTE })],
    [strokes, recipe],
  );

  function made(by: number): Plant {
    const line = plant(parts, '05:59');
    line.set('06:00', { strokes: 0, recipe: 1 }, RECEIVED);
    line.set('06:04', { strokes: 10 }, RECEIVED);
    line.set('06:06', { strokes: 13 }, RECEIVED);
    line.set('06:07', { recipe: 2 }, RECEIVED);
    line.set('06:08', { strokes: 15 }, RECEIVED);
    step(line, parts, '06:08:30', by);
    return line;
  }

  it('a step forward moves the production that is not sent yet', () => {
    const line = made(HOUR);
    line.set('07:09', { strokes: 16, recipe: 2 }, RECEIVED);
    line.until('07:20');
    expect(lines(line.actions)).toEqual([
      '06:00:00-06:05:00 actual 10 scrap 0 A',
      '07:05:00-07:07:00 actual 3 scrap 0 A',
      '07:07:00-07:10:00 actual 3 scrap 0 B',
    ]);
  });

  it('a step back moves unsent production no further than to the end of the sent one, with its products and in its order', () => {
    const line = made(-HOUR);
    line.set('05:09', { strokes: 16, recipe: 2 }, RECEIVED);
    line.set('06:09', { strokes: 17, recipe: 2 }, RECEIVED);
    line.until('06:20');
    expect(lines(line.actions)).toEqual([
      '06:00:00-06:05:00 actual 10 scrap 0 A',
      '06:05:00-06:07:00 actual 4 scrap 0 A',
      '06:07:00-06:10:00 actual 3 scrap 0 B',
    ]);
  });

  it('counts that wait for the next reading move by whole seconds, as the products do', () => {
    const line = plant(parts, '05:59');
    line.set('06:00', { strokes: 5000, recipe: 1 }, RECEIVED);
    line.set('06:06:00.200', { strokes: 7, recipe: 2 }, RECEIVED);
    step(line, parts, '06:06:01', -300);
    line.set('06:06:10', { strokes: 7, recipe: 2 }, RECEIVED);
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:06:00-06:10:00 actual 7 scrap 0 B']);
  });

  it.each([
    ['forward and right again', HOUR, '07:08:32'],
    ['back and right again', -HOUR, '05:08:32'],
  ])('production is sent when it is due after a clock that was set %s', (_, by, right) => {
    const line = made(by);
    step(line, parts, right, -by, on('05:59') + by);
    line.set('06:09', { strokes: 16, recipe: 2 }, RECEIVED);
    line.until('06:16');
    expect(lines(line.actions)).toHaveLength(3);
  });

  it('production begins after the sent production, which is corrected as well', () => {
    const line = made(0);
    const state = line.engine.stateOf('line1');
    const shift = { from: on('05:00'), by: HOUR };
    const toldUntil = (text: string) => JSON.parse(text).toldUntil;
    expect(toldUntil(shiftState(JSON.stringify({ ...state, toldUntil: on('06:05') }), shift))).toBe(on('06:05'));
    expect(toldUntil(shiftState(JSON.stringify({ ...state, toldUntil: on('06:05') }), shift, true))).toBe(on('07:05'));
  });

  it('production does not move further ahead of the clock with each step forward and back', () => {
    const line = made(-HOUR);
    const from = on('05:00');
    const there = { from: from - HOUR, by: HOUR };
    const back = { from, by: -HOUR };
    let text = JSON.stringify(line.engine.stateOf('line1'));
    const first = text;
    for (let times = 0; times < 5; times++) text = shiftState(shiftState(text, there), back);
    expect(JSON.parse(text).intervals).toEqual(JSON.parse(first).intervals);
  });
});

describe('shiftState', () => {
  const still = program(
    [
      dispatch('still', standsStill('strokes')),
      dispatch('stop', isNot('running')),
      cycles('press', strokes),
      production('line1', strokes, { product: lookup('recipe', { '1': 'A' }), lateness: 4 * MINUTE }),
    ],
    [strokes, running, recipe],
  );

  it('a step of the clock is undone by the step back', () => {
    const line = plant(still, '05:59');
    line.set('06:00', { strokes: 0, recipe: 1, running: true }, RECEIVED);
    line.set('06:01', { strokes: 5, recipe: 2, running: false }, RECEIVED);
    line.set('06:06', { strokes: 7 }, RECEIVED);
    const from = on('05:58');
    fc.assert(
      fc.property(
        fc.constantFrom('still', 'stop', 'press', 'line1'),
        fc.integer({ min: 1, max: 100_000 }),
        (rule, seconds) => {
          const text = JSON.stringify(line.engine.stateOf(rule));
          const by = seconds * 1000;
          const there = shiftState(text, { from, by });
          if (rule !== 'stop' || JSON.parse(text).delay !== null) expect(there).not.toBe(text);
          expect(unclamped(shiftState(there, { from: from + by, by: -by }))).toEqual(unclamped(text));
        },
      ),
    );
  });

  it('leaves a state that it cannot read to the engine, which reports it', () => {
    expect(shiftState('no JSON', { from: 0, by: 1 })).toBe('no JSON');
    expect(shiftState('{"kind":"other"}', { from: 0, by: 1 })).toBe('{"kind":"other"}');
  });
});

/** The times that a dispatch rule has sent never move forward. Without a delay the rule's own time does not move forward either. */
function unclamped(text: string): object {
  const { told: _told, ...state } = JSON.parse(text);
  if (state.kind === 'dispatch' && state.delay === null) state.time = null;
  if (state.episode) state.episode.reported = null;
  return state;
}
