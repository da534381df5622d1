import { describe, expect, it } from 'vitest';
import { type ClockWatch, watchClock } from '../../src/core/clock-watch.ts';
import type { ClockPolicy, TimeBase } from '../../src/core/wall-clock.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts';

const START = Date.parse('2026-11-05T12:00:00Z');
const HOUR = 3_600_000;

type Bench = {
  readonly clock: VirtualClock;
  readonly watch: ClockWatch;
  readonly log: ReturnType<typeof recordingLogger>;
  set(ms: number): void;
  suspend(ms: number): void;
};

function bench(base: TimeBase = { from: START, doubt: null }, off = 0, policy: ClockPolicy = 'check'): Bench {
  const clock = virtualClock(START);
  const log = recordingLogger();
  let wall = off;
  let asleep = 0;
  const machine = { wall: () => clock.now() + wall, sinceBoot: () => clock.now() - START + asleep };
  return {
    clock,
    log,
    watch: watchClock({ clock, machine, base, policy, log }),
    set: ms => {
      wall += ms;
    },
    suspend(ms) {
      wall += ms;
      asleep += ms;
    },
  };
}

async function changeOf({ watch }: Bench): Promise<unknown> {
  return Promise.race([watch.changed, Promise.resolve('none')]);
}

describe('the watch over the clock', () => {
  it('the clock watch finds nothing in a clock that goes right', async () => {
    const line = bench();
    line.clock.advance(24 * HOUR);
    line.set(1500);
    line.clock.advance(10_000);
    expect(await changeOf(line)).toBe('none');
    expect(line.watch.doubt()).toBeNull();
    expect(line.watch.standstills()).toBe(0);
  });

  it.each([HOUR, -HOUR, 2500])('the clock watch finds a step of %d ms within a second', async by => {
    const line = bench();
    line.clock.advance(5000);
    line.set(by);
    line.clock.advance(1000);
    expect(await changeOf(line)).toEqual({ kind: 'stepped', by, slept: 0 });
  });

  it('the clock watch finds a suspension, alone and with a step', async () => {
    const line = bench();
    line.suspend(8 * HOUR);
    line.clock.advance(1000);
    expect(await changeOf(line)).toEqual({ kind: 'suspended', slept: 8 * HOUR });

    const both = bench();
    both.suspend(8 * HOUR);
    both.set(60_000);
    both.clock.advance(1000);
    expect(await changeOf(both)).toEqual({ kind: 'stepped', by: 60_000, slept: 8 * HOUR });
  });

  it('the clock watch stops all sends from the moment of a change', () => {
    const line = bench();
    line.suspend(3000);
    expect(line.watch.isLeft()).toBe(true);
    expect(line.watch.doubt()).toContain('starts again');
  });

  it('the clock watch does not follow a clock that was set to before this version, and reports it once', async () => {
    const line = bench();
    line.set(-START);
    line.clock.advance(60_000);
    expect(await changeOf(line)).toBe('none');
    expect(line.log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    line.set(START);
    line.clock.advance(1000);
    expect(await changeOf(line)).toBe('none');
  });

  it('the clock watch counts a suspension also when the clock lost its time during it', async () => {
    const line = bench();
    line.suspend(HOUR);
    line.set(-START);
    line.clock.advance(1000);
    expect(await changeOf(line)).toEqual({ kind: 'suspended', slept: HOUR });
  });

  it('the clock watch counts a suspension also when a clock in doubt was set right during it', async () => {
    const line = bench();
    line.set(-START);
    line.clock.advance(1000);
    line.suspend(HOUR);
    line.set(START);
    line.clock.advance(1000);
    expect(await changeOf(line)).toEqual({ kind: 'suspended', slept: HOUR });
  });

  it('the clock watch keeps a doubt until the clock is set', async () => {
    const line = bench({ from: START, doubt: 'why' }, -HOUR);
    line.clock.advance(2 * HOUR);
    expect(line.watch.doubt()).toBe('why');
    expect(line.watch.isLeft()).toBe(false);
    line.set(4 * HOUR);
    line.clock.advance(1000);
    expect(await changeOf(line)).toEqual({ kind: 'stepped', by: 3 * HOUR, slept: 0 });
  });

  it('the clock watch also reports a clock in doubt that was set to another impossible time, because its error has changed', async () => {
    const line = bench({ from: START, doubt: 'why' }, -HOUR);
    line.set(-3 * HOUR);
    line.clock.advance(1000);
    expect(await changeOf(line)).toEqual({ kind: 'stepped', by: -4 * HOUR, slept: 0 });
  });

  it('the clock watch trusts a clock that was set, also when it then agrees with the gateway', async () => {
    const line = bench({ from: START, doubt: 'why' }, -HOUR);
    line.set(HOUR);
    line.clock.advance(1000);
    expect(await changeOf(line)).toEqual({ kind: 'stepped', by: 0, slept: 0 });
  });

  it('the clock watch counts how often the process stood still', () => {
    let ahead = 0;
    const inner = virtualClock(START);
    const clock = { now: () => inner.now() + ahead, at: (at: number, then: () => void) => inner.at(at - ahead, then) };
    const machine = { wall: () => clock.now(), sinceBoot: () => clock.now() - START };
    const watch = watchClock({
      clock,
      machine,
      base: { from: START, doubt: null },
      policy: 'check',
      log: recordingLogger(),
    });
    inner.advance(10_000);
    expect(watch.standstills()).toBe(0);
    ahead = 5000;
    expect(watch.standstills()).toBe(1);
    inner.advance(10_000);
    expect(watch.standstills()).toBe(1);
  });
});
