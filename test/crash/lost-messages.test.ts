import { connectAsync } from 'mqtt';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PATIENCE, testGateway } from '../support/gateway.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { cyclesOf, dispatchStory, testSandbox, timeOfDay } from '../support/sandbox.ts';

const LIMIT = 5;

/** A press that sends its state and its strokes to a broker. The broker keeps only a few messages for a client that is away. */
async function press(more = '') {
  const broker = await startMosquitto({ config: [`max_queued_messages ${LIMIT}`] });
  onTestFinished(broker.close);
  const client = await connectAsync(broker.url);
  onTestFinished(() => client.endAsync(true));
  const publish = (topic: string, fields: object, qos: 0 | 1 = 1) =>
    client.publishAsync(topic, JSON.stringify(fields), { qos });
  return {
    broker,
    sources: `
  broker:
    protocol: mqtt
    url: ${broker.url}
    client_id: gateway_under_test
    queue_limit: ${LIMIT}${more}
    signals:
      press1.running: { topic: press1/state, json: $.running, time: $.ts, as: bool }
      press1.strokes:
        { topic: press1/strokes, json: $.n, time: $.ts, as: integer, counter: { wraps: never, max_rate: 1000/s } }`,
    rules: `
  press1_down:
    when: not press1.running
    on_delay: 200ms
    dispatch: { machine: PRESS-01, type: DOWN, description: press 1 stands still }
  press1_cycles: { cycles: { machine: PRESS-01, counter: press1.strokes, every: 1s } }`,
    async running(running: boolean, qos: 0 | 1 = 1) {
      const ts = Date.now();
      await publish('press1/state', { running, ts }, qos);
      return timeOfDay(ts);
    },
    strokes: (n: number) => publish('press1/strokes', { n, ts: Date.now() }),
  };
}

async function started(machine: Awaited<ReturnType<typeof press>>) {
  const sandbox = await testSandbox();
  const gateway = testGateway({ l2l: sandbox.url, sources: machine.sources, rules: machine.rules });
  await gateway.start();
  await gateway.untilReady();
  await machine.running(true);
  await machine.strokes(1000);
  await gateway.untilSeen();
  return {
    gateway,
    story: () => dispatchStory(sandbox.state(), 'PRESS-01'),
    cycles: () => cyclesOf(sandbox.state(), 'PRESS-01'),
    running: async () =>
      (await gateway.status()).signals.find(({ definition }) => definition.name === 'press1.running'),
  };
}

describe('a broker whose queue was full while the gateway was off', () => {
  it('after a full queue an episode stays open until the device sends its state again, and counting goes on', async () => {
    const machine = await press();
    const { gateway, story, cycles, running } = await started(machine);
    const opened = await machine.running(false);
    await vi.waitFor(() => expect(story()).toEqual([`open ${opened}`]), PATIENCE);
    await gateway.untilDelivered();
    await gateway.stop();

    for (let n = 1; n <= LIMIT; n += 1) await machine.strokes(1000 + n);
    await machine.running(true);
    await gateway.start();
    await gateway.untilConnected();

    expect(await running()).toMatchObject({
      good: false,
      quality: 'uncertain',
      reason: expect.stringContaining("the broker's queue was full"),
    });
    expect((await gateway.ready()).missing).toEqual([
      expect.stringMatching(/^source broker: 1 of 2 signals unknown: press1.running \(.* queue was full/),
    ]);
    await vi.waitFor(() => expect(cycles()).toBe(LIMIT), PATIENCE);
    await machine.strokes(1010);
    await vi.waitFor(() => expect(cycles()).toBe(10), PATIENCE);
    expect(story()).toEqual([`open ${opened}`]);

    // After a SIGKILL, too, the gateway does not trust the state from before the absence.
    await gateway.kill();
    await gateway.start();
    await gateway.untilConnected();
    expect(await running()).toMatchObject({ good: false });

    const closed = await machine.running(true);
    await vi.waitFor(() => expect(story()).toEqual([`open ${opened}`, `close ${closed}`]), PATIENCE);
    await gateway.untilDelivered();
  });

  it('after a full queue no dispatch is opened for a stop whose end was lost', async () => {
    const machine = await press();
    const { gateway, story, cycles, running } = await started(machine);
    await gateway.stop();
    for (let n = 1; n < LIMIT; n += 1) await machine.strokes(1000 + n);
    await machine.running(false);
    await machine.running(true);
    await gateway.start();
    await gateway.untilConnected();
    expect(await running()).toMatchObject({ good: false, quality: 'uncertain' });

    // Cycles are sent after a second. By then the delay of the stop would be over.
    await machine.strokes(1010);
    await vi.waitFor(() => expect(cycles()).toBe(10), PATIENCE);
    await machine.running(true);

    await vi.waitFor(async () => expect(await running()).toMatchObject({ good: true, value: true }), PATIENCE);
    await gateway.untilDelivered();
    expect(story()).toEqual([]);
  });

  it('after a full queue no dispatch is opened either when the gateway is killed while it reads the queue', async () => {
    // The broker sends the next message only after the one before is acknowledged. By now it has dropped all but the last.
    const machine = await press('\n    receive_maximum: 1');
    const { gateway, story, running } = await started(machine);
    await gateway.stop();
    for (let n = 1; n < LIMIT; n += 1) await machine.strokes(1000 + n);
    await machine.running(false);
    await machine.running(true);
    await gateway.start();
    await vi.waitFor(async () => expect(await running()).toMatchObject({ value: false }), PATIENCE);
    await gateway.kill();
    await gateway.start();
    await gateway.untilConnected();

    expect(await running()).toMatchObject({
      good: false,
      quality: 'uncertain',
      reason: expect.stringContaining("the broker's queue was full"),
    });
    await machine.running(true);
    await vi.waitFor(async () => expect(await running()).toMatchObject({ good: true, value: true }), PATIENCE);
    await gateway.untilDelivered();
    expect(story()).toEqual([]);
  });

  it('a queue below its limit changes nothing', async () => {
    const machine = await press();
    const { gateway, story, running } = await started(machine);
    await gateway.stop();
    for (let n = 1; n < LIMIT - 1; n += 1) await machine.strokes(1000 + n);
    const opened = await machine.running(false);

    await gateway.start();

    await vi.waitFor(() => expect(story()).toEqual([`open ${opened}`]), PATIENCE);
    expect(await running()).toMatchObject({ good: true, value: false });
  });
});

describe('a broker that the gateway left alone for longer than max_offline', () => {
  it('after an absence beyond max_offline an episode stays open while its state is unknown', async () => {
    const machine = await press('\n    max_offline: 1ms');
    const { gateway, story, running } = await started(machine);
    const opened = await machine.running(false);
    await vi.waitFor(() => expect(story()).toEqual([`open ${opened}`]), PATIENCE);
    await gateway.stop();
    await gateway.start();
    await gateway.untilConnected();

    expect(await running()).toMatchObject({
      quality: 'uncertain',
      reason: expect.stringContaining('longer than max_offline (1ms)'),
    });
    const closed = await machine.running(true);
    await vi.waitFor(() => expect(story()).toEqual([`open ${opened}`, `close ${closed}`]), PATIENCE);
  });
});

describe('a broker that was away from the gateway for longer than max_offline', () => {
  it('after an absence of the broker states are unknown, also when the gateway is killed before the broker returns', async () => {
    const machine = await press('\n    max_offline: 5s');
    const { gateway, running } = await started(machine);
    await machine.broker.shutDown();
    // The gateway was alive two seconds ago at most, so only the absence of the broker can be the cause.
    await new Promise(resolve => setTimeout(resolve, 6000));
    await gateway.kill();
    await gateway.start();
    await machine.broker.start();
    await gateway.untilConnected();

    expect(await running()).toMatchObject({
      quality: 'uncertain',
      reason: expect.stringContaining('longer than max_offline (5s)'),
    });
  });
});

describe('a device that sends without acknowledgement', () => {
  it('with QoS 0 an episode stays open after a restart, because its end may have been sent while the gateway was off', async () => {
    const machine = await press();
    const { gateway, story, running } = await started(machine);
    const opened = await machine.running(false, 0);
    await vi.waitFor(() => expect(story()).toEqual([`open ${opened}`]), PATIENCE);
    await gateway.stop();
    await machine.running(true, 0);
    await machine.strokes(1001);

    await gateway.start();
    await gateway.untilConnected();

    expect(await running()).toMatchObject({ good: false });
    const closed = await machine.running(true, 0);
    await vi.waitFor(() => expect(story()).toEqual([`open ${opened}`, `close ${closed}`]), PATIENCE);
    expect(gateway.output()).toContain('let it send with QoS 1');
  });
});
