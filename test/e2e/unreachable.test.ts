import { connectAsync } from 'mqtt';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PATIENCE, testGateway } from '../support/gateway.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startOpcuaServer, TEST_NAMESPACE } from '../support/opcua.ts';
import { reservedPort } from '../support/port.ts';
import { startPymodbus } from '../support/pymodbus.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { dispatchStory, testSandbox, timeOfDay } from '../support/sandbox.ts';

const MACHINES = ['PRESS-01', 'PRESS-02', 'WELD-01', 'WELD-02', 'ROBOT-01', 'ROBOT-02'];

describe('everything is away at the start', () => {
  it('a gateway that reaches nothing runs, reports what is missing, keeps all events, and delivers them when each server is back', async () => {
    const [l2l, redis, opcua, modbus] = await Promise.all([
      reservedPort(),
      reservedPort(),
      reservedPort(),
      reservedPort(),
    ]);
    const broker = await startMosquitto();
    onTestFinished(broker.close);
    await broker.shutDown();
    const stations = MACHINES.map((machine, index) => ({ machine, name: `m${index}` }));
    const gateway = testGateway({
      l2l: `http://127.0.0.1:${l2l}`,
      redis: `redis://127.0.0.1:${redis}`,
      sources: `
  press_plc:
    protocol: opcua
    endpoint: opc.tcp://127.0.0.1:${opcua}
    namespace: ${TEST_NAMESPACE}
    signals: { press.running: s=running }
  weld_plc:
    protocol: modbus
    host: 127.0.0.1
    port: ${modbus}
    first_register: 0
    signals: { weld.running: { unit: 1, coil: 0 } }
  broker:
    protocol: mqtt
    url: ${broker.url}
    client_id: gateway_under_test
    signals:${stations
      .map(
        ({ name }) => `
      ${name}.alarm: { topic: ${name}/alarm, json: $.on, time: $.ts, as: bool }`,
      )
      .join('')}`,
      rules: stations
        .map(
          ({ name, machine }) => `
  ${name}_down:
    when: ${name}.alarm
    on_delay: 100ms
    dispatch: { machine: ${machine}, type: DOWN, description: Alarm }`,
        )
        .join(''),
    });

    // No server answers. The gateway runs, and names every missing part with its problem.
    await gateway.start();
    await vi.waitFor(async () => {
      const { code, missing } = await gateway.ready();
      expect(code).toBe(503);
      for (const words of [
        /^Redis .*ECONNREFUSED/,
        /^source press_plc is disconnected: .*ECONNREFUSED/,
        /^source weld_plc is disconnected: .*ECONNREFUSED/,
        /^source broker is disconnected: .*ECONNREFUSED/,
      ]) {
        expect(missing).toContainEqual(expect.stringMatching(words));
      }
    }, PATIENCE);

    // It can still be stopped and started again.
    expect(await gateway.stop()).toBe(0);
    await gateway.start();

    // The broker comes, and stops happen. Each of them ends before any other server is there.
    await broker.start();
    await vi.waitFor(async () => {
      const { sources } = await gateway.status();
      expect(sources.find(({ source }) => source === 'broker')?.state).toBe('connected');
    }, PATIENCE);
    const client = await connectAsync(broker.url);
    onTestFinished(() => client.endAsync(true));
    const start = Date.now();
    const tell = (on: boolean, ts: number) =>
      Promise.all(
        stations.map(({ name }) => client.publishAsync(`${name}/alarm`, JSON.stringify({ on, ts }), { qos: 1 })),
      );
    await tell(true, start);
    await tell(false, start + 2000);
    await vi.waitFor(
      async () => expect((await gateway.status()).journal.actionsWaiting).toBe(2 * MACHINES.length),
      PATIENCE,
    );

    // Redis comes. The calls find out that L2L is away.
    await startRedisServer(redis);
    await vi.waitFor(async () => {
      const { missing } = await gateway.ready();
      expect(missing).toContainEqual(
        expect.stringMatching(/^L2L can't be reached \(.*ECONNREFUSED.*\); \d+ calls wait; next try /),
      );
      expect(missing.join()).not.toMatch(/Redis/);
    }, PATIENCE);

    // L2L and the PLCs come.
    const sandbox = await testSandbox({ port: l2l });
    const plc = startOpcuaServer({ port: opcua, nodes: [{ id: 's=running', type: 'Boolean', value: true }] });
    const weld = startPymodbus({ 1: { coil: { 0: [true] } } }, modbus);
    onTestFinished(async () => {
      await (await plc).kill();
      await (await weld).kill();
    });
    await Promise.all([plc, weld]);
    await gateway.untilReady();
    await gateway.untilDelivered();

    const stories = MACHINES.map(machine => dispatchStory(sandbox.state(), machine));
    expect(stories).toEqual(MACHINES.map(() => [`open ${timeOfDay(start)}`, `close ${timeOfDay(start + 2000)}`]));
  });
});
