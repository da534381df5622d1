import { describe, expect, it, vi } from 'vitest';
import { PATIENCE, testGateway } from '../support/gateway.ts';
import { accountOf, mqttPlant } from '../support/mqtt-plant.ts';
import { testSandbox, timeOfDay } from '../support/sandbox.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';

describe('messages the broker sends again after a SIGKILL', () => {
  it('messages that were committed but never acknowledged are counted once and open one dispatch', async () => {
    const [sandbox, plant] = await Promise.all([testSandbox(), mqttPlant(1)]);
    const wire = await tcpProxy(plant.broker.port);
    const source = plant.source.replace(plant.broker.url, `mqtt://127.0.0.1:${wire.port}`);
    const gateway = testGateway({ l2l: sandbox.url, sources: source, rules: plant.rules });
    await gateway.start();
    await gateway.untilReady();
    await plant.begin();
    await gateway.untilSeen();

    wire.deaf = true;
    const start = Date.now();
    // A broker sends at most 20 messages without an acknowledgement.
    for (let stroke = 1; stroke <= 10; stroke += 1) {
      await plant.publish('press1', { running: true, strokes: 1000 + stroke, ts: start + stroke });
    }
    await plant.publish('press1', { running: false, strokes: 1010, ts: start + 1000 });
    await plant.publish('press1', { running: true, strokes: 1010, ts: start + 2000 });
    const expected = {
      story: [`open ${timeOfDay(start + 1000)}`, `close ${timeOfDay(start + 2000)}`],
      cycles: 10,
      good: 10,
    };
    await vi.waitFor(() => expect(accountOf(sandbox.state())['PRESS-01']).toEqual(expected), PATIENCE);
    await gateway.kill();
    wire.deaf = false;
    await gateway.start();
    await gateway.untilReady();
    await plant.publish('press1', { running: true, strokes: 1011, ts: Date.now() });

    const after = { ...expected, cycles: 11, good: 11 };
    await vi.waitFor(() => expect(accountOf(sandbox.state())['PRESS-01']).toEqual(after), PATIENCE);
    await gateway.untilDelivered();
    expect(accountOf(sandbox.state())['PRESS-01']).toEqual(after);
    expect(wire.received().split('"strokes":1005,')).toHaveLength(1 + 2);
  });
});

describe('messages the broker sends again after its own power cut', () => {
  it('messages that the broker sends again without DUP are counted once and open one dispatch', async () => {
    const [sandbox, plant] = await Promise.all([testSandbox(), mqttPlant(2)]);
    const gateway = testGateway({ l2l: sandbox.url, sources: plant.source, rules: plant.rules });
    const account = () => accountOf(sandbox.state())['PRESS-01'];
    await gateway.start();
    await gateway.untilReady();
    await plant.begin();
    await gateway.untilSeen();
    await gateway.stop();
    const start = Date.now();
    for (let stroke = 1; stroke <= 5; stroke += 1)
      await plant.publish('press1', { running: true, strokes: 1000 + stroke, ts: start + stroke });
    await plant.publish('press1', { running: false, strokes: 1005, ts: start + 1000 });
    // The messages that the broker keeps are on its disk now. The file stays as it is until the next save, half an hour later.
    await plant.broker.shutDown();
    await plant.broker.start();
    await gateway.start();
    await vi.waitFor(() => expect(account()?.story).toEqual([`open ${timeOfDay(start + 1000)}`]), PATIENCE);
    await plant.publish('press1', { running: true, strokes: 1006, ts: start + 2000 });
    const expected = {
      story: [`open ${timeOfDay(start + 1000)}`, `close ${timeOfDay(start + 2000)}`],
      cycles: 6,
      good: 6,
    };
    await vi.waitFor(() => expect(account()).toEqual(expected), PATIENCE);

    await plant.broker.kill();
    await vi.waitFor(async () => expect((await gateway.ready()).code).toBe(503), PATIENCE);
    await plant.broker.start();
    await gateway.untilReady();
    await plant.publish('press1', { running: true, strokes: 1007, ts: Date.now() });

    const after = { ...expected, cycles: 7, good: 7 };
    await vi.waitFor(() => expect(account()).toEqual(after), PATIENCE);
    await gateway.untilDelivered();
    expect(account()).toEqual(after);
  });
});
