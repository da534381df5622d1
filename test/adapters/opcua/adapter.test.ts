import { describe, expect, it, vi } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { startBreakableProxy } from '../../support/breakable-proxy.ts';
import { type MovableClock, movableClock } from '../../support/movable-clock.ts';
import { type OpcuaNode, startOpcuaServer } from '../../support/opcua.ts';
import { PATIENCE } from '../../support/patience.ts';
import { runLife, source } from './support.ts';

const NODE: OpcuaNode = { id: 's="Press1"."Strokes"', type: 'UInt32', value: 1 };
const STROKES = { 'press1.strokes': { node: NODE.id, as: 'uint32' } };

/** For the adapter only. The keep-alives of the server come less often, so only changes keep the watchdog quiet. */
async function passAMinute(
  clock: MovableClock,
  server: Awaited<ReturnType<typeof startOpcuaServer>>,
  { sink }: ReturnType<typeof runLife>,
): Promise<void> {
  for (let strokes = 2; strokes < 15; strokes += 1) {
    clock.advance(5000);
    await server.set({ ...NODE, value: strokes });
    await vi.waitFor(() => expect(sink.last('press1.strokes')).toMatchObject({ value: strokes }), PATIENCE);
  }
}

describe('OPC UA connection', () => {
  it('OPC UA finds its namespace at any index, and reads every kind of node', async () => {
    await using server = await startOpcuaServer({
      namespacesBefore: 3,
      nodes: [
        { id: 's=run', type: 'Boolean', value: true },
        { id: 's=recipe', type: 'UInt16', value: 12 },
        { id: 's=total', type: 'UInt64', value: [0x0020_0000, 1] },
        { id: 's=temp', type: 'Float', value: 12.5 },
        { id: 's=order', type: 'String', value: 'P-110' },
        { id: 's=broken', type: 'Double', value: 'NaN' },
      ],
    });
    await using life = runLife(
      source(server.endpoint, {
        'm.run': 's=run',
        'm.recipe': { node: 'nsu=urn:test:plc;s=recipe', as: 'uint16' },
        'm.total': { node: 's=total', as: 'uint64' },
        'm.temp': { node: 's=temp', as: 'number' },
        'm.order': { node: 's=order', as: 'string' },
        'm.broken': { node: 's=broken', as: 'float64' },
      }),
    );

    // The server may send its first values in more than one notification.
    await vi.waitFor(() => {
      const samples = life.sink.batches().flatMap(batch => batch.samples);
      expect(samples.map(({ signal, value, quality }) => [signal, value, quality])).toEqual([
        ['m.run', true, 'good'],
        ['m.recipe', 12, 'good'],
        ['m.total', 2n ** 53n + 1n, 'good'],
        ['m.temp', 12.5, 'good'],
        ['m.order', 'P-110', 'good'],
        ['m.broken', null, 'bad'],
      ]);
    }, PATIENCE);
  });

  it('a repeated NaN is one bad reading', async () => {
    const broken: OpcuaNode = { id: 's=broken', type: 'Double', value: 'NaN' };
    await using server = await startOpcuaServer({ nodes: [NODE, broken] });
    await using life = runLife(
      source(server.endpoint, {
        ...STROKES,
        'm.broken': { node: broken.id, as: 'float64', sampling: '0ms' },
      }),
    );
    await vi.waitFor(() => expect(life.sink.last('m.broken')).toMatchObject({ quality: 'bad' }), PATIENCE);

    await server.set(broken, broken, broken, { ...NODE, value: 2 });
    await vi.waitFor(() => expect(life.sink.last('press1.strokes')).toMatchObject({ value: 2 }), PATIENCE);
    expect(life.sink.of('m.broken')).toHaveLength(1);

    await server.set({ ...broken, value: 1 }, broken);
    await vi.waitFor(
      () => expect(life.sink.of('m.broken').map(({ value }) => value)).toEqual([null, 1, null]),
      PATIENCE,
    );
  });

  it('a counter that is a float is warned about once', async () => {
    const strokes: OpcuaNode = { id: 's=strokes', type: 'Float', value: 1 };
    const temp: OpcuaNode = { id: 's=temp', type: 'Float', value: 20 };
    await using server = await startOpcuaServer({ nodes: [strokes, temp, NODE] });
    const counter = { wraps: 'never', max_rate: '60/min' };
    await using life = runLife(
      source(server.endpoint, {
        'm.strokes': { node: strokes.id, as: 'number', counter },
        'm.temp': { node: temp.id, as: 'number' },
        'm.whole': { node: NODE.id, as: 'number', counter },
      }),
    );
    await vi.waitFor(() => expect(life.sink.last('m.strokes')).toMatchObject({ value: 1 }), PATIENCE);
    await server.set({ ...strokes, value: 2 });
    await vi.waitFor(() => expect(life.sink.last('m.strokes')).toMatchObject({ value: 2 }), PATIENCE);
    for (const signal of ['m.temp', 'm.whole'])
      await vi.waitFor(() => expect(life.sink.last(signal)).toMatchObject({ quality: 'good' }), PATIENCE);

    expect(life.log.lines.filter(({ message }) => message.includes('float'))).toMatchObject([
      {
        level: 'warn',
        fields: { signal: 'm.strokes' },
        message: expect.stringContaining("a 32-bit float can't count by ones beyond 16,777,216"),
      },
    ]);
  });

  it('OPC UA reads single elements of arrays, dates and translated text', async () => {
    const stations: OpcuaNode = { id: 's=stations', type: 'UInt16', value: [10, 11, 12, 13] };
    await using server = await startOpcuaServer({
      nodes: [
        stations,
        { id: 's=run', type: 'Boolean', value: [false, true] },
        { id: 's=since', type: 'DateTime', value: '2026-03-02T13:01:00.000Z' },
        { id: 's=text', type: 'LocalizedText', value: 'Presse 1   ' },
      ],
    });
    await using life = runLife(
      source(server.endpoint, {
        'st3.count': { node: stations.id, index: 3, as: 'uint16' },
        'st1.run': { node: 's=run', index: 1 },
        'm.since': { node: 's=since', as: 'string' },
        'm.text': { node: 's=text', as: 'string' },
        'st9.count': { node: stations.id, index: 9, as: 'uint16' },
        'm.whole': { node: stations.id, as: 'uint16' },
      }),
    );
    await vi.waitFor(() => {
      for (const signal of ['st3.count', 'st1.run', 'm.since', 'm.text', 'st9.count', 'm.whole'])
        expect(life.sink.last(signal)).toBeDefined();
    }, PATIENCE);

    expect(life.sink.last('st3.count')).toMatchObject({ value: 13, quality: 'good' });
    expect(life.sink.last('st1.run')).toMatchObject({ value: true, quality: 'good' });
    expect(life.sink.last('m.since')).toMatchObject({ value: '2026-03-02T13:01:00.000Z' });
    expect(life.sink.last('m.text')).toMatchObject({ value: 'Presse 1' });
    expect(life.sink.last('st9.count')?.reason).toContain('the array has no element 9');
    expect(life.sink.last('m.whole')?.reason).toBe('the node is an array of 4; write index: 0 for its first element');

    await server.set({ ...stations, value: [10, 11, 12, 14] });
    await vi.waitFor(() => expect(life.sink.last('st3.count')).toMatchObject({ value: 14 }), PATIENCE);
    await server.set({ ...stations, value: [10] });
    await vi.waitFor(() => expect(life.sink.last('st3.count')).toMatchObject({ quality: 'bad' }), PATIENCE);
  });

  it.each([
    ['says how many', true],
    ['only refuses larger requests', false],
  ])('all signals are read from a server that takes few items in one request and %s', async (_, saysLimits) => {
    const ids = Array.from({ length: 23 }, (_, index) => `s=n${index}`);
    await using server = await startOpcuaServer({
      nodes: ids.map((id, value): OpcuaNode => ({ id, type: 'Int32', value })),
      itemsPerRequest: 5,
      saysLimits,
    });
    await using life = runLife(
      source(server.endpoint, Object.fromEntries(ids.map((id, index) => [`m.n${index}`, { node: id, as: 'int32' }]))),
    );

    await vi.waitFor(() => {
      for (const [index] of ids.entries())
        expect(life.sink.last(`m.n${index}`)).toMatchObject({ value: index, quality: 'good' });
    }, PATIENCE);
    expect(life.log.lines.filter(line => line.level === 'warn')).toEqual([]);
  });

  it('only wrong signals are bad, with a clear reason, and a node that comes later is found', async () => {
    await using server = await startOpcuaServer({ nodes: [NODE] });
    const clock = movableClock();
    await using life = runLife(
      source(server.endpoint, {
        ...STROKES,
        'm.gone': 's="Press1"."FaultWrd"',
        'm.nowhere': 'nsu=urn:other;s=x',
        'm.narrow': { node: NODE.id, as: 'uint16' },
      }),
      clock,
    );
    await vi.waitFor(() => {
      for (const signal of ['press1.strokes', 'm.gone', 'm.nowhere', 'm.narrow'])
        expect(life.sink.last(signal)).toBeDefined();
    }, PATIENCE);

    expect(life.sink.last('press1.strokes')).toMatchObject({ value: 1, quality: 'good' });
    expect(life.sink.last('m.gone')).toMatchObject({
      value: null,
      quality: 'bad',
      reason: expect.stringContaining('does not know nsu=urn:test:plc;s="Press1"."FaultWrd" (BadNodeIdUnknown)'),
    });
    expect(life.sink.last('m.nowhere')?.reason).toContain('the server has no namespace of nsu=urn:other;s=x');
    expect(life.sink.last('m.narrow')?.reason).toBe('the node is uint32; write as: uint32');
    expect(life.log.lines.filter(line => line.level === 'warn').length).toBe(3);

    await server.add({ id: 's="Press1"."FaultWrd"', type: 'Boolean', value: true });

    await passAMinute(clock, server, life);
    await vi.waitFor(() => expect(life.sink.last('m.gone')).toMatchObject({ value: true, quality: 'good' }), PATIENCE);
  });

  it('a node that a download removed and restored is found again', async () => {
    const gone: OpcuaNode = { id: 's=fault', type: 'UInt16', value: 1 };
    await using server = await startOpcuaServer({ nodes: [NODE, gone] });
    const clock = movableClock();
    await using life = runLife(
      source(server.endpoint, { ...STROKES, 'm.fault': { node: gone.id, as: 'uint16' } }),
      clock,
    );
    await vi.waitFor(() => expect(life.sink.last('m.fault')).toMatchObject({ value: 1 }), PATIENCE);
    await server.remove(gone.id);
    await vi.waitFor(() => expect(life.sink.last('m.fault')).toMatchObject({ quality: 'bad' }), PATIENCE);
    await server.add({ ...gone, value: 7 });

    await passAMinute(clock, server, life);
    await vi.waitFor(() => expect(life.sink.last('m.fault')).toMatchObject({ value: 7, quality: 'good' }), PATIENCE);
    await server.set({ ...gone, value: 8 });
    await vi.waitFor(
      () => expect(life.sink.of('m.fault').map(({ value }) => value)).toEqual([1, null, 7, 8]),
      PATIENCE,
    );
    expect(life.sink.events.filter(event => event.kind === 'connected')).toHaveLength(1);
  });

  it('quality, source time and a queue overflow are passed on', async () => {
    await using server = await startOpcuaServer({ nodes: [NODE] });
    await using life = runLife(source(server.endpoint, STROKES));
    await vi.waitFor(() => expect(life.sink.last('press1.strokes')).toBeDefined(), PATIENCE);
    const at = Date.now() - 2000;

    await server.set({ ...NODE, value: 2, status: 'UncertainLastUsableValue', at });
    await vi.waitFor(
      () => expect(life.sink.last('press1.strokes')).toMatchObject({ value: 2, quality: 'uncertain', sourceAt: at }),
      PATIENCE,
    );
    await server.set({ ...NODE, value: 3, status: 'BadNoCommunication' });
    await vi.waitFor(
      () =>
        expect(life.sink.last('press1.strokes')).toMatchObject({
          value: null,
          quality: 'bad',
          reason: 'the server says BadNoCommunication',
        }),
      PATIENCE,
    );
    await server.set({ ...NODE, value: 4, overflow: true });
    await vi.waitFor(
      () => expect(life.sink.last('press1.strokes')).toMatchObject({ value: 4, quality: 'good' }),
      PATIENCE,
    );

    expect(life.sink.last('press1.strokes')?.reason).toContain('overflowed');
    expect(life.log.lines.map(line => line.message)).toContain(
      'OPC UA queue overflowed: changes are lost; raise queue',
    );
  });

  it('a server with a slower sampling rate is logged once', async () => {
    const slow = ['s=a', 's=b'].map((id): OpcuaNode => ({ id, type: 'Boolean', value: true, sampling: 2000 }));
    await using server = await startOpcuaServer({ nodes: [NODE, ...slow] });
    await using life = runLife(source(server.endpoint, { ...STROKES, 'm.a': 's=a', 'm.b': 's=b' }));

    await vi.waitFor(() => expect(life.sink.last('m.b')).toBeDefined(), PATIENCE);

    expect(life.log.lines.filter(line => line.level === 'warn')).toEqual([
      expect.objectContaining({
        message: expect.stringContaining('changes in between are lost'),
        fields: { source: 'plc', signals: 2, signal: 'm.a', sampling: '2000 ms of 50', queue: '10 of 10' },
      }),
    ]);
  });

  it('every change is a step of its own, at the time of the source', async () => {
    await using server = await startOpcuaServer({ nodes: [NODE] });
    await using life = runLife(
      source(
        server.endpoint,
        { 'press1.strokes': { node: NODE.id, as: 'uint32', sampling: '0ms' } },
        { clock: 'source', publishing: '500ms' },
      ),
    );
    await vi.waitFor(() => expect(life.sink.last('press1.strokes')).toBeDefined(), PATIENCE);
    const at = Date.now() - 5000;

    await server.set(
      { ...NODE, value: 2, at },
      { ...NODE, value: 3, at: at + 100 },
      { ...NODE, value: 4, at: at + 200 },
    );

    await vi.waitFor(() => expect(life.sink.last('press1.strokes')).toMatchObject({ value: 4 }), PATIENCE);
    expect(
      life.sink
        .batches()
        .slice(-3)
        .map(batch => [batch.at - at, batch.time, batch.samples[0]?.value]),
    ).toEqual([
      [0, 'source', 2],
      [100, 'source', 3],
      [200, 'source', 4],
    ]);
  });

  it('a short break of the connection loses no change', async () => {
    await using server = await startOpcuaServer({ nodes: [NODE] });
    await using proxy = await startBreakableProxy(server.port);
    await using life = runLife(
      source(`opc.tcp://127.0.0.1:${proxy.port}`, {
        'press1.strokes': { node: NODE.id, as: 'uint32', sampling: '0ms' },
      }),
    );
    await vi.waitFor(() => expect(life.sink.last('press1.strokes')).toBeDefined(), PATIENCE);

    proxy.breakAll();
    await server.set(...[2, 3, 4].map(value => ({ ...NODE, value })));

    await vi.waitFor(() => expect(life.sink.last('press1.strokes')).toMatchObject({ value: 4 }), PATIENCE);
    expect(life.sink.of('press1.strokes').map(sample => sample.value)).toEqual([1, 2, 3, 4]);
    expect(await server.sessions()).toBe(1);
    expect(life.sink.events.filter(event => event.kind === 'connected').length).toBe(1);
  });

  it('a silent server is given up, although the connection stands', async () => {
    await using server = await startOpcuaServer({ nodes: [NODE] });
    const clock = movableClock();
    await using life = runLife(source(server.endpoint, STROKES), clock);
    await vi.waitFor(() => expect(life.sink.last('press1.strokes')).toBeDefined(), PATIENCE);

    server.freeze();
    // This time includes the farewell, which the server does not answer.
    const passing = setInterval(() => clock.advance(1000), 10);

    expect(await life.ended).toContain('the server has sent nothing for 15 s');
    clearInterval(passing);
  });

  it('a stopped source ends its session', async () => {
    await using server = await startOpcuaServer({ nodes: [NODE] });
    const life = runLife(source(server.endpoint, STROKES));
    await vi.waitFor(() => expect(life.sink.last('press1.strokes')).toBeDefined(), PATIENCE);
    expect(await server.sessions()).toBe(1);

    expect(await life.stop()).toBe('resolved');

    expect(await server.sessions()).toBe(0);
  });

  it.each([
    [
      'a wrong password',
      { user: 'gateway', password: new Secret('not-the-one') },
      'refuses the login of gateway: check user and password',
    ],
    ['no login', undefined, 'add login: { user, password }'],
  ])('the refusal of %s by the server is reported clearly', async (_, login, expected) => {
    await using server = await startOpcuaServer({ nodes: [NODE], users: { gateway: 'right' } });
    await using life = runLife(source(server.endpoint, STROKES, { login }));

    const reason = await life.ended;

    expect(reason).toContain(expected);
    expect(reason + JSON.stringify(life.log.lines)).not.toContain('not-the-one');
  });

  it('a source with the right password reads', async () => {
    await using server = await startOpcuaServer({ nodes: [NODE], users: { gateway: 'right' } });
    await using life = runLife(
      source(server.endpoint, STROKES, { login: { user: 'gateway', password: new Secret('right') } }),
    );

    await vi.waitFor(() => expect(life.sink.last('press1.strokes')).toMatchObject({ value: 1 }), PATIENCE);
  });

  it('a server without a free session is reported clearly', async () => {
    await using server = await startOpcuaServer({ nodes: [NODE], maxSessions: 1 });
    await using first = runLife(source(server.endpoint, STROKES));
    await vi.waitFor(() => expect(first.sink.last('press1.strokes')).toBeDefined(), PATIENCE);
    await using second = runLife(source(server.endpoint, STROKES));

    expect(await second.ended).toContain('the server has no free session');
  });
});
