import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { testFolder } from '../support/folder.ts';
import { type GatewayOptions, PATIENCE, type TestGateway, testGateway } from '../support/gateway.ts';
import { type MqttPlant, mqttPlant } from '../support/mqtt-plant.ts';
import { ON_DELAY, PLCS, rulesFor } from '../support/plcs.ts';
import { reservedPort } from '../support/port.ts';
import { cyclesOf, dispatchesOf, partsOf, type TestSandbox, testSandbox, UNTIL_RELEASED } from '../support/sandbox.ts';

const HOUR = 3_600_000;
const ANEW = 'the clock was set or the host was suspended: the gateway starts again';
const MAIN = join(import.meta.dirname, '../support/clock-gateway-process.ts');
/** How long a stop must last before it is sent (ms): longer than it takes until the clock is set. */
const LONG_DELAY = 10_000;
/** How far two readings of the same clock may differ (ms): two processes never read it at the very same moment. */
const CLOCKS = 100;

/**
 * A value without a time of its own gets the time of its arrival. That lies between the publish and the moment when the test saw the value
 * (ms since 1970).
 */
type Span = { readonly from: number; readonly until: number };

type Bench = {
  readonly sandbox: TestSandbox;
  readonly plant: MqttPlant;
  readonly gateway: TestGateway;
  /** From now on the clock shows the true time plus `wall` ms. */
  set(wall: number, asleep?: number): void;
  publish(name: string, running: boolean, strokes: number): Promise<Span>;
};

/** A gateway on a host whose clock is `wall` ms wrong, and a plant that sends no times. */
async function bench(wall: number, options: Partial<GatewayOptions> = {}): Promise<Bench> {
  const [sandbox, plant, port] = await Promise.all([testSandbox(), mqttPlant(1), reservedPort()]);
  const file = join(testFolder(), 'clock.json');
  const set = (ms: number, asleep = 0) => writeFileSync(file, JSON.stringify({ wall: ms, asleep }));
  set(wall);
  const gateway = testGateway({
    l2l: sandbox.url,
    sources: plant.source.replaceAll(', time: $.ts', ''),
    rules: plant.rules.replace('on_delay: 200ms', `on_delay: ${LONG_DELAY}ms`),
    http: `127.0.0.1:${port}`,
    main: MAIN,
    env: { CLOCK_FILE: file },
    ...options,
  });
  return {
    sandbox,
    plant,
    gateway,
    set,
    async publish(name, running, strokes) {
      const from = Date.now();
      await plant.publish(name, { running, strokes, ts: from });
      const shown = { [`${name}.running`]: running, [`${name}.strokes`]: strokes };
      await until(async () => {
        const { signals } = await gateway.status();
        const values = Object.fromEntries(signals.map(({ definition, value }) => [definition.name, value]));
        expect(values).toMatchObject(shown);
      });
      return { from, until: Date.now() };
    },
  };
}

async function begin({ gateway, plant }: Bench): Promise<void> {
  await gateway.start();
  await gateway.untilReady();
  await plant.begin();
  await gateway.untilSeen();
}

const until = (check: () => unknown) => vi.waitFor(check, PATIENCE);
/** The expected time by a clock that is `wrong` ms ahead. L2L keeps whole seconds. */
function expectIn(time: number | null | undefined, { from, until }: Span, wrong = 0): void {
  expect(time).toBeGreaterThan(from + wrong - 1000 - CLOCKS);
  expect(time).toBeLessThan(until + wrong + CLOCKS);
}

describe('a clock that is set while the gateway runs', () => {
  it.each([
    ['forward', -HOUR],
    ['back', HOUR],
  ])('with a clock set %s nothing is lost or doubled, and the later times are right', async (way, wrong) => {
    const line = await bench(wrong);
    const { sandbox, gateway } = line;
    await begin(line);
    sandbox.setFaults([
      { kind: 'hang', ms: UNTIL_RELEASED, path: 'increment_cycle_count', method: 'POST', count: 1 },
      { kind: 'status', status: 429, retryAfter: 4, path: 'dispatches/open', count: 1 },
    ]);
    const struck = () => sandbox.state().faults.map(fault => fault.struck);

    // When the clock is set, one call is on its way, one call waits for its next attempt, and one delay still runs.
    await line.publish(way === 'forward' ? 'robot1' : 'weld1', true, 1004);
    await until(() => expect(struck()).toEqual([1, 0]));
    const welded = await line.publish('weld1', false, way === 'forward' ? 1000 : 1004);
    await until(() => expect(struck()).toEqual([1, 1]));
    const stopped = await line.publish('press1', false, 1000);
    // The look-up of the call on its way must not be answered before L2L has applied it.
    sandbox.setFaults([{ kind: 'hang', ms: UNTIL_RELEASED, method: 'GET' }]);
    line.set(0);
    await until(() => expect(gateway.logged(ANEW)).toHaveLength(1));
    sandbox.setFaults([]);
    sandbox.endWaits();
    await gateway.untilSeen();

    const [ours] = (await until(() => {
      const found = dispatchesOf(sandbox.state(), 'PRESS-01');
      expect(found).toHaveLength(1);
      return found;
    })) as ReturnType<typeof dispatchesOf>;
    expectIn(ours?.reported, stopped);
    expect(ours?.created).toBeGreaterThan(stopped.from + LONG_DELAY);
    const ran = await line.publish('press1', true, 1003);
    await line.publish('weld1', true, 1009);
    await line.publish('robot1', true, 1010);
    await until(() => expect(dispatchesOf(sandbox.state(), 'PRESS-01')[0]?.closed).not.toBeNull());
    expectIn(dispatchesOf(sandbox.state(), 'PRESS-01')[0]?.completed, ran);
    // An action from before keeps the time of the old clock: it was recorded with it.
    await until(() => expect(dispatchesOf(sandbox.state(), 'WELD-01')).toHaveLength(1));
    expectIn(dispatchesOf(sandbox.state(), 'WELD-01')[0]?.reported, welded, wrong);
    await until(() =>
      expect(['PRESS-01', 'WELD-01', 'ROBOT-01'].map(code => cyclesOf(sandbox.state(), code))).toEqual([3, 9, 10]),
    );
    if (way === 'forward') await until(() => expect(partsOf(sandbox.state(), 'LINE-3').good).toBe(10));
    await until(() => expect(partsOf(sandbox.state(), 'LINE-1').good).toBe(3));
    const { deadLetters, parked, newestEvents } = (await gateway.status()).journal;
    expect({ deadLetters, parked }).toEqual({ deadLetters: 0, parked: 0 });
    const moved = expect.stringContaining(`times moved ${way} by`);
    expect(newestEvents).toEqual([
      { at: expect.stringMatching(/T.*[+-]\d\d:\d\d$/), kind: 'clock_step', detail: moved },
    ]);
    expect(dispatchesOf(sandbox.state(), 'WELD-01')).toHaveLength(1);
    expect(dispatchesOf(sandbox.state(), 'PRESS-01')).toHaveLength(1);
  });

  it('a gateway that is stopped during its restart after a change of the clock ends in time, although L2L hangs', async () => {
    const line = await bench(0, { waits: { timeout: '60s' } });
    await begin(line);
    line.sandbox.setFaults([{ kind: 'hang', ms: 60_000 }]);
    await line.publish('weld1', false, 1004);
    await until(() => expect(line.sandbox.state().faults[0]?.struck).toBeGreaterThan(0));

    line.set(HOUR);
    await until(() => expect(line.gateway.logged(ANEW)).toHaveLength(1));
    const asked = Date.now();
    expect(await line.gateway.stop()).toBe(0);
    expect(Date.now() - asked).toBeLessThan(30_000);
  });
});

describe('a host that was suspended', () => {
  it('after a suspension the gateway reports nothing for the time of the suspension, and goes on with the right time', async () => {
    const plc = await PLCS.modbus({ running: true, strokes: 1000, scrap: 0 });
    const rules = rulesFor(plc).replace(`${ON_DELAY}ms`, `${LONG_DELAY}ms`);
    const { sandbox, gateway, set } = await bench(-8 * HOUR, { sources: plc.source, rules });
    await gateway.start();
    await gateway.untilSeen();

    await plc.show({ running: false, strokes: 1004, scrap: 0 });
    await until(() => expect(gateway.logged('condition is true, its delay runs')).not.toEqual([]));
    const awake = Date.now();
    set(0, 8 * HOUR);
    await until(() => expect(dispatchesOf(sandbox.state(), plc.machine)).toHaveLength(1));
    const ran = Date.now();
    const stoodStill = { from: awake, until: ran - LONG_DELAY };
    await plc.show({ running: true, strokes: 1006, scrap: 0 });
    await until(() => expect(dispatchesOf(sandbox.state(), plc.machine)[0]?.closed).not.toBeNull());
    const closed = Date.now();
    await until(() => expect(cyclesOf(sandbox.state(), plc.machine)).toBe(6));
    await until(() => expect(partsOf(sandbox.state(), plc.line).good).toBe(6));
    await gateway.untilDelivered();

    const [dispatch] = dispatchesOf(sandbox.state(), plc.machine);
    expectIn(dispatch?.reported, stoodStill);
    expectIn(dispatch?.completed, { from: ran, until: closed });
    expect(gateway.logged(ANEW)).toHaveLength(1);
  });
});

describe('a clock that can not be trusted', () => {
  it('with a doubtful clock the gateway records and does not send; once the clock is set, it sends everything with its true time', async () => {
    const line = await bench(0);
    const { sandbox, gateway } = line;
    await begin(line);
    await gateway.kill();
    line.set(Date.parse('2000-01-01T00:00:00Z') - Date.now());
    await gateway.start();
    await gateway.untilSeen();
    await until(async () =>
      expect((await gateway.ready()).missing).toEqual([
        expect.stringMatching(/^the clock says (?:1999-12-31|2000-01-01)T.* set the clock/),
      ]),
    );

    const stopped = await line.publish('weld1', false, 1004);
    await until(async () => expect((await gateway.status()).journal.actionsWaiting).toBeGreaterThan(1));
    const ran = await line.publish('weld1', true, 1005);
    await until(async () => expect((await gateway.status()).journal.actionsWaiting).toBeGreaterThan(3));
    expect(sandbox.state().log).toEqual([]);

    line.set(0);
    await until(() => expect(dispatchesOf(sandbox.state(), 'WELD-01')[0]?.closed).toBeTruthy());
    await until(() => expect(cyclesOf(sandbox.state(), 'WELD-01')).toBe(5));
    await gateway.untilDelivered();
    const [dispatch] = dispatchesOf(sandbox.state(), 'WELD-01');
    expectIn(dispatch?.reported, stopped);
    expectIn(dispatch?.completed, ran);
    await until(() => expect(partsOf(sandbox.state(), 'LINE-2').good).toBe(5));
    for (const { end } of sandbox.state().details) expect(end).toBeGreaterThan(stopped.from);
    await gateway.untilReady();
  });

  it('a person can confirm a doubtful clock; the gateway then sends everything with its true time', async () => {
    const line = await bench(HOUR);
    const { sandbox, gateway } = line;
    await begin(line);
    await gateway.kill();
    line.set(0);
    await gateway.start();
    await gateway.untilSeen();
    const stopped = await line.publish('weld1', false, 1000);
    await until(async () => expect((await gateway.status()).journal.actionsWaiting).toBe(1));
    await gateway.stop();

    writeFileSync(
      gateway.file,
      readFileSync(gateway.file, 'utf8').replace('  mode: live', '  mode: live\n  clock: trust'),
    );
    await gateway.start();
    await gateway.untilSeen();
    const ran = await line.publish('weld1', true, 1003);
    await until(() => expect(cyclesOf(sandbox.state(), 'WELD-01')).toBe(3));
    await until(() => expect(dispatchesOf(sandbox.state(), 'WELD-01')[0]?.closed).toBeTruthy());
    const [dispatch] = dispatchesOf(sandbox.state(), 'WELD-01');
    expectIn(dispatch?.reported, stopped);
    expectIn(dispatch?.completed, ran);
    await gateway.untilReady();
  });
});
