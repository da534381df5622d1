import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../../src/core/logger.ts';
import { type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { PATIENCE } from '../../support/patience.ts';
import { virtualClock } from '../../support/virtual-clock.ts';
import { recordingSink } from '../recording-sink.ts';
import { adapterFor, cuttableWay, device, live, source } from './support.ts';

const SIGNALS = { 'press1.strokes': { topic: 'press1/strokes', as: 'integer' } };
const KEEP = () => undefined;

describe.each([[5], ['3.1.1']] as const)('mqtt %s session', version => {
  let broker: Mosquitto;
  let machine: Awaited<ReturnType<typeof device>>;

  beforeEach(async () => {
    broker = await startMosquitto({ config: ['max_inflight_messages 100'] });
    machine = await device(broker.url);
  });
  afterEach(async () => {
    await machine[Symbol.asyncDispose]();
    await broker.close();
  });

  const strokes = (value: number) => machine.publishAsync('press1/strokes', String(value), { qos: 1 });
  const values = (life: ReturnType<typeof live>) => life.sink.of('press1.strokes').map(sample => sample.value);

  it('reading goes on while no message is acknowledged', async () => {
    const life = live(adapterFor(source(broker.url, SIGNALS, { version })), recordingSink(KEEP));
    await life.connected();

    for (let value = 1; value <= 50; value += 1) await strokes(value);

    await vi.waitFor(() => expect(values(life)).toHaveLength(50), PATIENCE);
    await life.stop();
  });

  it('a message comes again, with the same identity, when the connection broke before its commit', async () => {
    const way = await cuttableWay(broker.port);
    onTestFinished(way.close);
    const adapter = adapterFor(source(way.url, SIGNALS, { version }));
    const first = live(adapter, recordingSink(KEEP));
    await first.connected();
    for (const value of [1, 2, 3]) await strokes(value);
    await vi.waitFor(() => expect(values(first)).toEqual([1, 2, 3]), PATIENCE);
    const taken = first.sink.batches().map(batch => batch.receipt);

    way.cut();
    expect(await first.ended).toMatch(/^the connection to .* is lost/);
    for (const receipt of taken) receipt?.committed();
    const second = live(adapter);

    await vi.waitFor(() => expect(values(second)).toEqual([1, 2, 3]), PATIENCE);
    const again = second.sink.batches().map(batch => batch.receipt);
    expect(again.map(receipt => receipt?.duplicate)).toEqual([true, true, true]);
    expect(again.map(receipt => [receipt?.packetId, receipt?.hash])).toEqual(
      taken.map(receipt => [receipt?.packetId, receipt?.hash]),
    );
    expect(second.sink.events[0]).toEqual({ kind: 'session', present: true });
    await second.stop();
  });

  it('committed messages do not come again, and are acknowledged in order of receipt', async () => {
    const adapter = adapterFor(source(broker.url, SIGNALS, { version }));
    const first = live(adapter, recordingSink(KEEP));
    await first.connected();
    for (const value of [1, 2, 3, 4]) await strokes(value);
    await vi.waitFor(() => expect(values(first)).toHaveLength(4), PATIENCE);

    const [one, two, , four] = first.sink.batches().map(batch => batch.receipt);
    four?.committed();
    two?.committed();
    one?.committed();
    await first.stop();
    const second = live(adapter);

    // Message 4 was committed, but message 3 before it was not. So the acknowledgement of 4 had to wait and is lost. The journal knows
    // message 4.
    await vi.waitFor(() => expect(values(second)).toEqual([3, 4]), PATIENCE);
    await second.stop();
  });

  it('the acknowledgements of the last commits are sent before the disconnect', async () => {
    const adapter = adapterFor(source(broker.url, SIGNALS, { version }));
    const late = recordingSink(batch => void setTimeout(() => batch.receipt?.committed(), 50));
    const first = live(adapter, late);
    await first.connected();
    await strokes(1);
    await vi.waitFor(() => expect(values(first)).toEqual([1]), PATIENCE);
    expect(await first.stop()).toBe('resolved');

    const second = live(adapter);
    await second.connected();
    await strokes(2);

    await vi.waitFor(() => expect(values(second)).toEqual([2]), PATIENCE);
    await second.stop();
  });

  it('a source reads the queue of its absence and then reports that it is connected', async () => {
    const clock = virtualClock(Date.now());
    const adapter = adapterFor(source(broker.url, SIGNALS, { version }), silentLogger, clock);
    const first = live(adapter);
    await first.connected();
    expect(first.sink.events[0]).toEqual({ kind: 'session', present: false });
    await first.stop();
    for (const value of [1, 2, 3]) await strokes(value);

    const second = live(adapter);
    await vi.waitFor(() => expect(values(second)).toHaveLength(3), PATIENCE);
    await second.quiet(clock);

    expect(second.sink.events.map(event => event.kind)).toEqual([
      'session',
      'catching_up',
      'samples',
      'samples',
      'samples',
      'connected',
    ]);
    expect(values(second)).toEqual([1, 2, 3]);
    await second.stop();
  });

  it('a session survives an orderly restart of the broker', async () => {
    const adapter = adapterFor(source(broker.url, SIGNALS, { version }));
    const first = live(adapter);
    await first.connected();
    await broker.shutDown();
    expect(await first.ended).toMatch(/is lost|ended the connection/);
    await broker.start();
    await using other = await device(broker.url);
    await other.publishAsync('press1/strokes', '7', { qos: 1 });

    const second = live(adapter);

    await vi.waitFor(() => expect(values(second)).toEqual([7]), PATIENCE);
    expect(second.sink.events[0]).toEqual({ kind: 'session', present: true });
    await second.stop();
  });

  it('a new topic of the config is subscribed although the broker kept the session', async () => {
    const before = live(adapterFor(source(broker.url, SIGNALS, { version })));
    await before.connected();
    await before.stop();

    const after = live(adapterFor(source(broker.url, { 'oven2.temp': { topic: 'oven2', as: 'number' } }, { version })));
    await after.connected();
    await strokes(1);
    await machine.publishAsync('oven2', '240.5', { qos: 1 });

    await vi.waitFor(() => expect(after.sink.last('oven2.temp')).toMatchObject({ value: 240.5 }), PATIENCE);
    expect(values(after)).toEqual([]);
    await after.stop();
  });

  it('the broker, or the reading, stops at the limit of unacknowledged messages', async () => {
    const life = live(adapterFor(source(broker.url, SIGNALS, { version, receive_maximum: 5 })), recordingSink(KEEP));
    await life.connected();
    for (let value = 1; value <= 20; value += 1) await strokes(value);
    await vi.waitFor(() => expect(values(life)).toHaveLength(5), PATIENCE);

    for (let done = 0; done < 20; done += 1) {
      await vi.waitFor(() => expect(life.sink.batches().length).toBeGreaterThan(done), PATIENCE);
      expect(life.sink.batches().length).toBeLessThanOrEqual(done + 5);
      life.sink.batches()[done]?.receipt?.committed();
    }

    expect(values(life)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    await life.stop();
  });
});

describe('a slow commit while catching up', () => {
  it('a slow commit ends nothing: the broker goes on after the acknowledgements, and its messages keep their times', async () => {
    const broker = await startMosquitto({ config: ['max_inflight_messages 20'] });
    onTestFinished(broker.close);
    await using machine = await device(broker.url);
    const TIMED = { 'lamp.on': { topic: 'lamp', as: 'bool', json: '$.on', time: '$.ts' } };
    const config = source(broker.url, TIMED, { version: '3.1.1' });
    const clock = virtualClock(Date.now());
    const first = live(adapterFor(config));
    await first.connected();
    await first.stop();
    const twoHoursAgo = clock.now() - 2 * 3_600_000;
    for (let n = 0; n < 60; n += 1)
      await machine.publishAsync('lamp', JSON.stringify({ on: n % 2 === 0, ts: twoHoursAgo + n * 60_000 }), { qos: 1 });

    const commits: (() => void)[] = [];
    const second = live(
      adapterFor(config, silentLogger, clock),
      recordingSink(batch => void commits.push(batch.receipt?.committed ?? KEEP)),
    );
    await vi.waitFor(() => expect(commits).toHaveLength(20), PATIENCE);
    clock.advance(600_000);
    expect(second.sink.events).not.toContainEqual({ kind: 'connected' });
    for (let done = 0; done < 60; done += 1) {
      await vi.waitFor(() => expect(commits.length).toBeGreaterThan(done), PATIENCE);
      commits[done]?.();
    }
    await second.quiet(clock);

    expect(second.sink.batches().map(batch => batch.time)).toEqual(Array.from({ length: 60 }, () => 'source'));
    await second.stop();
  });
});

describe('a source that is never quiet', () => {
  it('a source that is never quiet has caught up with the first message made after the connect', async () => {
    const broker = await startMosquitto();
    onTestFinished(broker.close);
    await using machine = await device(broker.url);
    const TIMED = { 'press1.strokes': { topic: 'press1', as: 'integer', json: '$.n', time: '$.ts' } };
    const config = source(broker.url, TIMED);
    const first = live(adapterFor(config));
    await first.connected();
    await first.stop();
    const publish = () => machine.publishAsync('press1', JSON.stringify({ n: 1, ts: Date.now() }), { qos: 1 });
    for (let n = 0; n < 5; n += 1) await publish();

    const second = live(adapterFor(config));
    const published: Promise<unknown>[] = [];
    const every = setInterval(() => published.push(publish()), 100);
    try {
      await second.connected();
    } finally {
      clearInterval(every);
    }
    await Promise.all(published);
    await second.stop();
  });
});

describe('time of queued mqtt messages', () => {
  const TIMED = { 'press1.running': { topic: 'press1', json: '$.running', time: '$.ts', as: 'bool' } };

  it('after a restart, queued messages keep their own times, and times older than the last commit are replaced by the time of receipt', async () => {
    const broker = await startMosquitto();
    onTestFinished(broker.close);
    await using machine = await device(broker.url);
    const clock = virtualClock(Date.now());
    const hourAgo = clock.now() - 3_600_000;
    const publish = (running: boolean, ts: number) =>
      machine.publishAsync('press1', JSON.stringify({ running, ts }), { qos: 1 });
    const config = source(broker.url, TIMED);
    const before = live(adapterFor(config));
    await before.connected();
    await before.stop();
    await publish(false, hourAgo);

    const adapter = adapterFor(config, silentLogger, clock);
    const after = live(adapter);
    await vi.waitFor(() => expect(after.sink.batches()).toHaveLength(1), PATIENCE);
    await after.quiet(clock);
    await publish(true, clock.now());
    await vi.waitFor(() => expect(after.sink.batches()).toHaveLength(2), PATIENCE);
    await after.stop();
    await publish(false, hourAgo);
    const again = live(adapter);
    await vi.waitFor(() => expect(again.sink.batches()).toHaveLength(1), PATIENCE);

    expect(after.sink.batches()[0]).toMatchObject({ at: hourAgo, time: 'source', samples: [{ sourceAt: hourAgo }] });
    const [old] = again.sink.batches();
    expect(old).toMatchObject({ time: 'received', at: old?.receivedAt });
    await again.stop();
  });
});
