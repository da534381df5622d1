import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { mqttAdapter } from '../../../src/adapters/mqtt/adapter.ts';
import { sleep, systemClock } from '../../../src/core/clock.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { adapterFor, cuttableWay, device, live, PATIENCE, source } from './support.ts';

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
const FULL = /^unknown until it is said again: the broker's queue was full: 5 messages came, it keeps 5$/;

function recordingLog() {
  const warnings: object[] = [];
  return { warnings, debug() {}, info() {}, error() {}, warn: (fields: object) => void warnings.push(fields) };
}

async function plant(options: { readonly queue?: number; readonly more?: object } = {}) {
  const broker = await startMosquitto({ config: [`max_queued_messages ${options.queue ?? LIMIT}`] });
  onTestFinished(broker.close);
  const machine = await device(broker.url);
  onTestFinished(() => machine.endAsync(true));
  const config = (url: string) => source(url, SIGNALS, { queue_limit: LIMIT, ...options.more });
  return {
    broker,
    config,
    /** The broker has what was said without acknowledgement before. */
    heard: () => machine.publishAsync('nobody', '', { qos: 1 }),
    press: (strokes: number, ts: number) =>
      machine.publishAsync('press1', JSON.stringify({ state: 'run', strokes, ts }), { qos: 1 }),
    lamp: (on: boolean, options: { readonly qos?: 0 | 1; readonly retain?: boolean } = {}) =>
      machine.publishAsync('lamp', String(on), { qos: 1, ...options }),
  };
}

describe.each([[5], ['3.1.1']] as const)('mqtt %s messages that a broker threw away', version => {
  it('leave states uncertain since the last message that came, and counters as they are', async () => {
    const { broker, config, press, lamp } = await plant({ more: { version } });
    const log = recordingLog();
    const adapter = adapterFor(config(broker.url), log);
    const first = live(adapter);
    await first.connected();
    await first.stop();
    const hourAgo = Date.now() - 3_600_000;
    for (let n = 1; n <= 8; n += 1) await press(n, hourAgo + n * 1000);

    const second = live(adapter);
    await second.connected();

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
    expect(log.warnings).toEqual([
      {
        source: 'broker',
        queued: 5,
        reason: expect.stringContaining('was full'),
        mend: expect.stringContaining('raise'),
      },
    ]);

    await lamp(false);
    await vi.waitFor(() => expect(second.sink.last('lamp.on')).toMatchObject({ value: false, quality: 'good' }));
    expect(second.sink.last('press1.state')?.quality).toBe('uncertain');
    await second.stop();
  });

  it('leave states uncertain since the queue ended, whatever is said while it is read', async () => {
    const { broker, config, press } = await plant({ more: { version } });
    const adapter = adapterFor(config(broker.url));
    const first = live(adapter);
    await first.connected();
    await first.stop();
    const hourAgo = Date.now() - 3_600_000;
    for (let n = 1; n <= LIMIT; n += 1) await press(n, hourAgo + n * 1000);
    const second = live(adapter);
    await vi.waitFor(() => expect(second.sink.of('press1.strokes')).toHaveLength(LIMIT), PATIENCE);

    await press(LIMIT + 1, Date.now());
    await second.connected();

    expect(second.sink.of('press1.strokes')).toHaveLength(LIMIT + 1);
    expect(second.sink.last('press1.state')?.quality).toBe('uncertain');
    expect(second.sink.batches().at(-1)).toMatchObject({ at: hourAgo + LIMIT * 1000, time: 'source' });
    await second.stop();
  });

  it('leave states uncertain since the gateway left when no message tells its time', async () => {
    const { broker, config, lamp } = await plant({ more: { version } });
    const adapter = adapterFor(config(broker.url));
    const first = live(adapter);
    await first.connected();
    await first.stop();
    for (let n = 1; n <= LIMIT; n += 1) await lamp(n % 2 === 0);

    const second = live(adapter);
    await second.connected();

    const [queued] = second.sink.batches();
    const doubt = second.sink.batches().at(-1);
    expect(doubt).toMatchObject({
      time: 'received',
      samples: expect.arrayContaining([expect.objectContaining({ quality: 'uncertain' })]),
    });
    expect(doubt?.at).toBeLessThan(queued?.at ?? 0);
    await second.stop();
  });

  it('are said again by the broker where it retains them', async () => {
    const { broker, config, press, lamp } = await plant({ more: { version } });
    const adapter = adapterFor(config(broker.url));
    const first = live(adapter);
    await first.connected();
    await first.stop();
    for (let n = 1; n <= 5; n += 1) await press(n, Date.now());
    await lamp(true, { retain: true });

    const second = live(adapter);
    await second.connected();

    await vi.waitFor(() => expect(second.sink.last('lamp.on')).toMatchObject({ value: true, quality: 'good' }));
    expect(second.sink.batches().at(-1)).toMatchObject({ retained: true });
    expect(second.sink.of('lamp.on').map(({ quality }) => quality)).toEqual(['uncertain', 'good']);
    await second.stop();
  });
});

describe('an mqtt queue that was not full', () => {
  it('leaves every state as it was said', async () => {
    const { broker, config, press, lamp } = await plant();
    const log = recordingLog();
    const adapter = adapterFor(config(broker.url), log);
    const first = live(adapter);
    await first.connected();
    await first.stop();
    for (let n = 1; n <= 3; n += 1) await press(n, Date.now());
    await lamp(true);

    const second = live(adapter);
    await second.connected();

    expect(second.sink.batches()).toHaveLength(4);
    expect(second.sink.batches().flatMap(({ samples }) => samples.map(({ quality }) => quality))).not.toContain(
      'uncertain',
    );
    expect(log.warnings).toEqual([]);
    await second.stop();
  });

  it('is full all the same when the connection broke while it was read', async () => {
    const { broker, config, press } = await plant();
    const way = await cuttableWay(broker.port);
    onTestFinished(way.close);
    const adapter = adapterFor(config(way.url));
    const first = live(adapter);
    await first.connected();
    await first.stop();
    for (let n = 1; n <= 3; n += 1) await press(n, Date.now());
    const second = live(adapter);
    await vi.waitFor(() => expect(second.sink.of('press1.strokes')).toHaveLength(3), PATIENCE);
    way.cut();
    await second.ended;
    for (let n = 4; n <= 5; n += 1) await press(n, Date.now());

    const third = live(adapter);
    await third.connected();

    // One whose acknowledgement was lost on the way comes again, and counts again.
    expect(third.sink.last('press1.state')?.reason).toMatch(/the broker's queue was full: [5-8] messages came/);
    await third.stop();
  });
});

describe('an mqtt queue that is counted', () => {
  /** Four messages were queued; what is said then comes while they may still be read. */
  async function afterFour(meanwhile: (machine: Awaited<ReturnType<typeof plant>>) => Promise<unknown>) {
    const machine = await plant();
    const adapter = adapterFor(machine.config(machine.broker.url));
    const first = live(adapter);
    await first.connected();
    await first.stop();
    for (let n = 1; n <= 4; n += 1) await machine.press(n, Date.now() - 60_000);
    const second = live(adapter);
    await vi.waitFor(() => expect(second.sink.of('press1.strokes')).toHaveLength(4), PATIENCE);
    await meanwhile(machine);
    await second.connected();
    await second.stop();
    return second.sink;
  }

  it('has one more when it is not known whether a message was queued', async () => {
    const sink = await afterFour(({ lamp }) => lamp(true));

    expect(sink.last('lamp.on')?.quality).toBe('uncertain');
  });

  it('has one more of a topic that no signal reads any more', async () => {
    const { broker, lamp } = await plant();
    const before = live(adapterFor(source(broker.url, { 'old.lamp': { topic: 'lamp', as: 'bool' } })));
    await before.connected();
    await before.stop();
    await lamp(true);
    const { 'lamp.on': _, ...others } = SIGNALS;
    const after = live(adapterFor(source(broker.url, others, { queue_limit: 1 })));
    await after.connected();

    expect(after.sink.last('press1.state')?.quality).toBe('uncertain');
    await after.stop();
  });

  it('has none more of a message that no queue holds, and of one made after the connect', async () => {
    const sink = await afterFour(async ({ press, lamp }) => {
      // Each within the second of silence that would end the reading; the last well over a second after the connect.
      for (let n = 0; n < 4; n += 1) {
        await sleep(systemClock(), 450);
        await lamp(true, { qos: 0 });
      }
      await press(5, Date.now() - 100);
    });

    expect(sink.of('press1.strokes').map(({ value }) => value)).toEqual([1, 2, 3, 4, 5]);
    expect(sink.of('press1.state').map(({ quality }) => quality)).not.toContain('uncertain');
  });

  it('has none more of what the broker retains', async () => {
    const { broker, config, press, lamp } = await plant({ more: { version: '3.1.1' } });
    const first = live(adapterFor(config(broker.url)));
    await first.connected();
    await lamp(true, { retain: true });
    await vi.waitFor(() => expect(first.sink.of('lamp.on')).toHaveLength(1), PATIENCE);
    await first.stop();
    for (let n = 1; n <= 4; n += 1) await press(n, Date.now() - 60_000);

    const second = live(adapterFor(config(broker.url)));
    await second.connected();

    expect(second.sink.batches().filter(({ retained }) => retained)).toHaveLength(1);
    expect(second.sink.of('press1.state').map(({ quality }) => quality)).not.toContain('uncertain');
    await second.stop();
  });
});

describe('an mqtt source without queue_limit', () => {
  it.each([
    { queue: 100, warnings: [{ source: 'broker', queued: 100 }] },
    { queue: 101, warnings: [] },
  ])('takes $queue messages of a full queue for no certain sign', async ({ queue, warnings }) => {
    const { broker, config, press } = await plant({ queue, more: { queue_limit: undefined } });
    const log = recordingLog();
    const adapter = adapterFor(config(broker.url), log);
    const first = live(adapter);
    await first.connected();
    await first.stop();
    for (let n = 1; n <= queue + 2; n += 1) await press(n, Date.now());

    const second = live(adapter);
    await second.connected();

    expect(second.sink.of('press1.state')).toHaveLength(queue);
    expect(second.sink.last('press1.state')).toMatchObject({ value: 'run', quality: 'good' });
    expect(log.warnings).toEqual(warnings);
    await second.stop();
  });
});

describe('an mqtt session that was left alone for longer than max_offline', () => {
  const LONG_AGO = Date.now() - 3 * 3_600_000;

  it('leaves states uncertain from the start, before what was queued', async () => {
    const { broker, config, press } = await plant({ more: { max_offline: '2h' } });
    const first = live(adapterFor(config(broker.url)));
    await first.connected();
    await first.stop();
    const ts = Date.now() - 3_600_000;
    await press(1, ts);
    const adapter = mqttAdapter({
      name: 'broker',
      config: config(broker.url),
      clock: systemClock(),
      log: recordingLog(),
      away: { since: LONG_AGO, queued: 0 },
    });

    const second = live(adapter);
    await second.connected();

    expect(second.sink.batches().map(({ at }) => at)).toEqual([LONG_AGO, ts, ts]);
    expect(second.sink.of('press1.state').map(({ quality }) => quality)).toEqual(['uncertain', 'good', 'uncertain']);
    expect(second.sink.last('lamp.on')?.reason).toMatch(
      /the gateway was away for 3h\w*, longer than max_offline \(2h\)/,
    );
    await second.stop();
  });

  it('is certain again the next time, after a short absence', async () => {
    const { broker, config } = await plant({ more: { max_offline: '2h' } });
    const first = live(adapterFor(config(broker.url)));
    await first.connected();
    await first.stop();
    const adapter = mqttAdapter({
      name: 'broker',
      config: config(broker.url),
      clock: systemClock(),
      log: recordingLog(),
      away: { since: LONG_AGO, queued: 0 },
    });
    const second = live(adapter);
    await second.connected();
    await second.stop();

    const third = live(adapter);
    await third.connected();

    expect(second.sink.last('lamp.on')?.quality).toBe('uncertain');
    expect(third.sink.batches()).toEqual([]);
    await third.stop();
  });
});

describe('an mqtt state that was said without acknowledgement', () => {
  it.each([[5], ['3.1.1']] as const)(
    'is asked for again after a break, when nobody kept what came since (mqtt %s)',
    async version => {
      const { broker, config, lamp, heard } = await plant({ more: { version } });
      const log = recordingLog();
      const adapter = adapterFor(config(broker.url), log);
      const first = live(adapter);
      await first.connected();
      await lamp(true, { qos: 0, retain: true });
      await vi.waitFor(() => expect(first.sink.last('lamp.on')?.value).toBe(true), PATIENCE);
      await first.stop();
      await lamp(false, { qos: 0, retain: true });
      await heard();

      const second = live(adapter);

      await vi.waitFor(() => expect(second.sink.last('lamp.on')?.value).toBe(false), PATIENCE);
      expect(second.sink.batches()).toMatchObject([{ retained: true }]);
      expect(log.warnings).toEqual([{ source: 'broker', topic: 'lamp' }]);
      await second.stop();
    },
  );

  it.each([
    { kept: [], asked: 1 },
    { kept: ['lamp.on'], asked: 0 },
  ])('is asked for by the next process, unless the journal holds it ($kept)', async ({ kept, asked }) => {
    const { broker, config, lamp, heard, press } = await plant();
    const first = live(adapterFor(config(broker.url)));
    await first.connected();
    await first.stop();
    await lamp(true, { qos: 0, retain: true });
    await heard();
    const known = new Set(['press1.state', 'press1.strokes', ...kept]);
    const options = { name: 'broker', config: config(broker.url), clock: systemClock(), log: recordingLog() };
    const second = live(mqttAdapter({ ...options, kept: known }));
    await second.connected();
    // Comes after what was asked for.
    await press(1, Date.now());
    await vi.waitFor(() => expect(second.sink.of('press1.state')).toHaveLength(1), PATIENCE);

    expect(second.sink.of('lamp.on')).toHaveLength(asked);
    await second.stop();
  });
});
