import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/rules/engine.ts';
import type { CompiledRule } from '../../../src/rules/program.ts';
import { counter, cycles, dispatch, is, isNot, lookup, production, program, signal } from '../support/program.ts';
import { lines, on, type Plant, paramsOf, plant } from '../support/rule-plant.ts';

const running = signal('running');
const strokes = counter('strokes');
const crack = counter('crack');
const recipe = signal('recipe', { type: 'number' });
const cavities = signal('cavities', { type: 'number' });
const signals = [running, strokes, crack, recipe, cavities];
const rules = (...all: CompiledRule[]) => program(all, signals);

const chain = `stopped#1@${on('06:01')}`;
const other = dispatch('other', is('running'), { machine: 'PRESS-02' });

/** A stop from 06:01 on, with its open at 06:03. */
function open(over: Parameters<typeof dispatch>[2] = {}): Plant {
  const line = plant(rules(dispatch('stopped', isNot('running'), over)));
  line.set('06:01', { running: false });
  line.until('06:05');
  expect(line.take()).toHaveLength(1);
  return line;
}

/** Twelve strokes until 06:02. */
function counted(rule: CompiledRule): Plant {
  const line = plant(rules(rule));
  line.set('06:00', { strokes: 800, crack: 0, recipe: 1 });
  line.set('06:02', { strokes: 812, crack: 2 });
  return line;
}

describe('a dispatch rule that was removed', () => {
  it('a removed dispatch rule leaves its dispatch open and stays listed', () => {
    const line = open();
    for (const [died, started] of [
      ['06:05', '06:10'],
      ['06:11', '06:12'],
    ] as const) {
      expect(line.restart(died, started, rules(other))).toMatchObject({ actions: [], events: [], forgotten: [] });
      expect([...line.engine.orphans.keys()]).toEqual(['stopped']);
    }
  });

  it('a removed rule with on_remove: close closes its dispatch at the time when the gateway was last alive, and is forgotten', () => {
    const line = open({ onRemove: 'close', whenCleared: 'complete', closeAdopted: true });

    expect(line.restart('06:05', '06:10', rules(other))).toMatchObject({ changed: [], forgotten: ['stopped'] });
    expect(line.actions).toMatchObject([
      {
        key: `${chain}:close`,
        chain,
        lane: 'dispatch:PRESS-01',
        mode: 'live',
        params: { machine: 'PRESS-01', type: 'DOWN', completed: on('06:05'), how: 'complete', closeAdopted: true },
        cause: { rule: 'stopped', where: 'not configured any more', text: expect.stringContaining('was removed') },
      },
    ]);
    expect(line.events.at(-1)).toMatchObject({ rule: 'stopped', kind: 'removed' });
    expect(line.engine.orphans.size).toBe(0);
    expect(line.restart('06:11', '06:12')).toMatchObject({ actions: [], forgotten: [] });
  });

  it('the dispatch of a removed rule is closed as its last config says, also when that was changed after it opened', () => {
    const line = open();
    line.restart('06:05', '06:06', rules(dispatch('stopped', isNot('running'), { onRemove: 'close' })));
    expect(line.actions).toEqual([]);
    line.restart('06:07', '06:10', rules(other));
    expect(lines(line.actions)).toEqual(['06:07:00 close stopped completed 06:07:00']);
  });

  it('the dispatch of a removed rule is not closed before its reported time, whose clock was ahead', () => {
    const line = plant(rules(dispatch('stopped', isNot('running'), { onDelay: 0, onRemove: 'close' })));
    line.set('06:04', { running: false }, { receivedAt: on('06:01') });
    line.restart('06:02', '06:10', rules(other));
    expect(lines(line.actions)).toEqual([
      '06:04:00 open stopped reported 06:04:00',
      '06:04:00 close stopped completed 06:04:00',
    ]);
  });

  it('the end by a removed rule lies before the messages that still waited in a queue', () => {
    const line = plant(rules(dispatch('stopped', isNot('running'), { onDelay: 0, onRemove: 'close' })));
    line.source('06:30', 'catching_up');
    line.set('06:10', { running: false }, { receivedAt: on('06:30') });
    line.restart('06:31', '06:40', rules(other));
    expect(lines(line.actions)).toEqual([
      '06:10:00 open stopped reported 06:10:00',
      '06:10:00 close stopped completed 06:10:00',
    ]);
  });

  it('a removed dispatch rule without an open dispatch is forgotten', () => {
    const line = open({ onRemove: 'close' });
    line.set('06:06', { running: true });
    line.take();
    expect(line.restart('06:07', '06:10', rules(other))).toMatchObject({ actions: [], forgotten: ['stopped'] });
  });

  it('a rule of another kind gets the name only after the episode has ended', () => {
    for (const [onRemove, how] of [
      ['leave', 'leave'],
      ['close', 'close'],
    ] as const) {
      const line = open({ onRemove });
      const result = line.restart('06:05', '06:10', rules(cycles('stopped', strokes)));
      expect(result).toMatchObject({ forgotten: [], changed: ['stopped'] });
      expect(line.actions).toMatchObject([{ key: `${chain}:close`, params: { how, completed: on('06:05') } }]);
      expect(line.restart('06:11', '06:12').actions).toEqual([]);
    }
  });
});

describe('a state of another version', () => {
  it('the state of another version stays when its rule is gone, and is reported as lost when another kind takes its name', () => {
    const states = new Map([['stopped', '{"kind":"sorted","bins":3}']]);
    const restart = { kind: 'restart', at: on('06:10'), lastAlive: on('06:05') } as const;

    const gone = createEngine(rules(other), states);
    expect(gone.step(restart)).toMatchObject({ actions: [], events: [], forgotten: [] });
    expect([...gone.orphans]).toEqual([...states]);

    const used = createEngine(rules(dispatch('stopped', isNot('running'))), states);
    expect(used.step(restart)).toMatchObject({ actions: [], events: [{ kind: 'removed' }], changed: ['stopped'] });
  });
});

describe('a counting rule that was removed', () => {
  it('a removed cycles rule sends the rest of its cycles', () => {
    const line = counted(cycles('count', strokes));

    expect(line.restart('06:03', '06:10', rules(other)).forgotten).toEqual(['count']);
    expect(line.actions).toMatchObject([
      {
        key: `count#1@${on('06:02')}:increment`,
        lane: 'cycles:PRESS-01',
        params: { machine: 'PRESS-01', count: 12, from: on('06:00'), to: on('06:02') },
        cause: { text: '12 counted; the rule was removed from the config', values: [] },
      },
    ]);
  });

  it('a cycles rule whose name goes to another kind sends the rest of its cycles in its own mode', () => {
    const line = counted(cycles('count', strokes, { mode: 'total' }));

    const { changed, forgotten } = line.restart('06:03', '06:10', rules(dispatch('count', is('running'))));
    expect([changed, forgotten]).toEqual([['count'], []]);
    expect(line.actions).toMatchObject([
      { kind: 'set_cycles', chain: `count#1@${on('06:00')}`, params: { movement: 12 } },
    ]);
  });

  it('a removed cycles rule that counted nothing sends nothing', () => {
    const line = counted(cycles('count', strokes));
    line.until('06:20');
    line.take();
    expect(line.restart('06:21', '06:30', rules(other))).toMatchObject({ actions: [], forgotten: ['count'] });
  });

  it('a removed production rule records every interval until the gateway was last alive', () => {
    const rule = production('line1', strokes, {
      quantity: { of: 'good', counter: strokes },
      scrap: [{ category: 'CRACK', counter: crack }],
      product: lookup('recipe', { '1': 'A', '2': 'B' }),
      lateness: 120_000,
    });
    const line = counted(rule);
    line.set('06:03', { recipe: 2 });
    line.set('06:03:30', { strokes: 815 });

    expect(line.restart('06:04', '06:10', rules(other)).forgotten).toEqual(['line1']);
    expect(lines(line.actions)).toEqual([
      '06:00:00-06:03:00 actual 12 scrap 2 A',
      '06:03:00-06:04:00 actual 3 scrap 0 B',
    ]);
    expect(line.actions[0]).toMatchObject({ lane: 'production:LINE-1', cause: { values: [] } });
  });

  it('a removed production rule records the counts that waited for the next reading', () => {
    const line = plant(
      rules(production('line1', strokes, { perCount: 2, scrap: [{ category: 'CRACK', counter: crack }] })),
    );
    line.set('06:00', { strokes: 5000, crack: 900 });
    line.set('06:01', { strokes: 5001, crack: 900 });
    line.set('06:02', { strokes: 7, crack: 3 });
    line.restart('06:03', '06:10', rules(other));
    expect(paramsOf(line.actions, 'record_details')).toMatchObject([{ actual: 13, scrap: 3 }]);
  });

  it('a removed production rule keeps the counts of one moment together, and flags them when the product changed', () => {
    const rule = production('line1', strokes, {
      product: lookup('recipe', { '1': 'A', '2': 'B' }),
      scrap: [{ category: 'CRACK', counter: crack }],
    });
    const line = counted(rule);
    line.restart('06:03', '06:10');
    line.source('06:10', 'connected');
    line.set('06:10', { strokes: 7, crack: 5, recipe: 2 });
    line.restart('06:11', '06:12', rules(other));
    expect(lines(line.actions)).toEqual([
      '06:00:00-06:03:00 actual 10 scrap 2 A',
      '06:03:00-06:10:00 actual 4 scrap 3 A blind',
    ]);
    expect(line.actions[1]?.params).toMatchObject({ uncertainProduct: expect.stringContaining('A ran before') });
  });

  it('a removed production rule records no interval in which its counter was unknown or not read yet', () => {
    const lost = counted(production('line1', strokes));
    lost.source('06:03', 'disconnected');
    lost.restart('06:04', '06:10', rules(other));
    expect(lines(lost.actions)).toEqual(['06:00:00-06:03:00 actual 12 scrap 0']);

    const queued = plant(rules(production('line1', strokes)));
    queued.source('06:30', 'catching_up');
    queued.set('06:10', { strokes: 800 }, { receivedAt: on('06:30') });
    queued.set('06:12', { strokes: 812 }, { receivedAt: on('06:30') });
    queued.restart('06:31', '06:40', rules(other));
    expect(lines(queued.actions)).toEqual(['06:10:00-06:12:00 actual 12 scrap 0']);
  });

  it('a removed production rule reports the parts that it could not record, and parks those without a product', () => {
    const none = counted(production('line1', strokes, { product: lookup('recipe', {}), perCount: 'cavities' }));
    none.set('06:02:30', { cavities: 2 });
    none.set('06:03', { cavities: 'bad' });
    none.set('06:03:30', { strokes: 813 });

    expect(none.restart('06:04', '06:10', rules(other))).toMatchObject({
      actions: [{ params: { actual: 24, unknownProduct: { why: expect.any(String) } } }],
      forgotten: ['line1'],
    });
    expect(none.events.slice(-2).map(event => event.kind)).toEqual(['interval_parked', 'removed']);
    expect(none.events.at(-1)?.detail).toContain('1 counts without parts per count');
  });
});

describe('a rule that was renamed', () => {
  it('a renamed rule goes on with the open episode and closes the dispatch of the former name', () => {
    const line = open();
    const renamed = dispatch('press_stopped', isNot('running'), { renamedFrom: 'stopped' });

    expect(line.restart('06:05', '06:06', rules(renamed))).toMatchObject({
      actions: [],
      changed: ['press_stopped'],
      forgotten: ['stopped'],
    });
    line.source('06:06', 'connected');
    line.set('06:09', { running: true });
    line.set('06:10', { running: false });
    line.until('06:20');
    expect(line.actions.map(({ key, rule }) => [key, rule])).toEqual([
      [`${chain}:close`, 'press_stopped'],
      [`press_stopped#2@${on('06:10')}:open`, 'press_stopped'],
    ]);
    expect(line.engine.orphans.size).toBe(0);
  });

  it('a renamed rule goes on from its present name when it has a state under that name', () => {
    const renamed = rules(dispatch('press_stopped', isNot('running'), { renamedFrom: 'stopped' }));
    const line = open();
    line.restart('06:05', '06:06', renamed);
    expect(line.restart('06:07', '06:08', renamed).forgotten).toEqual([]);
    line.source('06:08', 'connected');
    line.set('06:09', { running: true });
    expect(line.actions.map(action => action.key)).toEqual([`${chain}:close`]);
  });

  it('a renamed rule counts on from the last reading, for the same count in L2L', () => {
    const line = counted(cycles('count', strokes, { mode: 'total' }));
    line.restart('06:03', '06:10', rules(cycles('strokes', strokes, { mode: 'total', renamedFrom: 'count' })));
    line.source('06:10', 'connected');
    line.set('06:11', { strokes: 830 });
    line.until('06:20');
    expect(line.actions).toMatchObject([
      { rule: 'strokes', chain: `count#1@${on('06:00')}`, params: { movement: 30 } },
    ]);
  });

  it('a renamed rule does not go on from a rule of another kind, which sends its rest', () => {
    const line = counted(cycles('count', strokes));
    const result = line.restart('06:03', '06:10', rules(dispatch('stopped', is('running'), { renamedFrom: 'count' })));
    expect(result.forgotten).toEqual(['count']);
    expect(line.actions).toMatchObject([{ kind: 'increment_cycles', params: { count: 12 } }]);
  });
});

describe('a cycles rule with another mode than before', () => {
  it('a cycles rule with a new mode sends the rest in the former mode and counts from zero for the new one', () => {
    const line = counted(cycles('count', strokes));
    line.restart('06:03', '06:10', rules(cycles('count', strokes, { mode: 'total' })));
    line.source('06:10', 'connected');
    line.set('06:11', { strokes: 815 });
    line.until('06:20');
    expect(paramsOf(line.actions, 'increment_cycles')).toMatchObject([{ count: 12 }]);
    expect(paramsOf(line.actions, 'set_cycles')).toMatchObject([{ movement: 3 }]);
  });
});
