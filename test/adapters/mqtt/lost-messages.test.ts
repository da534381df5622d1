import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AdapterOptions } from '../../../src/adapters/adapter.ts';
import { mqttAdapter } from '../../../src/adapters/mqtt/adapter.ts';
import type { MqttSource } from '../../../src/adapters/mqtt/schema.ts';
import { type Logger, silentLogger } from '../../../src/core/logger.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { PATIENCE } from '../../support/patience.ts';
import { recordingLogger } from '../../support/recording-logger.ts';
import { virtualClock } from '../../support/virtual-clock.ts';
import { adapterFor, cuttableWay, device, type Life, live, source } from './support.ts';

const SIGNALS = {
  'lamp.on': { topic: 'lamp', as: 'bool' },
  'press1.state': { topic: 'press1', json: '$.state', as: 'string', time: '$.ts' },
  'press1.strokes': {
    topic: 'press1',
    json: '$.strokes',
    as: 'integer',
    time: '$.ts',
    counter: { wraps: 'never', max_rate: '60/min' },
  },
};
const LIMIT = 5;
const UNREAD = expect.objectContaining({ message: expect.stringMatching(/^no signal reads this topic/) });
const FULL = /^unknown until the device sends it again: the broker's queue was full: 5 messages came, it keeps 5$/;

function warningsOf(log: ReturnType<typeof recordingLogger>): readonly object[] {
  return log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields);
}

/** A broker with a short queue, a machine, and adapters in virtual time. */
async function plant(options: { readonly queue?: number; readonly more?: object } = {}) {
  const clock = virtualClock(Date.now());
  const broker = await startMosquitto({ config: [`max_queued_messages ${options.queue ?? LIMIT}`] });
  onTestFinished(broker.close);
  const machine = await device(broker.url);
  onTestFinished(() => machine.endAsync(true));
  const config = (url: string) => source(url, SIGNALS, { queue_limit: LIMIT, ...options.more });
  return {
    broker,
    clock,
    config,
    adapter: (log?: Logger, url = broker.url) => adapterFor(config(url), log, clock),
    /** The adapter of the next process. It has the facts of the journal. */
    heir: (known: Pick<AdapterOptions<MqttSource>, 'away' | 'kept'>) =>
      mqttAdapter({ name: 'broker', config: config(broker.url), clock, log: silentLogger, ...known }),
    /** Resolves when the broker has the earlier QoS 0 messages. */
    published: () => machine.publishAsync('nobody', '', { qos: 1 }),
    press: (strokes: number, ts: number) =>
      machine.publishAsync('press1', JSON.stringify({ state: 'run', strokes, ts }), { qos: 1 }),
    lamp: (on: boolean, options: { readonly qos?: 0 | 1; readonly retain?: boolean } = {}) =>
      machine.publishAsync('lamp', String(on), { qos: 1, ...options }),
  };
}

/** Resolves when this many samples of a signal came. */
async function received(life: Life, many: number, signal: keyof typeof SIGNALS = 'press1.strokes'): Promise<void> {
  await vi.waitFor(
    () => expect(life.sink.of(signal).filter(({ quality }) => quality === 'good')).toHaveLength(many),
    PATIENCE,
  );
}

/** Resolves when the broker has reported that it kept the session. */
async function catchingUp(life: Life): Promise<void> {
  await vi.waitFor(() => expect(life.sink.events).toContainEqual({ kind: 'catching_up' }), PATIENCE);
}

describe.each([[5], ['3.1.1']] as const)('mqtt %s messages that a broker dropped', version => {
  it('dropped messages leave states uncertain since the last received message, and counters as they are', async () => {
    const { clock, adapter, press, lamp } = await plant({ more: { version } });
    const log = recordingLogger();
    const plc = adapter(log);
    const first = live(plc);
    await first.connected();
    await first.stop();
    const hourAgo = clock.now() - 3_600_000;
    for (let n = 1; n <= 8; n += 1) await press(n, hourAgo + n * 1000);

    const second = live(plc);
    await received(second, LIMIT);
    await second.quiet(clock);

    expect(second.sink.of('press1.strokes').map(({ value, quality }) => [value, quality])).toEqual([
      [1, 'good'],
      [2, 'good'],
      [3, 'good'],
      [4, 'good'],
      [5, 'good'],
    ]);
    for (const signal of ['press1.state', 'lamp.on'])
      expect(second.sink.last(signal)).toEqual({
        signal,
        value: null,
        quality: 'uncertain',
        reason: expect.stringMatching(FULL),
      });
    expect(second.sink.batches().at(-1)).toMatchObject({ at: hourAgo + 5000, time: 'source' });
    expect(second.sink.events.at(-1)).toEqual({ kind: 'connected' });
    expect(warningsOf(log)).toEqual([
      {
        source: 'broker',
        queued: 5,
        reason: expect.stringContaining('was full'),
        mend: expect.stringContaining('raise'),
      },
    ]);

    await lamp(false);
    await vi.waitFor(
      () => expect(second.sink.last('lamp.on')).toMatchObject({ value: false, quality: 'good' }),
      PATIENCE,
    );
    expect(second.sink.last('press1.state')?.quality).toBe('uncertain');
    await second.stop();
  });

  it('dropped messages leave states uncertain since the end of the queue, whatever the queue holds', async () => {
    const { clock, adapter, press } = await plant({ more: { version } });
    const plc = adapter();
    const first = live(plc);
    await first.connected();
    await first.stop();
    const hourAgo = clock.now() - 3_600_000;
    for (let n = 1; n <= LIMIT; n += 1) await press(n, hourAgo + n * 1000);
    const second = live(plc);
    await received(second, LIMIT);

    clock.advance(500);
    await press(LIMIT + 1, clock.now());
    await received(second, LIMIT + 1);
    await second.quiet(clock);

    expect(second.sink.last('press1.state')?.quality).toBe('uncertain');
    expect(second.sink.batches().at(-1)).toMatchObject({ at: hourAgo + LIMIT * 1000, time: 'source' });
    await second.stop();
  });

  it('dropped messages leave states uncertain since the gateway left when no message has a time', async () => {
    const { clock, adapter, lamp } = await plant({ more: { version } });
    const plc = adapter();
    const first = live(plc);
    await first.connected();
    await first.stop();
    clock.advance(60_000);
    for (let n = 1; n <= LIMIT; n += 1) await lamp(n % 2 === 0);

    const second = live(plc);
    await received(second, LIMIT, 'lamp.on');
    await second.quiet(clock);

    const [queued] = second.sink.batches();
    const doubt = second.sink.batches().at(-1);
    expect(doubt).toMatchObject({
      time: 'received',
      samples: expect.arrayContaining([expect.objectContaining({ quality: 'uncertain' })]),
    });
    expect(doubt?.at).toBeLessThan(queued?.at ?? 0);
    await second.stop();
  });

  it('states that the broker retains are certain again after dropped messages', async () => {
    const { clock, adapter, press, lamp } = await plant({ more: { version } });
    const plc = adapter();
    const first = live(plc);
    await first.connected();
    await first.stop();
    for (let n = 1; n <= LIMIT; n += 1) await press(n, clock.now());
    await lamp(true, { retain: true });

    const second = live(plc);
    await received(second, LIMIT);
    await second.quiet(clock);

    await vi.waitFor(
      () => expect(second.sink.last('lamp.on')).toMatchObject({ value: true, quality: 'good' }),
      PATIENCE,
    );
    expect(second.sink.batches().at(-1)).toMatchObject({ retained: true });
    expect(second.sink.of('lamp.on').map(({ quality }) => quality)).toEqual(['uncertain', 'good']);
    await second.stop();
  });
});

describe('an mqtt queue that was not full', () => {
  it('a queue that was not full leaves every state as it was', async () => {
    const { clock, adapter, press, lamp } = await plant();
    const log = recordingLogger();
    const plc = adapter(log);
    const first = live(plc);
    await first.connected();
    await first.stop();
    for (let n = 1; n <= 3; n += 1) await press(n, clock.now());
    await lamp(true);

    const second = live(plc);
    await received(second, 1, 'lamp.on');
    await second.quiet(clock);

    expect(second.sink.batches()).toHaveLength(4);
    expect(second.sink.batches().flatMap(({ samples }) => samples.map(({ quality }) => quality))).not.toContain(
      'uncertain',
    );
    expect(warningsOf(log)).toEqual([]);
    await second.stop();
  });

  it('a queue still counts as full when the connection broke while it was read', async () => {
    const { broker, clock, adapter, press } = await plant();
    const way = await cuttableWay(broker.port);
    onTestFinished(way.close);
    const plc = adapter(silentLogger, way.url);
    const first = live(plc);
    await first.connected();
    await first.stop();
    for (let n = 1; n <= 3; n += 1) await press(n, clock.now());
    const second = live(plc);
    await received(second, 3);
    way.cut();
    await second.ended;
    for (let n = 4; n <= 5; n += 1) await press(n, clock.now());

    const third = live(plc);
    await vi.waitFor(() => expect(third.sink.last('press1.strokes')?.value).toBe(5), PATIENCE);
    await third.quiet(clock);

    // A message whose acknowledgement was lost on the way comes again, and counts again.
    expect(third.sink.last('press1.state')?.reason).toMatch(/the broker's queue was full: [5-8] messages came/);
    await third.stop();
  });
});

describe('an mqtt queue that is counted', () => {
  /** Four messages were queued. Later messages come while these may still be read. */
  async function afterFour(meanwhile: (machine: Awaited<ReturnType<typeof plant>>, life: Life) => Promise<unknown>) {
    const machine = await plant();
    const plc = machine.adapter();
    const first = live(plc);
    await first.connected();
    await first.stop();
    for (let n = 1; n <= 4; n += 1) await machine.press(n, machine.clock.now() - 60_000);
    const second = live(plc);
    await received(second, 4);
    await meanwhile(machine, second);
    await second.connected();
    await second.stop();
    return second.sink;
  }

  it('the queue counts one more when it is unknown whether a message was queued', async () => {
    const sink = await afterFour(async ({ clock, lamp }, life) => {
      await lamp(true);
      await received(life, 1, 'lamp.on');
      await life.quiet(clock);
    });

    expect(sink.last('lamp.on')?.quality).toBe('uncertain');
  });

  it('the queue counts a message of a topic that no signal reads any more', async () => {
    const { broker, clock, lamp } = await plant();
    const log = recordingLogger();
    const before = live(adapterFor(source(broker.url, { 'old.lamp': { topic: 'lamp', as: 'bool' } })));
    await before.connected();
    await before.stop();
    await lamp(true);
    const { 'lamp.on': _, ...others } = SIGNALS;
    const after = live(adapterFor(source(broker.url, others, { queue_limit: 1 }), log, clock));
    await vi.waitFor(() => expect(log.lines).toContainEqual(UNREAD), PATIENCE);
    await after.quiet(clock);

    expect(after.sink.last('press1.state')?.quality).toBe('uncertain');
    await after.stop();
  });

  it('the queue counts neither QoS 0 messages nor messages made after the connect', async () => {
    const sink = await afterFour(async ({ clock, press, lamp }, life) => {
      // Each one comes within the second of silence that would end the reading; the last comes well over a second after the connect.
      for (let n = 1; n <= 4; n += 1) {
        clock.advance(450);
        await lamp(true, { qos: 0 });
        await received(life, n, 'lamp.on');
      }
      await press(5, clock.now() - 100);
      await received(life, 5);
    });

    expect(sink.of('press1.strokes').map(({ value }) => value)).toEqual([1, 2, 3, 4, 5]);
    expect(sink.of('press1.state').map(({ quality }) => quality)).not.toContain('uncertain');
  });

  it('the queue does not count retained messages', async () => {
    const { clock, adapter, press, lamp } = await plant({ more: { version: '3.1.1' } });
    const first = live(adapter());
    await first.connected();
    await lamp(true, { retain: true });
    await received(first, 1, 'lamp.on');
    await first.stop();
    for (let n = 1; n <= 4; n += 1) await press(n, clock.now() - 60_000);

    const second = live(adapter());
    await received(second, 4);
    await received(second, 1, 'lamp.on');
    await second.quiet(clock);

    expect(second.sink.batches().filter(({ retained }) => retained)).toHaveLength(1);
    expect(second.sink.of('press1.state').map(({ quality }) => quality)).not.toContain('uncertain');
    await second.stop();
  });
});

describe('an mqtt source without queue_limit', () => {
  it.each([
    { queue: 100, warnings: [{ source: 'broker', queued: 100 }] },
    { queue: 101, warnings: [] },
  ])('$queue messages are no certain sign of a full queue', async ({ queue, warnings }) => {
    const { clock, adapter, press } = await plant({ queue, more: { queue_limit: undefined } });
    const log = recordingLogger();
    const plc = adapter(log);
    const first = live(plc);
    await first.connected();
    await first.stop();
    for (let n = 1; n <= queue + 2; n += 1) await press(n, clock.now());

    const second = live(plc);
    await received(second, queue);
    await second.quiet(clock);

    expect(second.sink.of('press1.state')).toHaveLength(queue);
    expect(second.sink.last('press1.state')).toMatchObject({ value: 'run', quality: 'good' });
    expect(warningsOf(log)).toEqual(warnings);
    await second.stop();
  });
});

describe('an mqtt session that was left alone for longer than max_offline', () => {
  it('after an absence beyond max_offline states are uncertain from the start, before the queued messages', async () => {
    const { clock, adapter, heir, press } = await plant({ more: { max_offline: '2h' } });
    const first = live(adapter());
    await first.connected();
    await first.stop();
    const longAgo = clock.now() - 3 * 3_600_000;
    const ts = clock.now() - 3_600_000;
    await press(1, ts);

    const second = live(heir({ away: { since: longAgo, queued: 0 } }));
    await received(second, 1);
    await second.quiet(clock);

    expect(second.sink.batches().map(({ at }) => at)).toEqual([longAgo, ts, ts]);
    expect(second.sink.of('press1.state').map(({ quality }) => quality)).toEqual(['uncertain', 'good', 'uncertain']);
    expect(second.sink.last('lamp.on')?.reason).toMatch(/the gateway was away for 3h, longer than max_offline \(2h\)/);
    await second.stop();
  });

  it('states are certain again after the next short absence', async () => {
    const { clock, adapter, heir } = await plant({ more: { max_offline: '2h' } });
    const first = live(adapter());
    await first.connected();
    await first.stop();
    const plc = heir({ away: { since: clock.now() - 3 * 3_600_000, queued: 0 } });
    const second = live(plc);
    await catchingUp(second);
    await second.quiet(clock);
    await second.stop();

    const third = live(plc);
    await catchingUp(third);
    await third.quiet(clock);

    expect(second.sink.last('lamp.on')?.quality).toBe('uncertain');
    expect(third.sink.batches()).toEqual([]);
    await third.stop();
  });
});

describe('an mqtt state with QoS 0', () => {
  it.each([[5], ['3.1.1']] as const)(
    'a state with QoS 0 is unknown after a break, because nobody kept the later messages (mqtt %s)',
    async version => {
      const { clock, adapter, lamp, published } = await plant({ more: { version } });
      const log = recordingLogger();
      const plc = adapter(log);
      const first = live(plc);
      await first.connected();
      await lamp(true, { qos: 0, retain: true });
      await received(first, 1, 'lamp.on');
      await first.stop();
      await lamp(false, { qos: 0, retain: true });
      await published();

      const second = live(plc);
      await catchingUp(second);
      await second.quiet(clock);

      await received(second, 1, 'lamp.on');
      expect(second.sink.batches()).toMatchObject([{ retained: true, samples: [{ value: false }] }]);
      expect(warningsOf(log)).toEqual([{ source: 'broker', topic: 'lamp' }]);
      await second.stop();
    },
  );

  it.each([
    { kept: [], asked: 1 },
    { kept: ['lamp.on'], asked: 0 },
  ])(
    'a state with QoS 0 is unknown to the next process, unless the journal holds it ($kept)',
    async ({ kept, asked }) => {
      const { clock, adapter, heir, lamp, published, press } = await plant();
      const first = live(adapter());
      await first.connected();
      await first.stop();
      await lamp(true, { qos: 0, retain: true });
      await published();
      const second = live(heir({ kept: new Set(['press1.state', 'press1.strokes', ...kept]) }));
      await catchingUp(second);
      await second.quiet(clock);
      // This message comes after those that the test waits for.
      await press(1, clock.now());
      await received(second, 1);

      expect(second.sink.of('lamp.on')).toHaveLength(asked);
      await second.stop();
    },
  );
});
