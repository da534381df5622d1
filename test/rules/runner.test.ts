import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { Sample, SampleBatch, SourceState, Value } from '../../src/core/sample.ts';
import type { Program } from '../../src/rules/program.ts';
import { createRunner, type Runner, type RunnerOptions } from '../../src/rules/runner.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts';
import { type MemoryJournal, memoryJournal } from './support/memory-journal.ts';
import { counter, cycles, dispatch, is, program, signal } from './support/program.ts';
import { lines, on, paramsOf, shortKey } from './support/rule-plant.ts';

const lamp = signal('lamp', { source: 'broker', restorable: true });
const strokes = counter('strokes', { wrapsAt: null, maxRate: 1 }, { source: 'broker' });
const call = program([dispatch('call', is('lamp'), { onDelay: 0 })], [lamp]);
const count = program([cycles('count', strokes, { every: 60_000 })], [strokes]);

type Bench = {
  readonly journal: MemoryJournal;
  readonly clock: VirtualClock;
  readonly runner: Runner;
  readonly committed: Action[];
  readonly acknowledged: number[];
  send(
    samples: Readonly<Record<string, Value>>,
    packetId?: number,
    over?: Partial<SampleBatch> & { duplicate?: boolean },
  ): void;
  source(state: SourceState): void;
  /** Resolves when the journal has taken one more commit. */
  nextCommit(): Promise<void>;
};

const running: Runner[] = [];
afterEach(async () => {
  for (const runner of running.splice(0)) await runner.stop().catch(() => 'a journal that refuses is part of the test');
});

async function start(
  rules: Program,
  journal = memoryJournal(),
  over: Partial<RunnerOptions> & { clock?: VirtualClock } = {},
  at = '06:00',
): Promise<Bench> {
  const clock = over.clock ?? virtualClock(on(at));
  const committed: Action[] = [];
  const acknowledged: number[] = [];
  const onCommitted = (actions: readonly Action[]) => void committed.push(...actions);
  const runner = createRunner({ program: rules, journal, clock, log: silentLogger, onCommitted, ...over });
  running.push(runner);
  const before = journal.commits.length;
  runner.start();
  await vi.waitFor(() => expect(journal.commits.length).toBeGreaterThan(before), { interval: 1 });
  return {
    journal,
    clock,
    runner,
    committed,
    acknowledged,
    send(values, packetId, { duplicate = false, ...batch } = {}) {
      const samples = Object.entries(values).map(([name, value]): Sample => ({ signal: name, value, quality: 'good' }));
      const receipt = packetId && {
        packetId,
        hash: JSON.stringify(values),
        duplicate,
        committed: () => void acknowledged.push(packetId),
      };
      const now = clock.now();
      runner.samples({
        source: 'broker',
        at: now,
        receivedAt: now,
        time: 'source',
        samples,
        ...(receipt ? { receipt } : {}),
        ...batch,
      });
    },
    source: state => runner.status({ source: 'broker', state, at: clock.now() }),
    async nextCommit() {
      const commits = journal.commits.length;
      await vi.waitFor(() => expect(journal.commits.length).toBeGreaterThan(commits), { interval: 1 });
    },
  };
}

/** Lets time pass in steps until the condition is true. */
function later(bench: Bench, step: number, check: () => void): Promise<void> {
  return vi.waitFor(
    () => {
      bench.clock.advance(step);
      check();
    },
    { interval: 1 },
  );
}

describe('runner', () => {
  it('before a commit the runner makes no acknowledgement and no action', async () => {
    const bench = await start(call);
    bench.journal.holdBack();
    bench.send({ lamp: true }, 1);
    await vi.waitFor(() => expect(bench.journal.waiting()).toBe(1));
    expect([bench.acknowledged, bench.committed]).toEqual([[], []]);
    bench.journal.letGo();
    await vi.waitFor(() => expect(bench.acknowledged).toEqual([1]));
    expect(lines(bench.committed)).toEqual(['06:00:00 open call reported 06:00:00']);
    expect(bench.journal.commits.at(-1)).toMatchObject({
      actions: [{ key: `call#1@${on('06:00')}:open` }],
      taken: [{ source: 'broker', packetId: 1 }],
      states: [{ rule: 'call' }],
      values: [{ signal: 'lamp', value: true }],
    });
  });

  it('the runner puts samples that come during a commit into the next one, and acknowledges in order', async () => {
    const bench = await start(call);
    bench.journal.holdBack();
    bench.send({ lamp: true }, 1);
    await vi.waitFor(() => expect(bench.journal.waiting()).toBe(1));
    for (let id = 2; id <= 50; id++) bench.send({ lamp: id % 2 === 1 }, id);
    const commits = bench.journal.commits.length;
    bench.journal.letGo();
    await vi.waitFor(() => expect(bench.acknowledged).toHaveLength(50));
    expect(bench.acknowledged).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(bench.journal.commits.length - commits).toBe(2);
    expect(new Set(bench.committed.map(action => action.key)).size).toBe(50);
  });

  it('the runner commits a raw count lazily, and at once when an acknowledgement waits', async () => {
    const bench = await start(count);
    bench.send({ strokes: 100 });
    await bench.nextCommit();
    const commits = bench.journal.commits.length;
    bench.send({ strokes: 101 });
    bench.clock.advance(999);
    await new Promise(resolve => setImmediate(resolve));
    expect(bench.journal.commits.length).toBe(commits);
    bench.clock.advance(1);
    await vi.waitFor(() => expect(bench.journal.commits.length).toBe(commits + 1));
    bench.send({ strokes: 102 }, 7);
    await vi.waitFor(() => expect(bench.acknowledged).toEqual([7]));
    expect(bench.journal.commits.at(-1)?.states).toHaveLength(1);
  });

  it('the runner fires the timers that are due', async () => {
    const bench = await start(count);
    bench.send({ strokes: 100 });
    bench.clock.advance(5000);
    bench.send({ strokes: 112 });
    bench.clock.advanceTo(on('06:01'));
    await vi.waitFor(() => expect(lines(bench.committed)).toEqual(['06:01:00 count +12']));
  });

  it('the runner records in the journal that the gateway is alive, also when nothing happens', async () => {
    const bench = await start(call);
    bench.clock.advance(1_500);
    await later(bench, 100, () => expect(bench.journal.lastAlive).toBe(on('06:00:02')));
    bench.clock.advance(1_500);
    await later(bench, 100, () => expect(bench.journal.lastAlive).toBeGreaterThanOrEqual(on('06:00:04')));
    expect(bench.journal.commits).toHaveLength(3);
  });

  it('a stop of the runner commits the rest', async () => {
    const bench = await start(count);
    bench.send({ strokes: 100 });
    bench.send({ strokes: 101 }, 3);
    await bench.runner.stop();
    expect(bench.acknowledged).toEqual([3]);
    expect(bench.journal.ruleStates().get('count')).toContain('"reading":"101"');
  });
});

describe('runner that learns that a person closed a dispatch', () => {
  const again = program([dispatch('call', is('lamp'), { onDelay: 0, ifClosedByPerson: 'reopen' })], [lamp]);
  const chain = `call#1@${on('06:00')}`;

  it('a close by a person is durable with its consequences, once', async () => {
    const bench = await start(again);
    bench.send({ lamp: true });
    await bench.nextCommit();
    expect(bench.runner.watchedEpisodes()).toEqual([{ rule: 'call', chain, machine: 'PRESS-01', type: 'DOWN' }]);

    bench.clock.advance(500);
    bench.runner.closedByPerson(chain, on('06:00') + 500);
    bench.runner.closedByPerson(chain, on('06:00') + 500);
    await later(bench, 1000, () => expect(bench.committed).toHaveLength(3));
    expect(bench.committed.map(shortKey)).toEqual(['call#1:open', 'call#1:close', 'call#2:open']);
    expect(bench.runner.watchedEpisodes()).toMatchObject([{ chain: `call#2@${on('06:00') + 500}` }]);

    const next = await start(again, bench.journal, {}, '06:01');
    next.runner.closedByPerson(chain, on('06:00') + 500);
    await next.runner.stop();
    expect(next.committed).toEqual([]);
    next.runner.closedByPerson(`call#2@${on('06:00') + 500}`, on('06:01'));
    expect(next.runner.watchedEpisodes()).toHaveLength(1);
  });
});

describe('runner that learns of a person by a clock that is ahead, or by none', () => {
  it.each([on('06:30'), null])(
    'the runner takes a close by a person in the future, or without a time, as now, and fires no timer early: %s',
    async at => {
      const waiting = dispatch('late', is('lamp'), { onDelay: 60_000, machine: 'PRESS-02' });
      const called = dispatch('call', is('lamp'), { onDelay: 0, ifClosedByPerson: 'reopen' });
      const bench = await start(program([called, waiting], [lamp]));
      bench.send({ lamp: true });
      bench.runner.closedByPerson(`call#1@${on('06:00')}`, at);
      await bench.runner.stop();
      expect(lines(bench.committed)).toEqual([
        '06:00:00 open call reported 06:00:00',
        '06:00:00 leave call completed 06:00:00',
      ]);
    },
  );
});

describe('runner whose config lost a rule', () => {
  const lost = program(
    [
      dispatch('kept_open', is('lamp'), { onDelay: 0 }),
      dispatch('closed', is('lamp'), { onDelay: 0, onRemove: 'close' }),
    ],
    [lamp],
  );

  it('the runner deletes the state of a removed rule in one commit with its last action, also when the commit was refused at first', async () => {
    const bench = await start(lost);
    bench.send({ lamp: true });
    await bench.runner.stop();

    const warnings: object[] = [];
    const log = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
    const clock = virtualClock(on('06:10'));
    bench.journal.refuse(new Error('disk full'));
    const starting = start(count, bench.journal, { clock, log });
    await vi.waitFor(() => expect(bench.journal.refused()).toBe(1), { interval: 1 });
    expect([...bench.journal.ruleStates().keys()].sort()).toEqual(['closed', 'kept_open']);
    bench.journal.refuse(null);
    await vi.waitFor(
      () => {
        clock.advance(1000);
        expect(bench.journal.commits.at(-1)?.forget).toEqual(['closed']);
      },
      { interval: 1 },
    );

    const next = await starting;
    expect(next.committed.map(shortKey)).toEqual(['closed#1:close']);
    expect([...bench.journal.ruleStates().keys()].sort()).toEqual(['kept_open']);
    expect([...next.runner.orphans.keys()]).toEqual(['kept_open']);
    expect(warnings).toEqual([{ rule: 'kept_open' }]);
  });
});

describe('a rule that is said to be renamed', () => {
  const stopped = (name: string, renamedFrom: string | null = null) =>
    program([dispatch(name, is('lamp'), { onDelay: 0, renamedFrom })], [lamp, strokes]);

  /** The log of a start with these rules, on the journal that the former rules left. */
  async function said(now: Program, ...before: Program[]) {
    const journal = memoryJournal();
    for (const rules of before) {
      const bench = await start(rules, journal);
      bench.send({ lamp: true, strokes: 5 });
      bench.send({ lamp: false });
      await bench.runner.stop();
    }
    const log = recordingLogger();
    await start(now, journal, { log }, '06:10');
    return log.lines.map(({ level, fields }) => [level, fields]);
  }

  it.each<[string, Program[], unknown[]]>([
    ['from one that is known', [stopped('press_down')], []],
    ['and has been on its own since', [stopped('press_down'), stopped('press1_down', 'press_down')], []],
    ['from one that the journal does not know', [], [['info', { rule: 'press1_down', renamedFrom: 'press_down' }]]],
    ['beside one of another kind', [count], [['info', { rule: 'press1_down', renamedFrom: 'press_down' }]]],
    [
      'and another one is gone, which may be meant',
      [program([...stopped('pres_down').rules, ...count.rules], [lamp, strokes])],
      [['warn', { rule: 'press1_down', renamedFrom: 'press_down', gone: ['pres_down'] }]],
    ],
  ])('a start logs a rename only when it is unexpected: %s', async (_from, before, lines) => {
    expect(await said(stopped('press1_down', 'press_down'), ...before)).toEqual(lines);
  });
});

describe('runner of a process that stood still', () => {
  const slow = program([dispatch('stopped', is('lamp'), { onDelay: 10_000 })], [lamp]);

  /** A clock that goes on while no timer fires. The timers come late afterwards. */
  function stoppable(inner: VirtualClock): VirtualClock & { standStill(ms: number): void } {
    let stood = 0;
    return {
      ...inner,
      now: () => inner.now() + stood,
      at: (at, callback) => inner.at(at - stood, callback),
      standStill(ms) {
        stood += ms;
      },
    };
  }

  async function standing(ms: number, onDelay: Program) {
    const clock = stoppable(virtualClock(on('06:00')));
    const bench = await start(onDelay, memoryJournal(), { clock });
    const send = (value: boolean, at = clock.now()) =>
      bench.send({ lamp: value }, undefined, { at, receivedAt: clock.now() });
    bench.source('connected');
    send(true, clock.now());
    clock.advance(5000);
    clock.standStill(ms);
    return { clock, send, committed: bench.committed };
  }

  it('after a standstill, the runner opens nothing for a stop that ended meanwhile, whether its timer or the end comes first', async () => {
    const timerFirst = await standing(60_000, slow);
    timerFirst.clock.advance(500);
    timerFirst.send(false);
    timerFirst.clock.advance(20_000);
    const endFirst = await standing(60_000, slow);
    endFirst.send(false);
    endFirst.clock.advance(20_000);
    await new Promise(resolve => setImmediate(resolve));
    expect([timerFirst.committed, endFirst.committed]).toEqual([[], []]);
  });

  it('a delay goes on after a standstill when nothing changed', async () => {
    const { clock, committed } = await standing(60_000, slow);
    clock.advance(5000);
    await new Promise(resolve => setImmediate(resolve));
    expect(committed).toEqual([]);
    clock.advance(2000);
    await vi.waitFor(() => expect(paramsOf(committed, 'open_dispatch')).toMatchObject([{ reported: on('06:00') }]));
  });

  it('after a standstill, the runner reads the sockets before a late timer fires', async () => {
    const { clock, send, committed } = await standing(
      1400,
      program([dispatch('stopped', is('lamp'), { onDelay: 6000 })], [lamp]),
    );
    clock.advance(1000);
    // The poll phase of the event loop brings it so: after the timers, with the source's own time.
    send(false, on('06:00:05.500'));
    await new Promise(resolve => setImmediate(() => setImmediate(() => setImmediate(resolve))));
    clock.advance(20_000);
    expect(committed).toEqual([]);
  });
});

describe('runner and redelivered messages', () => {
  it('the runner does not count a message again that was committed before a crash and never acknowledged', async () => {
    const before = await start(count);
    before.send({ strokes: 100 }, 100);
    before.send({ strokes: 101 }, 101);
    before.send({ strokes: 102 }, 102);
    await vi.waitFor(() => expect(before.acknowledged).toHaveLength(3));
    const after = await start(count, before.journal, {}, '06:00:30');
    after.send({ strokes: 101 }, 101, { duplicate: true });
    after.send({ strokes: 102 }, 102, { duplicate: true });
    after.send({ strokes: 103 }, 103, { duplicate: true });
    after.clock.advanceTo(on('06:05'));
    await vi.waitFor(() => expect(lines(after.committed)).toEqual(['06:01:00 count +3']));
    expect(after.acknowledged).toEqual([101, 102, 103]);
  });

  it('the runner acknowledges a duplicate only after the first message is on the disk', async () => {
    const bench = await start(count);
    bench.journal.holdBack();
    bench.send({ strokes: 100 }, 5);
    bench.send({ strokes: 100 }, 5, { duplicate: true });
    await vi.waitFor(() => expect(bench.journal.waiting()).toBe(1));
    expect(bench.acknowledged).toEqual([]);
    bench.journal.letGo();
    await vi.waitFor(() => expect(bench.acknowledged).toEqual([5, 5]));
  });

  it('the runner takes a message as new when its packet id comes without the duplicate flag', async () => {
    const bench = await start(call);
    bench.send({ lamp: true }, 9);
    bench.send({ lamp: false }, 10);
    bench.send({ lamp: true }, 9);
    await vi.waitFor(() =>
      expect(bench.committed.map(shortKey)).toEqual(['call#1:open', 'call#1:close', 'call#2:open']),
    );
  });

  it('the runner forgets packet ids when the broker kept no session', async () => {
    const bench = await start(call);
    bench.send({ lamp: true }, 9);
    bench.send({ lamp: false }, 10);
    await vi.waitFor(() => expect(bench.acknowledged).toHaveLength(2));
    bench.runner.session('broker', false);
    bench.send({ lamp: true }, 9, { duplicate: true });
    await vi.waitFor(() => expect(bench.committed.map(shortKey).at(-1)).toBe('call#2:open'));
  });
});

describe('runner whose clock is replaced', () => {
  it('the runner takes and acknowledges no message by a clock that is about to be replaced', async () => {
    let left = false;
    const bench = await start(call, memoryJournal(), { isLeft: () => left });
    bench.source('connected');
    left = true;
    bench.send({ lamp: true }, 1);
    left = false;
    bench.send({ lamp: false }, 2);
    await vi.waitFor(() => expect(bench.acknowledged).toEqual([2]));
    expect(bench.committed).toEqual([]);
  });
});

describe('runner and a kept session', () => {
  it('the runner restores no value from the future when its source stamped it before the clock was set', async () => {
    const before = await start(call);
    before.runner.session('broker', true);
    before.source('connected');
    before.send({ lamp: false }, 1);
    await vi.waitFor(() => expect(before.acknowledged).toEqual([1]));

    const { journal } = before;
    const moved = {
      ...journal,
      keptValues: () => journal.keptValues().map(kept => ({ ...kept, at: kept.at + 60_000 })),
    };
    const next = await start(call, moved, {}, '06:00:10');
    next.runner.session('broker', true);
    next.source('connected');
    next.send({ lamp: true }, 2);
    await vi.waitFor(() => expect(next.committed).toHaveLength(1));
    expect(paramsOf(next.committed, 'open_dispatch')).toMatchObject([{ reported: on('06:00:10') }]);
  });

  const slow = program([dispatch('alarmed', is('lamp'), { onDelay: 30_000 })], [lamp]);

  it('the runner opens for a value that was acknowledged before a crash and that the device does not repeat', async () => {
    const before = await start(slow);
    before.source('connected');
    before.send({ lamp: true }, 1);
    await vi.waitFor(() => expect(before.acknowledged).toEqual([1]));
    const after = await start(slow, before.journal, {}, '06:00:40');
    after.runner.session('broker', true);
    after.source('catching_up');
    after.source('connected');
    after.clock.advance(1000);
    await vi.waitFor(() => expect(lines(after.committed)).toEqual(['06:00:30 open alarmed reported 06:00:00']));
  });

  it('the runner counts the time from a value that was taken during the catch-up, whatever other signals came after it', async () => {
    const other = signal('other', { source: 'broker', restorable: true });
    const two = program([dispatch('alarmed', is('lamp'), { onDelay: 30_000 })], [lamp, other]);
    const before = await start(two);
    before.runner.session('broker', true);
    before.source('catching_up');
    before.send({ lamp: true }, 1, { at: on('05:50') });
    before.send({ lamp: true, other: true }, 2, { at: on('05:50:10') });
    before.send({ other: false }, 3, { at: on('05:50:50') });
    await vi.waitFor(() => expect(before.acknowledged).toEqual([1, 2, 3]));
    const after = await start(two, before.journal, {}, '06:01');
    after.runner.session('broker', true);
    after.source('catching_up');
    after.send({ lamp: false }, 4, { at: on('05:51') });
    await vi.waitFor(() =>
      expect(lines(after.committed)).toEqual([
        '05:50:30 open alarmed reported 05:50:00',
        '05:51:00 close alarmed completed 05:51:00',
      ]),
    );
  });

  it('the runner restores no value without a session, no stale value and no bad value', async () => {
    const stale = program([dispatch('alarmed', is('lamp'), { onDelay: 0 })], [{ ...lamp, staleAfter: 30_000 }]);
    const before = await start(slow);
    before.source('connected');
    before.send({ lamp: true }, 1);
    await vi.waitFor(() => expect(before.acknowledged).toEqual([1]));
    const away = await start(stale, before.journal, {}, '06:10');
    away.runner.session('broker', false);
    away.runner.session('broker', true);
    expect(away.runner.signals()).toMatchObject([{ good: false, value: null }]);
    before.runner.samples({
      source: 'broker',
      at: on('06:00'),
      receivedAt: on('06:00'),
      time: 'source',
      samples: [{ signal: 'lamp', value: null, quality: 'bad' }],
    });
    await before.runner.stop();
    const bad = await start(slow, before.journal, {}, '06:00:05');
    bad.runner.session('broker', true);
    expect(bad.runner.signals()).toMatchObject([{ good: false, value: null }]);
  });

  it('the runner restores no value that came without acknowledgement, because nobody kept the later ones', async () => {
    const before = await start(slow);
    before.source('connected');
    before.send({ lamp: false }, 1);
    before.send({ lamp: true });
    await vi.waitFor(() => expect(before.journal.keptValues()).toMatchObject([{ signal: 'lamp', quality: 'bad' }]));
    before.source('disconnected');
    before.runner.session('broker', true);
    expect(before.runner.signals()).toMatchObject([{ good: false }]);
    const after = await start(slow, before.journal);
    after.runner.session('broker', true);
    expect(after.runner.signals()).toMatchObject([{ good: false, value: null }]);
    after.send({ lamp: true }, 2);
    await vi.waitFor(() => expect(after.journal.keptValues()).toMatchObject([{ signal: 'lamp', quality: 'good' }]));
  });

  it('after a crash, the runner knows how long the broker was alone, and how much of its queue was read', async () => {
    const before = await start(slow);
    before.runner.session('broker', true);
    before.source('catching_up');
    before.send({ lamp: true }, 1);
    before.send({ lamp: false }, 2);
    before.send({ lamp: false }, 2, { duplicate: true });
    before.send({ lamp: false }, 3, { retained: true });
    await vi.waitFor(() => expect(before.acknowledged).toEqual([1, 2, 2, 3]));
    expect(before.journal.away()).toEqual([{ source: 'broker', since: null, queued: 2 }]);

    const after = await start(slow, before.journal, {}, '06:01');
    after.runner.session('broker', true);
    after.source('catching_up');
    after.send({ lamp: true }, 4);
    await vi.waitFor(() => expect(after.journal.away()).toEqual([{ source: 'broker', since: null, queued: 3 }]));
    after.source('connected');
    await vi.waitFor(() => expect(after.journal.away()).toEqual([]));
    after.source('disconnected');
    await vi.waitFor(() => expect(after.journal.away()).toMatchObject([{ since: on('06:01'), queued: 0 }]));
    after.runner.session('broker', false);
    after.source('connected');
    await vi.waitFor(() => expect(after.journal.away()).toEqual([]));
  });

  it('the runner records at once that a value is uncertain, also when no rule depends on it', async () => {
    const unread = signal('unread', { source: 'broker', restorable: true });
    const rules = program([dispatch('alarmed', is('lamp'), { onDelay: 0 })], [lamp, unread]);
    const before = await start(rules);
    before.source('connected');
    before.send({ unread: true }, 1);
    await vi.waitFor(() => expect(before.acknowledged).toEqual([1]));
    const doubted = { signal: 'unread', value: null, quality: 'uncertain', reason: 'the queue was full' } as const;
    const now = before.clock.now();
    before.runner.samples({ source: 'broker', at: now, receivedAt: now, time: 'received', samples: [doubted] });
    await vi.waitFor(() => expect(before.journal.keptValues()).toMatchObject([{ signal: 'unread', quality: 'bad' }]));
    const after = await start(rules, before.journal);
    after.runner.session('broker', true);
    expect(after.runner.signals().find(({ definition }) => definition.name === 'unread')?.good).toBe(false);
  });

  it('in a new session, the runner does not use values of a session that the broker lost', async () => {
    const bench = await start(slow);
    bench.source('connected');
    bench.send({ lamp: true }, 1);
    bench.source('disconnected');
    bench.runner.session('broker', false);
    bench.source('connected');
    bench.source('disconnected');
    bench.runner.session('broker', true);
    expect(bench.runner.signals()).toMatchObject([{ good: false }]);
    await vi.waitFor(() => expect(bench.journal.keptValues()).toMatchObject([{ signal: 'lamp', quality: 'bad' }]));
  });

  it('the runner keeps values over a lost connection of the same process', async () => {
    const bench = await start(slow);
    bench.source('connected');
    bench.send({ lamp: true }, 1);
    bench.clock.advance(10_000);
    bench.source('disconnected');
    bench.clock.advance(60_000);
    bench.runner.session('broker', true);
    bench.source('catching_up');
    bench.source('connected');
    bench.clock.advance(1);
    await vi.waitFor(() => expect(lines(bench.committed)).toEqual(['06:00:30 open alarmed reported 06:00:00']));
  });
});

describe('runner while the journal refuses commits', () => {
  it('while the journal refuses commits, the runner acknowledges and sends nothing, logs that, forgets nothing, and goes on afterwards', async () => {
    const bench = await start(call);
    bench.journal.refuse(new Error('disk full'));
    bench.send({ lamp: true }, 1);
    await vi.waitFor(() => expect(bench.journal.refused()).toBe(1));
    await vi.waitFor(() =>
      expect(bench.runner.health()).toMatchObject({ healthy: false, reason: expect.stringContaining('disk full') }),
    );
    bench.send({ lamp: false }, 2);
    expect([bench.acknowledged, bench.committed]).toEqual([[], []]);
    bench.journal.refuse(null);
    await later(bench, 1000, () => expect(bench.acknowledged).toEqual([1, 2]));
    expect(bench.committed.map(shortKey)).toEqual(['call#1:open', 'call#1:close']);
    expect(bench.runner.health()).toEqual({ healthy: true });
  });

  it('the runner tries a refused commit again with a back-off, not with every sample', async () => {
    const bench = await start(call);
    bench.journal.refuse(new Error('disk full'));
    for (let index = 0; index < 20; index++) {
      bench.send({ lamp: index % 2 === 0 });
      await new Promise(resolve => setImmediate(resolve));
    }
    expect(bench.journal.refused()).toBe(1);
    await later(bench, 125, () => expect(bench.journal.refused()).toBe(2));
  });

  it('the runner refuses batches beyond its limit, and their signals are unknown instead of old', async () => {
    const bench = await start(call, memoryJournal(), { mostPending: 2 });
    bench.journal.refuse(new Error('disk full'));
    bench.send({ lamp: true });
    await vi.waitFor(() => expect(bench.runner.health().healthy).toBe(false));
    bench.send({ lamp: true });
    bench.send({ lamp: false });
    expect(bench.runner.signals()).toMatchObject([{ good: false, reason: 'not taken: the journal takes no commits' }]);
    bench.journal.refuse(null);
    await later(bench, 1000, () => expect(bench.runner.health().healthy).toBe(true));
    expect(bench.committed.map(shortKey)).toEqual(['call#1:open']);
  });

  it('the runner refuses no message that waits for its acknowledgement, because it would come again after newer ones', async () => {
    const bench = await start(count, memoryJournal(), { mostPending: 3 });
    bench.send({ strokes: 100 }, 1);
    await vi.waitFor(() => expect(bench.acknowledged).toEqual([1]));
    bench.journal.refuse(new Error('disk full'));
    for (let id = 2; id <= 6; id++) {
      bench.clock.advance(1000);
      bench.send({ strokes: 90 + 10 * id }, id);
      await new Promise(resolve => setImmediate(resolve));
    }
    bench.journal.refuse(null);
    await later(bench, 1000, () => expect(bench.acknowledged).toEqual([1, 2, 3, 4, 5, 6]));
    bench.clock.advance(60_000);
    await vi.waitFor(() => expect(paramsOf(bench.committed, 'increment_cycles').map(one => one.count)).toEqual([50]));
  });

  it('a stop without a commit is not a clean stop', async () => {
    const bench = await start(call);
    bench.journal.refuse(new Error('disk full'));
    bench.send({ lamp: true }, 1);
    await expect(bench.runner.stop()).rejects.toThrow('disk full');
    expect(bench.acknowledged).toEqual([]);
  });
});

describe('what a rule decided', () => {
  const gate = signal('gate', { source: 'broker' });
  const guarded = program([dispatch('call', is('lamp'), { onDelay: 1000, unless: is('gate') })], [lamp, gate]);

  it('a decision causes no commit of its own, and is in the next one', async () => {
    const bench = await start(guarded);
    bench.source('connected');
    bench.send({ lamp: false, gate: true });
    await new Promise(setImmediate);
    const before = bench.journal.commits.length;
    for (let n = 0; n < 40; n++) {
      bench.clock.advance(25);
      bench.send({ lamp: n % 2 === 0 });
    }
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(bench.journal.commits.length - before).toBeLessThanOrEqual(1);
    bench.clock.advance(2000);
    await vi.waitFor(() =>
      expect(
        bench.journal.commits
          .flatMap(({ decisions = [] }) => decisions)
          .filter(({ kind }) => kind === 'blocked')
          .reduce((sum, { count }) => sum + count, 0),
      ).toBe(20),
    );
  });

  it('a stop writes the waiting decisions', async () => {
    const bench = await start(guarded);
    bench.source('connected');
    bench.send({ lamp: true, gate: true });
    await bench.runner.stop();
    expect(bench.journal.commits.flatMap(({ decisions = [] }) => decisions)).toMatchObject([
      { rule: 'call', kind: 'blocked', text: expect.stringContaining('gate = true') },
    ]);
  });

  it('a decision is in the next commit that the journal takes', async () => {
    const bench = await start(guarded);
    bench.source('connected');
    bench.journal.refuse(new Error('disk full'));
    bench.send({ lamp: true, gate: true });
    bench.clock.advance(3000);
    await vi.waitFor(() => expect(bench.journal.refused()).toBeGreaterThan(0));
    bench.journal.refuse(null);
    bench.clock.advance(60_000);
    await vi.waitFor(() =>
      expect(bench.journal.commits.flatMap(({ decisions = [] }) => decisions).map(({ kind }) => kind)).toEqual([
        'blocked',
      ]),
    );
  });
});
