import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { mqttAdapter } from '../../../src/adapters/mqtt/adapter.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { type Logger, silentLogger } from '../../../src/core/logger.ts';
import { Secret } from '../../../src/core/secret.ts';
import { type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { PATIENCE } from '../../support/patience.ts';
import { adapterFor, device, live, source } from './support.ts';

describe('mqtt adapter', () => {
  let broker: Mosquitto;
  beforeAll(async () => {
    broker = await startMosquitto();
  });
  afterAll(() => broker.close());

  async function connected(clientId: string, signals: object, more: object = {}, log?: Logger) {
    const life = live(adapterFor({ ...source(broker.url, signals, more), client_id: clientId }, log));
    onTestFinished(async () => {
      await life.stop();
    });
    await life.connected();
    return life.sink;
  }

  it('all fields of one message are one batch', async () => {
    const sink = await connected('fields', {
      'oven2.temp': { topic: 'oven2/state', json: '$.temp', as: 'number' },
      'oven2.open': { topic: 'oven2/state', json: '$.door', as: 'bool', map: { OPEN: true, SHUT: false } },
      'oven2.fault': { topic: 'oven2/state', json: '$.fault', as: 'number' },
    });
    await using machine = await device(broker.url);

    await machine.publishAsync('oven2/state', '{"temp": 240.5, "door": "OPEN"}', { qos: 1 });

    await vi.waitFor(() => expect(sink.batches()).toHaveLength(1), PATIENCE);
    expect(sink.batches()[0]?.samples).toEqual([
      { signal: 'oven2.temp', value: 240.5, quality: 'good' },
      { signal: 'oven2.open', value: true, quality: 'good' },
      { signal: 'oven2.fault', value: null, quality: 'bad', reason: '$.fault matches nothing' },
    ]);
  });

  it('a wildcard topic is read, and a message that matches two topics counts once', async () => {
    const sink = await connected('wild', {
      'cell7.last': { topic: 'cell7/+/state', as: 'string' },
      'cell7.r3': { topic: 'cell7/r3/state', as: 'string' },
    });
    await using machine = await device(broker.url);

    await machine.publishAsync('cell7/r3/state', 'run', { qos: 1 });
    await machine.publishAsync('cell7/r4/state', 'end', { qos: 1 });

    await vi.waitFor(() => expect(sink.last('cell7.last')).toMatchObject({ value: 'end' }), PATIENCE);
    expect(sink.batches().map(batch => batch.samples.map(sample => sample.signal).toSorted())).toEqual([
      ['cell7.last', 'cell7.r3'],
      ['cell7.last'],
    ]);
  });

  it('a retained message is marked, and the live one after it is not', async () => {
    await using machine = await device(broker.url);
    await machine.publishAsync('lamp', 'true', { qos: 1, retain: true });
    const sink = await connected('retained', { 'lamp.on': { topic: 'lamp', as: 'bool' } });
    await vi.waitFor(() => expect(sink.batches()).toHaveLength(1), PATIENCE);

    await machine.publishAsync('lamp', 'false', { qos: 1, retain: true });

    await vi.waitFor(() => expect(sink.batches()).toHaveLength(2), PATIENCE);
    expect(sink.batches().map(batch => batch.retained ?? false)).toEqual([true, false]);
  });

  it('a payload time within max_skew is used, and one beyond it is logged once', async () => {
    const warnings: object[] = [];
    const log = { debug() {}, info() {}, error() {}, warn: (fields: object) => void warnings.push(fields) };
    const sink = await connected('timed', { 'p.run': { topic: 'p', json: '$.v', time: '$.t', as: 'bool' } }, {}, log);
    await using machine = await device(broker.url);
    const near = Date.now() - 60_000;
    const far = Date.now() - 600_000;

    for (const t of [near, far, far + 1]) await machine.publishAsync('p', JSON.stringify({ v: true, t }), { qos: 1 });

    await vi.waitFor(() => expect(sink.batches()).toHaveLength(3), PATIENCE);
    expect(sink.batches()[0]).toMatchObject({ at: near, time: 'source' });
    expect(sink.batches()[1]).toMatchObject({ time: 'received', samples: [{ value: true, quality: 'good' }] });
    expect(sink.batches()[1]?.samples[0]).not.toHaveProperty('sourceAt');
    expect(warnings).toHaveLength(1);
  });

  it('a QoS 0 message has no receipt', async () => {
    const sink = await connected('qos0', { 'q.v': { topic: 'q', as: 'number' } });
    await using machine = await device(broker.url);

    await machine.publishAsync('q', '1', { qos: 0 });

    await vi.waitFor(() => expect(sink.batches()).toHaveLength(1), PATIENCE);
    expect(sink.batches()[0]).not.toHaveProperty('receipt');
  });

  it('another client with the same client_id is reported', async () => {
    const life = live(adapterFor(source(broker.url, { 'a.b': { topic: 'a', as: 'number' } }, { client_id: 'twice' })));
    await life.connected();

    await using _other = await device(broker.url, { clientId: 'twice', protocolVersion: 5 });

    expect(await life.ended).toMatch(/ is lost: .* another client has the same client_id$/);
  });

  it('TLS on a plain port is reported with its correction', async () => {
    const life = live(
      adapterFor(source(broker.url.replace('mqtt:', 'mqtts:'), { 'a.b': { topic: 'a', as: 'number' } })),
    );

    expect(await life.ended).toMatch(/^mqtts:\/\/127\.0\.0\.1:\d+ .*(check url:|check whether this port speaks TLS)/);
  });

  it('an unreadable certificate file is named', async () => {
    const config = source(
      'mqtts://127.0.0.1:8883',
      { 'a.b': { topic: 'a', as: 'number' } },
      { tls: { ca: 'no-such.pem' } },
    );

    expect(await live(adapterFor(config)).ended).toMatch(/^tls\.ca can't be read: ENOENT.*no-such\.pem/);
  });
});

describe('mqtt adapter that is refused', () => {
  it.each([[5], ['3.1.1']] as const)('an unknown login is reported clearly (%s)', async version => {
    const guarded = await startMosquitto({
      config: ['allow_anonymous false', 'password_file $DIR/users'],
      files: { users: '' },
    });
    onTestFinished(guarded.close);
    const config = source(
      guarded.url,
      { 'a.b': { topic: 'a', as: 'number' } },
      { version, login: { user: 'gateway', password: new Secret('press-lube-9') } },
    );

    const reason = await live(adapterFor(config)).ended;

    expect(reason).toMatch(
      /refuses the connection: (user or password are wrong; check login:|this user may not do that)/,
    );
    expect(reason).not.toContain('press-lube-9');
  });

  it('a refused topic gives bad samples with its name, and the others go on', async () => {
    const broker = await scriptedBroker({ subscribe: [1, 0x87] });
    const errors: object[] = [];
    const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => void errors.push(fields) };
    const signals = { 'a.b': { topic: 'open', as: 'number' }, 'c.d': { topic: 'secret/+', as: 'number' } };
    const life = live(adapterFor(source(broker, signals), log));

    await life.connected();

    expect(life.sink.batches().flatMap(batch => batch.samples)).toEqual([
      {
        signal: 'c.d',
        value: null,
        quality: 'bad',
        reason: `${broker} refuses topic secret/+: this user may not do that; ask the administrator of the broker for the right`,
      },
    ]);
    expect(errors).toEqual([expect.objectContaining({ topic: 'secret/+' })]);
    await life.stop();
  });

  it('a refused topic stays bad where messages may be lost as well', async () => {
    const broker = await scriptedBroker({ sessionPresent: true, subscribe: [1, 0x87] });
    const signals = { 'a.b': { topic: 'open', as: 'number' }, 'c.d': { topic: 'secret', as: 'number' } };
    const config = source(broker, signals, { max_offline: '1h' });
    const lastAlive = Date.now() - 2 * 3_600_000;
    const life = live(
      mqttAdapter({
        name: 'broker',
        config,
        clock: systemClock(),
        log: silentLogger,
        away: { since: lastAlive, queued: 0 },
      }),
    );

    await life.connected();

    expect(life.sink.last('a.b')).toMatchObject({ quality: 'uncertain' });
    expect(life.sink.last('c.d')).toMatchObject({ quality: 'bad', reason: expect.stringContaining('refuses topic') });
    await life.stop();
  });

  it('the reason why the broker ended the connection is reported', async () => {
    const broker = await scriptedBroker({ subscribe: [1], after: Buffer.from([0xe0, 2, 0x8e, 0]) });
    const life = live(adapterFor(source(broker, { 'a.b': { topic: 'a', as: 'number' } })));

    expect(await life.ended).toBe(
      `${broker} ended the connection: another client connected with the same client_id; each client needs its own`,
    );
  });

  it('states are unknown after another client had the session', async () => {
    const broker = await scriptedBroker({
      sessionPresent: true,
      subscribe: [1],
      after: Buffer.from([0xe0, 2, 0x8e, 0]),
    });
    const adapter = adapterFor(source(broker, { 'a.b': { topic: 'a', as: 'number' } }));
    const first = live(adapter);
    await first.ended;
    expect(first.sink.of('a.b')).toEqual([]);

    const second = live(adapter);
    await second.ended;

    expect(second.sink.last('a.b')).toMatchObject({
      quality: 'uncertain',
      reason: expect.stringContaining('another client had the same client_id'),
    });
  });

  it.each([
    [0x84, 'it does not speak this MQTT version; write version: 3.1.1'],
    [0x85, 'it does not take this client_id; ask the administrator of the broker which names it allows'],
    [0x97, 'a quota is used up; ask the administrator of the broker'],
    [0xb0, 'it gives reason code 176'],
  ])('the reason of a refused connection is reported (%i)', async (code, why) => {
    const broker = await scriptedBroker({ connack: code });

    const life = live(adapterFor(source(broker, { 'a.b': { topic: 'a', as: 'number' } })));

    expect(await life.ended).toBe(`${broker} refuses the connection: ${why}`);
  });

  it('a connection whose data is not MQTT ends', async () => {
    const broker = await scriptedBroker({ greeting: Buffer.from('SSH-2.0-OpenSSH_9.2\r\n') });

    expect(await live(adapterFor(source(broker, { 'a.b': { topic: 'a', as: 'number' } }))).ended).toMatch(
      /can't be reached|without an answer/,
    );
  });
});

type Script = {
  greeting?: Buffer;
  sessionPresent?: boolean;
  connack?: number;
  subscribe?: readonly number[];
  after?: Buffer;
};

/** A server that answers like an MQTT 5 broker, with the given codes. No real broker gives these answers on demand. */
async function scriptedBroker(script: Script): Promise<string> {
  const { greeting, sessionPresent = false, connack = 0, subscribe = [], after } = script;
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy());
    if (greeting) {
      socket.write(greeting);
      return;
    }
    socket.on('data', packet => {
      const kind = packet.readUInt8(0);
      if (kind === 0x10) socket.write(Buffer.from([0x20, 3, sessionPresent ? 1 : 0, connack, 0]));
      if (kind === 0x82) {
        socket.write(
          Buffer.from([0x90, 3 + subscribe.length, packet.readUInt8(2), packet.readUInt8(3), 0, ...subscribe]),
        );
        if (after) socket.write(after);
      }
      if (kind === 0xe0) socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
