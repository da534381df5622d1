import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Call, Delivery } from '../../src/core/delivery.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { backlogWords } from '../../src/queue/backlog.ts';
import { openCallQueue } from '../../src/queue/call-queue.ts';
import { startSandbox } from '../../src/simulation/sandbox/sandbox.ts';
import { SMALL_WORLD } from '../../src/simulation/sandbox/world.ts';
import { counter, cycles, dispatch, isNot, production, program, signal } from '../rules/support/program.ts';
import { on, plant } from '../rules/support/rule-plant.ts';
import { testDelivery } from '../support/delivery.ts';
import { testFolder } from '../support/folder.ts';
import { testJournal } from '../support/journal.ts';
import { PATIENCE } from '../support/patience.ts';
import { reservedPort } from '../support/port.ts';
import { testRedis } from '../support/redis.ts';
import { API_KEY, dispatchesOf, partsOf, SITE_ZONE } from '../support/sandbox.ts';

const MINUTE = 60_000;
const HOURS = 8;
const START = on('06:00');
const MACHINES = Array.from({ length: 40 }, (_, index) => `M${index + 1}`);
const LINES = Array.from({ length: 8 }, (_, index) => `L${index + 1}`);
/** 20 requests a second: the queue builds at most 40 calls ahead. */
const RATE = 20 / 1000;

const [SITE] = SMALL_WORLD.sites;
if (!SITE) throw new Error('the small world has a site');
const WORLD = {
  sites: [
    {
      ...SITE,
      timezone: SITE_ZONE,
      lines: LINES.map((code, line) => ({
        code,
        product: 'P-100',
        machines: MACHINES.filter((_, index) => index % LINES.length === line).map(code => ({ code })),
      })),
    },
  ],
};

/** The minutes after the start at which a machine stops and runs again: once, for every fourth machine twice. */
function stopsOf(index: number): readonly (readonly [from: number, to: number])[] {
  const first = [60 + index, 70 + index + (index % 5)] as const;
  return index % 4 === 0 ? [first, [300 + index, 307 + index]] : [first];
}
const strokesPerMinute = (index: number) => 1 + (index % 3);
const partsPerMinute = (index: number) => 2 + index;

/** The actions that the rules make from eight hours of forty machines on eight lines. */
function eightHours(): readonly Action[] {
  const signals = [
    ...MACHINES.flatMap(name => [signal(`${name}.running`), counter(`${name}.strokes`)]),
    ...LINES.map(name => counter(`${name}.parts`)),
  ];
  const definition = (name: string) => signals.find(it => it.name === name) ?? signal(name);
  const world = plant(
    program(
      [
        ...MACHINES.flatMap(machine => [
          dispatch(`${machine}_down`, isNot(`${machine}.running`), { machine, trade: 'MAINT' }),
          cycles(`${machine}_cycles`, definition(`${machine}.strokes`), { machine, every: 5 * MINUTE }),
        ]),
        ...LINES.map(line =>
          production(`${line}_parts`, definition(`${line}.parts`), { line, every: 5 * MINUTE, lateness: 0 }),
        ),
      ],
      signals,
    ),
  );
  const strokes = MACHINES.map(() => 0);
  for (let minute = 0; minute <= HOURS * 60; minute += 1) {
    const readings: Record<string, boolean | number> = {};
    MACHINES.forEach((name, index) => {
      const runs = !stopsOf(index).some(([from, to]) => minute >= from && minute < to);
      if (runs && minute > 0) strokes[index] = (strokes[index] ?? 0) + strokesPerMinute(index);
      readings[`${name}.running`] = runs;
      readings[`${name}.strokes`] = strokes[index] ?? 0;
    });
    LINES.forEach((name, index) => {
      readings[`${name}.parts`] = minute * partsPerMinute(index);
    });
    world.set(new Date(START + minute * MINUTE).toISOString().slice(11, 16), readings);
  }
  // The counts of the last reading are sent at the end of its interval.
  world.until('14:05:01');
  return world.actions;
}

/** The delivery, and every call that was sent, each once. */
function remembering(delivery: Delivery) {
  const calls = new Map<number, Call>();
  const told: Delivery = {
    ...delivery,
    send(call, abort) {
      calls.set(call.id, call);
      return delivery.send(call, abort);
    },
  };
  return { told, calls: () => [...calls.values()].toSorted((a, b) => a.id - b.id) };
}

const firstOf = (call: Call) => call.actions[0]?.id ?? 0;

describe('a backlog of eight hours', () => {
  it('a backlog is merged and sent in order, dispatches first, at the rate that L2L allows, and takes about the estimated time', async () => {
    const actions = eightHours();
    const count = (kind: Action['kind']) => actions.filter(action => action.kind === kind).length;
    expect([count('open_dispatch'), count('close_dispatch')]).toEqual([50, 50]);
    expect(count('increment_cycles')).toBeGreaterThan(3500);
    expect(count('record_details')).toBe(LINES.length * (HOURS * 12 + 1));

    const [redis, port] = await Promise.all([testRedis(), reservedPort()]);
    const clock = systemClock();
    const settle = { call: 500, batch: 500 };
    const { told, calls } = remembering(
      testDelivery({ url: `http://127.0.0.1:${port}`, clock, rate: RATE, timeout: 60_000, settle }).delivery,
    );
    const journal = testJournal(testFolder(), { now: () => clock.now(), settle: () => 500 });
    const queue = await openCallQueue({
      journal,
      destinations: {
        l2l: {
          name: 'L2L',
          delivery: told,
          concurrency: 4,
          rate: RATE,
          timings: { firstFollow: 500, longestFollow: 1000 },
          breaker: { failures: 1, firstWait: 600_000, longestWait: 600_000 },
        },
      },
      redis: { socket: redis.socket },
      clock,
      log: silentLogger,
    });
    onTestFinished(async () => {
      await queue.stop(0);
    });
    const commit = async (some: readonly Action[]) => {
      await journal.commit({ states: [], actions: some, taken: [], values: [], at: clock.now() });
      queue.written();
    };

    // The first call finds out that L2L is away. No other call is built, so that all other actions can still be merged.
    await commit(actions.slice(0, 1));
    await vi.waitFor(() => expect(queue.status().paused[0]?.cause).toBe('network'), PATIENCE);
    for (let from = 1; from < actions.length; from += 500) await commit(actions.slice(from, from + 500));
    const { backlog } = queue.status();
    // Dispatches are single calls, the increments of a machine one call, record sets calls of fifty. And there is the call that was sent
    // already.
    expect(backlog).toMatchObject({ calls: 100 + 40 + Math.ceil(count('record_details') / 50) + 1 });
    expect(backlog.oldestAt).toBe(Math.min(...actions.map(({ at }) => at)));
    expect(backlogWords(backlog, 'L2L')).toMatch(/^157 calls wait, about \d+s once L2L answers$/);

    const sandbox = await startSandbox({
      port,
      host: '127.0.0.1',
      key: API_KEY,
      world: WORLD,
      manners: { batchDelay: 50 },
    });
    onTestFinished(() => sandbox.stop());
    // This fault fits every request, so it counts them.
    sandbox.setFaults([{ kind: 'slow', ms: 1 }]);
    const began = performance.now();
    queue.probeNow();
    await vi.waitFor(() => {
      expect(journal.counts().waiting).toBe(0);
      expect(journal.openCalls()).toEqual([]);
    }, PATIENCE);
    const took = performance.now() - began;

    const state = sandbox.state();
    expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
    MACHINES.forEach((machine, index) => {
      const stops = stopsOf(index);
      const stopped = stops.reduce((sum, [from, to]) => sum + to - from, 0);
      expect(state.machines.find(({ code }) => code === machine)?.cyclecount).toBe(
        (HOURS * 60 - stopped) * strokesPerMinute(index),
      );
      const times = dispatchesOf(state, machine).map(({ reported, completed }) => [reported, completed]);
      expect(times).toEqual(stops.map(([from, to]) => [START + from * MINUTE, START + to * MINUTE]));
    });
    LINES.forEach((line, index) => {
      expect(partsOf(state, line)).toEqual({ good: HOURS * 60 * partsPerMinute(index), scrap: 0 });
    });

    const sent = calls();
    const ofKind = (kind: Call['kind']) => sent.filter(call => call.kind === kind);
    const lanes = ofKind('increment_cycles').map(call => call.lanes.join());
    expect(lanes).toHaveLength(MACHINES.length + 1);
    expect(new Set(lanes).size).toBe(MACHINES.length);
    expect(ofKind('record_details')).toHaveLength(16);
    expect(Math.max(...ofKind('record_details').map(call => call.actions.length))).toBe(50);

    // The calls that were built at once when L2L came back: four dispatches, then the oldest action of any kind, and so on.
    const ahead = sent.slice(1, 1 + RATE * 2000);
    const others = ahead.flatMap((call, index) => (call.kind === 'open_dispatch' ? [] : [index]));
    expect(others).toHaveLength(8);
    expect(others.map(index => index % 5)).toEqual(others.map(() => others[0]));
    const ages = others.map(index => firstOf(ahead[index] as Call));
    expect(ages).toEqual(ages.toSorted((a, b) => a - b));
    for (const lane of new Set(sent.flatMap(call => call.lanes))) {
      const ids = sent
        .filter(call => call.lanes.includes(lane))
        .flatMap(call => call.actions.filter(action => action.lane === lane).map(({ id }) => id));
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    }

    // The status promised about this number of requests. How much longer they took depends on this host.
    const said = backlog.ms ?? 0;
    expect(took).toBeGreaterThan(said / 2);
    expect(state.faults[0]?.struck).toBeLessThan(said * RATE * 2);
  });
});
