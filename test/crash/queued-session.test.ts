import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connectAsync } from 'mqtt';
import { describe, expect, it, vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { loadConfig } from '../../src/config/load.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { SampleBatch } from '../../src/core/sample.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { createRunner, type Runner } from '../../src/rules/runner.ts';
import { testFolder } from '../support/folder.ts';
import { gatewayYaml, PATIENCE, testGateway } from '../support/gateway.ts';
import { testJournal } from '../support/journal.ts';
import { accountOf, mqttPlant } from '../support/mqtt-plant.ts';
import { API_KEY, testSandbox, timeOfDay } from '../support/sandbox.ts';
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const CLIENT_ID = 'gateway_under_test';

/** One life of the gateway's rules and journal, in virtual time. */
type Life = {
  readonly clock: VirtualClock;
  readonly journal: Journal;
  readonly runner: Runner;
  readonly actions: readonly Action[];
  /** Packet ids acknowledged so far. */
  readonly acknowledged: readonly number[];
  /** A QoS 1 message of press1 arrives now; `at` is the time in it. */
  arrive(packetId: number, at: number, running: boolean, strokes: number, duplicate?: boolean): void;
  /** Ends it as SIGKILL would: nothing more is committed. */
  crash(): void;
};

function live(file: string, l2l: string, start: number): Life {
  const { program, dataFolder } = loadConfig(file, { L2L_API_KEY: API_KEY }, path => readFileSync(path));
  const clock = virtualClock(start);
  const destination = `${l2l} site 43`;
  const journal = testJournal(dataFolder, { destination, now: clock.now, settle: () => 300 });
  const actions: Action[] = [];
  const acknowledged: number[] = [];
  const onCommitted = (made: readonly Action[]) => void actions.push(...made);
  const runner = createRunner({ program, journal, clock, log: silentLogger, onCommitted });
  runner.start();
  runner.status({ source: 'broker', state: 'connecting', at: clock.now() });
  return {
    clock,
    journal,
    runner,
    actions,
    acknowledged,
    arrive(packetId, at, running, strokes, duplicate = false) {
      const sample = { quality: 'good', sourceAt: at } as const;
      const batch: SampleBatch = {
        source: 'broker',
        at,
        receivedAt: clock.now(),
        time: 'source',
        samples: [
          { ...sample, signal: 'press1.running', value: running },
          { ...sample, signal: 'press1.strokes', value: strokes },
        ],
        receipt: {
          packetId,
          hash: `${at} ${running} ${strokes}`,
          duplicate,
          committed: () => void acknowledged.push(packetId),
        },
      };
      runner.samples(batch);
    },
    crash: () => journal.close(),
  };
}

/** The first life: it connects with a new session, sees the machine run at 1000 strokes, and is killed. */
async function firstLife(file: string, l2l: string, at: number): Promise<void> {
  const life = live(file, l2l, at);
  life.runner.session('broker', false);
  life.runner.status({ source: 'broker', state: 'connected', at });
  life.arrive(1, at, true, 1000);
  await vi.waitFor(() => expect(life.acknowledged).toEqual([1]), PATIENCE);
  life.crash();
}

describe('a session that the broker kept while the gateway was off', () => {
  it('a queue of two hours gives stops, cycles and parts the times at which they happened (virtual time)', async () => {
    const plant = await mqttPlant(1);
    const file = join(testFolder(), 'gateway.yaml');
    const l2l = 'http://127.0.0.1:1';
    writeFileSync(file, gatewayYaml({ l2l, sources: plant.source, rules: plant.rules }, dirname(file)));
    const six = Date.parse('2026-03-02T06:00:00Z');
    await firstLife(file, l2l, six);

    const life = live(file, l2l, six + 2 * HOUR);
    life.runner.session('broker', true);
    life.runner.status({ source: 'broker', state: 'catching_up', at: life.clock.now() });
    life.arrive(1, six, true, 1000, true);
    life.arrive(2, six + 30 * MINUTE, false, 1000);
    life.arrive(3, six + 40 * MINUTE, true, 1000);
    for (let stroke = 1; stroke <= 12; stroke += 1) {
      life.arrive(3 + stroke, six + 45 * MINUTE + stroke * 1000, true, 1000 + stroke);
    }
    life.arrive(16, six + 110 * MINUTE, false, 1012);
    // The last stop still lasts. Its delay can only be judged after the whole queue was read.
    life.clock.advance(1000);
    life.runner.status({ source: 'broker', state: 'connected', at: life.clock.now() });
    const dispatched = () => life.actions.filter(({ lane }) => lane === 'dispatch:PRESS-01').length;
    await vi.waitFor(() => {
      life.clock.advance(100);
      expect(dispatched()).toBe(3);
    }, PATIENCE);
    life.clock.advance(5000);
    await life.runner.stop();

    const ids = Array.from({ length: 16 }, (_, index) => index + 1);
    expect(life.acknowledged).toEqual(ids);
    const { journal } = life;
    const dispatches = journal.waiting('dispatch:PRESS-01', 10).map(({ kind, params, time }) => ({
      kind,
      at: 'reported' in params ? params.reported : 'completed' in params ? params.completed : null,
      time,
    }));
    expect(dispatches).toEqual([
      { kind: 'open_dispatch', at: six + 30 * MINUTE, time: 'source' },
      { kind: 'close_dispatch', at: six + 40 * MINUTE, time: 'source' },
      { kind: 'open_dispatch', at: six + 110 * MINUTE, time: 'source' },
    ]);
    const counts = journal.waiting('cycles:PRESS-01', 100).map(({ params }) => ('count' in params ? params.count : 0));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(12);
    const sets = journal
      .waiting('production:LINE-1', 100)
      .flatMap(({ params }) => ('actual' in params ? [params] : []));
    expect(sets.reduce((sum, set) => sum + set.actual, 0)).toBe(12);
    expect(sets.every(set => set.start >= six && set.end <= six + 46 * MINUTE)).toBe(true);
    expect(journal.counts().waiting).toBe(3 + counts.length + sets.length);
  });

  it('a queue of an hour reaches L2L with the times at which everything happened (real broker, gateway, L2L)', async () => {
    const [sandbox, plant] = await Promise.all([testSandbox(), mqttPlant(1)]);
    const gateway = testGateway({ l2l: sandbox.url, sources: plant.source, rules: plant.rules });
    const now = Math.floor(Date.now() / 1000) * 1000;
    await firstLife(gateway.file, sandbox.url, now - 2 * HOUR);
    // The session of the first life: the broker keeps what is published under its client id.
    const session = await connectAsync(plant.broker.url, {
      clientId: CLIENT_ID,
      clean: false,
      protocolVersion: 5,
      properties: { sessionExpiryInterval: 3600 },
    });
    await session.subscribeAsync('plant/press1', { qos: 1 });
    await session.endAsync();

    await plant.publish('press1', { running: false, strokes: 1000, ts: now - HOUR });
    await plant.publish('press1', { running: true, strokes: 1000, ts: now - HOUR + 10 * MINUTE });
    for (let stroke = 1; stroke <= 5; stroke += 1) {
      await plant.publish('press1', { running: true, strokes: 1000 + stroke, ts: now - HOUR / 2 + stroke * 1000 });
    }
    await gateway.start();

    const expected = {
      story: [`open ${timeOfDay(now - HOUR)}`, `close ${timeOfDay(now - HOUR + 10 * MINUTE)}`],
      cycles: 5,
      good: 5,
    };
    await vi.waitFor(() => expect(accountOf(sandbox.state())['PRESS-01']).toEqual(expected), PATIENCE);
    await gateway.untilDelivered();
    expect(accountOf(sandbox.state())['PRESS-01']).toEqual(expected);
    const { details } = sandbox.state();
    expect(details.every(({ start, end }) => start >= now - 2 * HOUR && end <= now - HOUR / 2 + MINUTE)).toBe(true);
    expect((await gateway.status()).starts).toBe(2);
  });
});
