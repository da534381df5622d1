import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/rules/engine.ts';
import {
  counter,
  cycles,
  dispatch,
  is,
  isActive,
  isNot,
  production,
  program,
  signal,
  standsStill,
} from '../support/program.ts';
import { lines, on, type Plant, paramsOf, plant } from '../support/rule-plant.ts';

const running = signal('running');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** One stop from 06:01 to 06:09, with its open at 06:03. */
function stopOf(over: Parameters<typeof dispatch>[2]): Plant {
  const line = plant(program([dispatch('stopped', isNot('running'), over)], [running]));
  line.set('06:00', { running: true });
  line.set('06:01', { running: false });
  line.set('06:09', { running: true });
  line.until('06:30');
  return line;
}

describe('an episode', () => {
  it.each(['close', 'complete', 'note', 'leave'] as const)('an episode ends as its rule says: %s', whenCleared => {
    const line = stopOf({ whenCleared });

    expect(lines(line.actions)).toEqual([
      '06:03:00 open stopped reported 06:01:00',
      `06:09:00 ${whenCleared} stopped completed 06:09:00`,
    ]);
    expect(line.events.map(event => event.kind)).toEqual(['known', 'pending', 'activated', 'cleared']);
  });

  it('an episode has no fields for default settings', () => {
    const { actions } = stopOf({ ifFoundOpen: 'adopt' });

    expect(paramsOf(actions, 'open_dispatch')).toEqual([
      {
        machine: 'PRESS-01',
        type: 'DOWN',
        description: 'Press 1 stopped',
        reported: on('06:01'),
        ifFoundOpen: 'adopt',
      },
    ]);
    expect(paramsOf(actions, 'close_dispatch')).toEqual([
      { machine: 'PRESS-01', type: 'DOWN', completed: on('06:09'), how: 'close' },
    ]);
    for (const action of actions) expect(Object.keys(action)).not.toContain('expiresAt');
    for (const action of actions) expect(Object.keys(action)).not.toContain('onUnknown');
  });

  it('an episode takes adoption, missed episodes, age and doubt from its rule', () => {
    const { actions } = stopOf({
      ifFoundOpen: 'adopt',
      closeAdopted: true,
      ifMissed: 'add',
      maxAge: 8 * HOUR,
      onUnknown: 'repeat',
    });

    expect(actions).toMatchObject([
      { params: { ifFoundOpen: 'adopt', ifMissed: 'add' }, expiresAt: on('06:01') + 8 * HOUR, onUnknown: 'repeat' },
      { params: { closeAdopted: true }, onUnknown: 'repeat' },
    ]);
    expect(actions[1]).not.toHaveProperty('expiresAt');
  });

  it('an episode ends as the changed config says, but keeps its machine', () => {
    const edited = program(
      [dispatch('stopped', isNot('running'), { machine: 'PRESS-99', whenCleared: 'note', ifClosedByPerson: 'reopen' })],
      [running],
    );
    const line = plant(program([dispatch('stopped', isNot('running'))], [running]));
    line.set('06:01', { running: false });
    line.until('06:05');
    expect(line.engine.watchedEpisodes()).toEqual([]);

    expect(line.restart('06:05', '06:06', edited).changed).toEqual(['stopped']);
    const chain = `stopped#1@${on('06:01')}`;
    expect(line.engine.watchedEpisodes()).toEqual([{ rule: 'stopped', chain, machine: 'PRESS-01', type: 'DOWN' }]);
    line.source('06:06', 'connected');
    line.set('06:07', { running: true });
    expect(paramsOf(line.actions, 'close_dispatch')).toMatchObject([{ machine: 'PRESS-01', how: 'note' }]);
  });
});

describe('an episode during which the clock was set back', () => {
  it('an episode does not end before it began, although the clock was set back', () => {
    const rules = program([dispatch('stopped', isNot('running'))], [running]);
    const line = plant(rules);
    line.set('06:01', { running: false });
    line.until('06:05');
    const state = JSON.stringify({ ...line.engine.stateOf('stopped'), told: on('05:01'), time: on('05:05') });
    const set = plant(rules, '05:06');
    set.engine = createEngine(rules, new Map([['stopped', state]]));
    set.engine.step({ kind: 'restart', at: on('05:06'), lastAlive: on('05:05') });
    set.set('05:07', { running: true });
    expect(lines(set.actions)).toEqual(['05:07:00 close stopped completed 06:01:00']);
  });
});

describe('the age and the doubt of counts', () => {
  const strokes = counter('strokes');

  it('increments and sets have the age limit and the doubt setting of their rule; a total has no age limit', () => {
    const told = { maxAge: HOUR, onUnknown: 'drop' } as const;
    const rules = [
      cycles('count', strokes, told),
      cycles('sum', strokes, { ...told, machine: 'PRESS-02', mode: 'total' }),
      production('line', strokes, told),
    ];
    const line = plant(program(rules, [strokes]));
    line.set('06:00', { strokes: 0 });
    line.set('06:01', { strokes: 5 });
    line.until('06:20');

    expect(line.actions).toMatchObject([
      { rule: 'line', onUnknown: 'drop', expiresAt: on('06:05:01') + HOUR },
      { rule: 'count', onUnknown: 'drop', expiresAt: on('06:15') + HOUR },
      { rule: 'sum', onUnknown: 'drop' },
    ]);
    expect(line.actions[2]).not.toHaveProperty('expiresAt');
  });
});

describe('a dispatch closed by a person', () => {
  const chain = `stopped#1@${on('06:01')}`;
  const manual = signal('manual');

  function stopped(ifClosedByPerson: 'wait' | 'reopen' = 'reopen'): Plant {
    const rules = [
      dispatch('stopped', isNot('running'), { unless: is('manual'), offDelay: MINUTE, ifClosedByPerson }),
      dispatch('after', is('manual'), { onDelay: 0, unless: isActive('stopped') }),
    ];
    const line = plant(program(rules, [running, manual]));
    line.set('06:00', { running: true, manual: false });
    line.set('06:01', { running: false });
    line.until('06:05');
    line.take();
    return line;
  }

  it('after a close by a person the next dispatch opens after a whole on_delay, reported from the close', () => {
    const line = stopped();

    expect(line.closedByPerson('06:10', chain).changed).toEqual(['stopped']);
    line.set('06:30', { running: true });
    line.until('06:40');

    expect(lines(line.actions)).toEqual([
      '06:10:00 leave stopped completed 06:10:00',
      '06:12:00 open stopped reported 06:10:00',
      '06:31:00 close stopped completed 06:30:00',
    ]);
    expect(line.actions.map(action => action.chain)).toEqual([chain, ...[1, 2].map(() => `stopped#2@${on('06:10')}`)]);
    expect(line.events.map(event => event.kind)).toContain('closed_early');
  });

  it('a repeated close by a person, or one of another episode, changes nothing', () => {
    const line = stopped();
    line.closedByPerson('06:10', chain);
    const told = line.actions.length;
    const state = line.engine.stateOf('stopped');

    expect(line.closedByPerson('06:10', chain)).toMatchObject({ actions: [], events: [], changed: [] });
    expect(line.closedByPerson('06:11', `stopped#9@${on('06:01')}`)).toMatchObject({ actions: [], changed: [] });
    expect(line.engine.stateOf('stopped')).toEqual(state);
    expect(line.actions).toHaveLength(told);
  });

  it('after a close by a person the rule can wait until the condition clears', () => {
    const line = stopped('wait');

    expect(line.engine.watchedEpisodes()).toEqual([]);
    expect(line.closedByPerson('06:10', chain)).toMatchObject({ actions: [], events: [], changed: [] });
    line.set('06:30', { running: true });
    line.until('06:40');
    expect(lines(line.actions)).toEqual(['06:31:00 close stopped completed 06:30:00']);
  });

  it('after a close by a person nothing opens while the condition does not hold or is blocked', () => {
    const line = stopped();
    line.set('06:09:30', { running: true });
    line.closedByPerson('06:10', chain);
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:10:00 leave stopped completed 06:10:00']);

    const manually = stopped();
    manually.set('06:09', { manual: true });
    manually.closedByPerson('06:10', chain);
    manually.set('06:15', { manual: false });
    manually.until('06:20');
    expect(lines(manually.actions.filter(action => action.rule === 'stopped'))).toEqual([
      '06:10:00 leave stopped completed 06:10:00',
      '06:17:00 open stopped reported 06:15:00',
    ]);
  });

  it('a close by a person waits for queued messages, because they may have ended the episode earlier, with true times', () => {
    const line = stopped();
    line.source('06:06', 'disconnected');
    line.closedByPerson('06:30', chain);
    expect(line.engine.watchedEpisodes()).toHaveLength(1);

    line.source('06:40', 'catching_up');
    line.closedByPerson('06:30', chain);
    const kept = (at: string, isRunning: boolean) =>
      line.set(at, { running: isRunning, manual: false }, { receivedAt: on('06:40') });
    kept('06:07', true);
    kept('06:12', false);
    kept('06:16', true);
    line.source('06:40', 'connected');
    line.until('06:45');
    line.closedByPerson('06:30', chain);

    expect(lines(line.actions).map(action => action.slice(9))).toEqual([
      'close stopped completed 06:07:00',
      'open stopped reported 06:12:00',
      'close stopped completed 06:16:00',
    ]);
  });

  it('a close by a person lets dependent rules be evaluated', () => {
    const line = stopped();
    line.set('06:09', { manual: true });
    expect(line.actions).toEqual([]);
    line.closedByPerson('06:10', chain);
    expect(line.actions.map(action => `${action.kind} ${action.rule}`)).toEqual([
      'close_dispatch stopped',
      'open_dispatch after',
    ]);
  });

  it.each([
    ['a clock that is believed', false, true, 'received'],
    ['a clock that is not believed', true, true, 'source'],
    ['a clock that is not believed, where L2L does not say when', true, false, 'received'],
  ])(
    'the time of a close by a person stays when the clock is set only if it comes from L2L: %s',
    (_what, doubted, byL2l, time) => {
      const line = stopped();
      line.restart('06:06', '06:07', undefined, doubted);
      line.source('06:07', 'connected');
      line.set('06:07', { running: false, manual: false }, { time: 'received' });
      line.take();
      const closed = line.engine.step({ kind: 'closed_by_person', chain, at: on('06:10'), byL2l });
      const opened = line.engine.step({ kind: 'tick', at: on('06:20') });
      expect([...closed.actions, ...opened.actions].map(action => [action.kind, action.time])).toEqual([
        ['close_dispatch', time],
        ['open_dispatch', time],
      ]);
    },
  );

  it('a close by a person changes nothing for an episode that was over before', () => {
    const line = stopped();
    line.set('06:08', { running: true });
    const { actions } = line.engine.step({ kind: 'closed_by_person', chain, at: on('06:10') });
    expect(lines(actions)).toEqual(['06:09:00 close stopped completed 06:08:00']);
    line.until('06:20');
    expect(line.actions).toEqual([]);
  });

  it('after a close by a person the next still() begins at the last part that was made since then', () => {
    const parts = signal('parts', { type: 'number' });
    const idle = dispatch('idle', standsStill('parts'), { offDelay: 10 * MINUTE, ifClosedByPerson: 'reopen' });
    const line = plant(program([idle], [parts]));
    line.set('06:00', { parts: 1 });
    line.set('06:01', { parts: 2 });
    line.until('06:05');
    line.set('06:10', { parts: 3 });
    line.engine.step({ kind: 'closed_by_person', chain: `idle#1@${on('06:01')}`, at: on('06:09') });
    line.until('06:30');
    expect(lines(line.actions)).toEqual([
      '06:03:00 open idle reported 06:01:00',
      '06:12:00 open idle reported 06:10:00',
    ]);
  });

  it('a close by a person has the time of the gateway, also for a rule with another clock', () => {
    const line = plant(program([dispatch('stopped', isNot('running'), { ifClosedByPerson: 'reopen' })], [running]));
    line.set('06:00', { running: true }, { receivedAt: on('06:03') });
    line.set('06:01', { running: false }, { receivedAt: on('06:04') });
    line.until('06:08');
    line.closedByPerson('06:20', chain);
    line.until('06:30');
    expect(lines(line.actions)).toEqual([
      '06:03:00 open stopped reported 06:01:00',
      '06:17:00 leave stopped completed 06:20:00',
      '06:19:00 open stopped reported 06:20:00',
    ]);
  });

  it('a dispatch that L2L does not know is not watched', () => {
    const rules = [dispatch('stopped', isNot('running'), { ifClosedByPerson: 'reopen' })];
    for (const [mode, watched] of [
      ['live', 1],
      ['shadow', 0],
    ] as const) {
      const line = plant(program(rules, [running], { mode }));
      line.set('06:01', { running: false });
      expect(line.engine.watchedEpisodes()).toHaveLength(0);
      line.until('06:05');
      expect(line.engine.watchedEpisodes()).toHaveLength(watched);
    }
  });
});

describe('a condition whose return nobody saw', () => {
  const short = () => {
    const line = plant(program([dispatch('stopped', isNot('running'))], [running]));
    line.set('06:00', { running: true });
    line.set('06:01', { running: false });
    return line;
  };
  const returned = ({ events }: Plant) => events.find(event => event.kind === 'returned')?.detail;

  it('a condition returned in time only when its return was seen', () => {
    const seen = short();
    seen.set('06:02', { running: true });
    expect(returned(seen)).toBe('running = true after 1m, before on_delay (2m) ended: no dispatch');
  });

  it.each<[string, (line: Plant) => void]>([
    ['unknown', line => void line.set('06:01:30', { running: 'bad' })],
    [
      'not asked, the gateway being off',
      line => {
        line.restart('06:01:30', '06:09');
        line.source('06:09', 'connected');
      },
    ],
  ])('a condition claims nothing about a time in which it was %s', (_, lose) => {
    const line = short();
    lose(line);
    line.set('06:10', { running: true });
    expect(returned(line)).toBe(
      'running = true when it was known again; how long the condition held is not known: no dispatch',
    );
    expect(line.actions).toEqual([]);
  });
});
