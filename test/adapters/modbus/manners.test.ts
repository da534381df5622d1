import { describe, expect, it, vi } from 'vitest';
import { startModbusDevice } from '../../support/modbus-device.ts';
import { PATIENCE } from '../../support/patience.ts';
import { runLife, source } from './support.ts';

const TWO_GROUPS = { 'm.a': { unit: 1, holding: 5 }, 'm.far': { unit: 1, holding: 90 } };
const JOINED = { ...TWO_GROUPS, 'm.b': { unit: 1, holding: 10 } };
const config = (port: number, signals: object, more: object = {}) =>
  source(port, signals, { first_register: 0, ...more });

describe('a Modbus device that closes connections', () => {
  it('a device that closes after each answer is still read completely in each poll', async () => {
    await using device = await startModbusDevice({ closesAfterAnswer: true });
    await using life = runLife(config(device.port, TWO_GROUPS));

    await vi.waitFor(() => expect(life.sink.of('m.far').length).toBeGreaterThan(3), PATIENCE);

    expect([...life.sink.of('m.a'), ...life.sink.of('m.far')].filter(({ quality }) => quality !== 'good')).toEqual([]);
    expect(life.sink.events.filter(({ kind }) => kind === 'connected')).toHaveLength(1);
  });

  it.each(['close', 'reset'] as const)(
    'the gateway connects again at the next poll when a device closes between two polls: %s',
    async how => {
      await using device = await startModbusDevice();
      await using life = runLife(config(device.port, TWO_GROUPS));
      for (let drops = 1; drops <= 3; drops++) {
        const received = life.sink.of('m.far').length;
        await vi.waitFor(() => expect(life.sink.of('m.far').length).toBeGreaterThan(received), PATIENCE);
        device.drop(how);
      }
      const received = life.sink.of('m.far').length;
      await vi.waitFor(() => expect(life.sink.of('m.far').length).toBeGreaterThan(received), PATIENCE);

      expect([...life.sink.of('m.a'), ...life.sink.of('m.far')].filter(({ quality }) => quality !== 'good')).toEqual(
        [],
      );
      expect(device.connections()).toBeLessThanOrEqual(4);
    },
  );

  it('a device that closes without an answer is away after one try', async () => {
    await using device = await startModbusDevice({ closesAtOnce: true });
    await using life = runLife(config(device.port, TWO_GROUPS));

    expect(await life.ended).toContain('lost');
    expect(device.connections()).toBe(1);
    expect(life.sink.events).not.toContainEqual({ kind: 'connected' });
  });
});

describe('a Modbus device that takes few registers at once', () => {
  it.each([
    { what: 'does not answer', most: { registers: 4, answer: 'none' } },
    { what: 'answers exception 4', most: { registers: 1, answer: 4 } },
    { what: 'answers exception 3', most: { registers: 1, answer: 3 } },
  ] as const)('a device is read one signal at a time when it $what', async ({ most }) => {
    await using device = await startModbusDevice({ most });
    await using life = runLife(config(device.port, JOINED, { timeout: '200ms' }));

    await vi.waitFor(() => expect(life.sink.of('m.b').length).toBeGreaterThan(4), PATIENCE);

    expect(life.sink.last('m.a')).toEqual({ signal: 'm.a', value: 5, quality: 'good' });
    expect(life.sink.last('m.b')).toEqual({ signal: 'm.b', value: 10, quality: 'good' });
    // The gateway does not repeat a request that was too wide.
    expect(device.reads.filter(([, length]) => length === 6).length).toBeLessThanOrEqual(2);
    expect([...life.sink.of('m.a'), ...life.sink.of('m.b')].filter(({ quality }) => quality !== 'good')).toEqual([]);
  });

  it('an error about large requests names the keys of the config', async () => {
    await using device = await startModbusDevice({ most: { registers: 4, answer: 'none' } });
    await using life = runLife(config(device.port, JOINED, { timeout: '200ms' }));

    await vi.waitFor(
      () => expect(life.log.lines.some(({ message }) => message.includes('max_registers'))).toBe(true),
      PATIENCE,
    );
  });

  it('a device is never asked for more than max_registers', async () => {
    await using device = await startModbusDevice();
    const row = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`m.r${at}`, { unit: 1, holding: at }]));
    await using life = runLife(config(device.port, row, { max_registers: 4 }));

    await vi.waitFor(() => expect(life.sink.last('m.r9')).toBeDefined(), PATIENCE);

    expect(Math.max(...device.reads.map(([, length]) => length))).toBe(4);
  });
});
