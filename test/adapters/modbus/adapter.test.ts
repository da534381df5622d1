import { describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../../support/patience.ts';
import { startPymodbus } from '../../support/pymodbus.ts';
import type { LogLine } from '../../support/recording-logger.ts';
import { runLife, source } from './support.ts';

describe('Modbus connection', () => {
  it('Modbus reads the four tables, all types and orders from a server of another vendor', async () => {
    await using server = await startPymodbus({
      1: {
        coil: { 0: [true, false] },
        discrete_input: { 4: [true] },
        input: { 0: [0x4148, 0x0000, 0x0000, 0x4148] },
        holding: { 0: [0xfffe, 0, 0, 1, 2, 0x8001] },
      },
    });
    await using life = runLife(
      source(server.port, {
        'm.coil': { unit: 1, coil: 1 },
        'm.coil2': { unit: 1, coil: 2 },
        'm.door': { unit: 1, discrete_input: 5 },
        'm.temp': { unit: 1, input: 1, as: 'float32' },
        'm.swapped': { unit: 1, input: 3, as: 'float32', order: 'CDAB' },
        'm.int': { unit: 1, holding: 1, as: 'int16' },
        'm.wide': { unit: 1, holding: 2, as: 'uint64' },
        'm.bit15': { unit: 1, holding: 6, bit: 15 },
      }),
    );

    const shown = () =>
      Object.fromEntries(life.sink.batches().flatMap(batch => batch.samples.map(s => [s.signal, s.value])));
    // Each table needs its own request, and no request waits for another.
    await vi.waitFor(() => {
      expect(shown()).toEqual({
        'm.coil': true,
        'm.coil2': false,
        'm.door': true,
        'm.temp': 12.5,
        'm.swapped': 12.5,
        'm.int': -2,
        'm.wide': 65_538,
        'm.bit15': true,
      });
    }, PATIENCE);
  });

  it('Modbus reads neighbouring registers in one request, and all signals of a poll are one batch', async () => {
    await using server = await startPymodbus({ 1: { holding: { 0: Array(200).fill(7) } }, 2: { holding: { 0: [1] } } });
    await using life = runLife(
      source(server.port, {
        'm.a': { unit: 1, holding: 1 },
        'm.b': { unit: 1, holding: 10 },
        'm.far': { unit: 1, holding: 100 },
        'm.other': { unit: 2, holding: 1 },
      }),
    );

    await vi.waitFor(() => expect(life.sink.last('m.other')).toBeDefined(), PATIENCE);

    expect((await server.reads()).slice(0, 3)).toEqual([
      [1, 'holding', 0, 10],
      [1, 'holding', 99, 1],
      [2, 'holding', 0, 1],
    ]);
    expect(life.sink.batches()[0]?.samples.map(sample => sample.signal)).toEqual(['m.a', 'm.b']);
  });

  it('Modbus reports a signal that the device does not have, and reads the others', async () => {
    await using server = await startPymodbus({ 7: { holding: { 0: [1, 2, 3] } } });
    await using life = runLife(
      source(server.port, {
        'm.a': { unit: 7, holding: 1 },
        'm.b': { unit: 7, holding: 3 },
        'm.wrong': { unit: 7, holding: 5 },
      }),
    );

    await vi.waitFor(() => expect(life.sink.of('m.b').length).toBeGreaterThan(2), PATIENCE);

    expect(life.sink.last('m.b')).toEqual({ signal: 'm.b', value: 3, quality: 'good' });
    expect(life.sink.of('m.wrong')).toEqual([
      {
        signal: 'm.wrong',
        value: null,
        quality: 'bad',
        reason:
          'unit 7 answers "illegal data address" (exception 2) for holding 5 (PDU address 4): is first_register right, and the type not wider than the device\'s?',
      },
    ]);
  });

  it('Modbus reads without gaps where the device has no registers between', async () => {
    await using server = await startPymodbus({ 7: { holding: { 0: [1], 4: [5] } } });
    await using life = runLife(source(server.port, { 'm.a': { unit: 7, holding: 1 }, 'm.b': { unit: 7, holding: 5 } }));

    await vi.waitFor(() => expect(life.sink.of('m.b').length).toBeGreaterThan(2), PATIENCE);

    expect(
      life.sink
        .of('m.a')
        .concat(life.sink.of('m.b'))
        .every(sample => sample.quality === 'good'),
    ).toBe(true);
    expect((await server.reads()).filter(([, , , count]) => count === 5).length).toBe(1);
  });

  it('a busy device is asked again before its signals are bad', async () => {
    await using server = await startPymodbus({ 7: { holding: { 0: [1] } } });
    await server.refuse(7, 6, 2);
    await using life = runLife(source(server.port, { 'm.a': { unit: 7, holding: 1 } }));

    await vi.waitFor(() => expect(life.sink.last('m.a')).toBeDefined(), PATIENCE);

    expect(life.sink.of('m.a')[0]).toMatchObject({ value: 1, quality: 'good' });
  });

  it('a dead unit is polled less often and does not slow the others', async () => {
    await using server = await startPymodbus({ 1: { holding: { 0: [1] } }, 9: { holding: { 0: [1] } } });
    await server.silence([9]);
    await using life = runLife(
      source(
        server.port,
        {
          'm.live': { unit: 1, holding: 1 },
          'm.dead': { unit: 9, holding: 1 },
        },
        { timeout: '500ms' },
      ),
    );
    const askedDead = async () => (await server.reads()).filter(([unit]) => unit === 9).length;
    const isDemoted = ({ fields, message }: LogLine) =>
      message.startsWith('Modbus unit does not answer') && 'unit' in fields && fields.unit === 9;
    await vi.waitFor(() => expect(life.log.lines.some(isDemoted)).toBe(true), PATIENCE);
    const asked = await askedDead();
    const heardLive = life.sink.of('m.live').length;

    await vi.waitFor(() => expect(life.sink.of('m.live').length).toBeGreaterThan(heardLive + 5), PATIENCE);

    expect(await askedDead()).toBe(asked);
    expect(life.sink.last('m.dead')).toMatchObject({
      value: null,
      quality: 'bad',
      reason: expect.stringContaining('unit 9 does not answer (timed out)'),
    });
  });

  it('a unit that the gateway device cannot reach counts as dead', async () => {
    await using server = await startPymodbus({ 1: { holding: { 0: [1] } }, 9: { holding: { 0: [1] } } });
    await server.refuse(9, 11, 1000);
    await using life = runLife(
      source(server.port, { 'm.live': { unit: 1, holding: 1 }, 'm.dead': { unit: 9, holding: 1 } }),
    );

    await vi.waitFor(() => expect(life.sink.last('m.dead')).toBeDefined(), PATIENCE);

    expect(life.sink.last('m.dead')?.reason).toContain('"gateway target device failed to respond" (exception 11)');
    await vi.waitFor(() => expect(life.sink.last('m.live')?.quality).toBe('good'), PATIENCE);
  });

  it('the connection is given up when no unit behind it answers', async () => {
    await using server = await startPymodbus({ 1: { holding: { 0: [1] } } });
    await server.silence([1]);
    await using life = runLife(source(server.port, { 'm.a': { unit: 1, holding: 1 } }, { timeout: '50ms' }));

    expect(await life.ended).toContain(`nothing behind 127.0.0.1:${server.port} answers`);
    expect(life.sink.events).not.toContainEqual({ kind: 'connected' });
  });

  it('polling goes on when the connection is reset between two polls', async () => {
    await using server = await startPymodbus({ 1: { holding: { 0: [1] } } });
    await using life = runLife(source(server.port, { 'm.a': { unit: 1, holding: 1 } }));
    await vi.waitFor(() => expect(life.sink.last('m.a')).toBeDefined(), PATIENCE);

    await server.drop();
    const received = life.sink.of('m.a').length;

    await vi.waitFor(() => expect(life.sink.of('m.a').length).toBeGreaterThan(received + 2), PATIENCE);
    expect(life.sink.of('m.a').every(({ quality }) => quality === 'good')).toBe(true);
  });

  it('each signal is polled at its own rate', async () => {
    await using server = await startPymodbus({ 1: { holding: { 0: [1], 50: [2] } } });
    await using life = runLife(
      source(server.port, {
        'm.quick': { unit: 1, holding: 1, poll: '20ms' },
        'm.slow': { unit: 1, holding: 51, poll: '10s' },
      }),
    );

    await vi.waitFor(() => expect(life.sink.last('m.slow')).toBeDefined(), PATIENCE);
    const heardQuick = life.sink.of('m.quick').length;
    await vi.waitFor(() => expect(life.sink.of('m.quick').length).toBeGreaterThan(heardQuick + 5), PATIENCE);

    expect(life.sink.of('m.slow').length).toBe(1);
  });
});
