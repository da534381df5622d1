import { describe, expect, it } from 'vitest';
import { catchUp } from '../../../src/adapters/mqtt/catch-up.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

describe('mqtt catch-up', () => {
  function started() {
    const clock = virtualClock(0);
    const done: number[] = [];
    return {
      clock,
      done,
      queue: catchUp({ clock: clock, behind: true, release: () => done.push(clock.now()), hold() {} }),
    };
  }

  it('the catch-up ends after a second of silence', () => {
    const { clock, done, queue } = started();

    for (const at of [300, 900, 1800]) {
      clock.advanceTo(at);
      queue.message(false);
    }
    clock.advanceTo(10_000);

    expect(done).toEqual([2800]);
  });

  it('the catch-up ends after a second when nothing was queued', () => {
    const { clock, done } = started();

    clock.advanceTo(10_000);

    expect(done).toEqual([1000]);
  });

  it('the catch-up holds rules for a minute at most on a topic that is never quiet, and reading goes on', () => {
    const { clock, done, queue } = started();

    for (let at = 0; at < 90_000; at += 500) {
      clock.advanceTo(at);
      queue.message(false);
    }

    expect(done).toEqual([60_000]);
    expect([queue.holding, queue.reading]).toEqual([false, true]);
    clock.advanceTo(92_000);
    expect(queue.reading).toBe(false);
    expect(done).toEqual([60_000]);
  });

  it('rules are held again when nothing could be acknowledged for two seconds during a connection', () => {
    const acks: (() => void)[] = [];
    const clock = virtualClock(0);
    const story: string[] = [];
    const note = (what: string) => () => void story.push(`${what} ${clock.now()}`);
    const live = catchUp({ clock, behind: false, release: note('release'), hold: note('hold') });

    for (const at of [1000, 2500, 4000]) {
      clock.advanceTo(at);
      acks.push(live.message(true));
      acks.shift()?.();
    }
    clock.advanceTo(10_000);
    acks.push(live.message(true));
    clock.advanceTo(11_000);
    acks.push(live.message(true));
    clock.advanceTo(11_999);
    expect(story).toEqual([]);
    clock.advanceTo(100_000);
    expect(story).toEqual(['hold 12000']);
    expect([live.holding, live.reading]).toEqual([true, true]);

    acks.shift()?.();
    live.made(100_500, 100_500, 0); // less than a second after acknowledgements were possible again
    acks.shift()?.();
    expect(story).toHaveLength(1);
    clock.advanceTo(110_000);

    expect(story).toEqual(['hold 12000', 'release 101000']);
  });

  it('rules go on at once with a message made after acknowledgements were possible again', () => {
    const acks: (() => void)[] = [];
    const clock = virtualClock(0);
    const story: string[] = [];
    const live = catchUp({
      clock,
      behind: false,
      release: () => story.push('release'),
      hold: () => story.push('hold'),
    });
    acks.push(live.message(true));
    clock.advanceTo(30_000);
    live.made(29_000, 30_000, 0);
    expect(story).toEqual(['hold']);

    acks.shift()?.();
    clock.advanceTo(30_900);
    acks.push(live.message(true));
    live.made(30_500, 30_900, 0);
    expect(story).toEqual(['hold']);
    clock.advanceTo(31_600);
    live.made(31_500, 31_600, 0);

    expect(story).toEqual(['hold', 'release']);
  });

  it('rules are held for as long as nothing can be acknowledged', () => {
    const acks: (() => void)[] = [];
    const { clock, done, queue } = started();

    acks.push(queue.message(true));
    clock.advanceTo(300_000);
    expect([done, queue.holding]).toEqual([[], true]);
    acks.shift()?.();
    clock.advanceTo(310_000);

    expect(done.map(at => at < 303_000)).toEqual([true]);
  });

  it('a silence while the broker waits for acknowledgements, or just after, does not end the catch-up', () => {
    const acks: (() => void)[] = [];
    const { clock, done, queue } = started();

    acks.push(queue.message(true));
    acks.push(queue.message(true));
    clock.advanceTo(5000);
    acks.shift()?.();
    clock.advanceTo(10_990);
    acks.shift()?.();
    clock.advanceTo(11_980);
    expect(done).toEqual([]);
    clock.advanceTo(20_000);

    expect(done).toEqual([11_990]);
  });

  it('a silence while the process stood still does not end the catch-up', () => {
    const clock = virtualClock(0);
    let stood = 0;
    const done: number[] = [];
    const behind: Clock = { now: () => clock.now() + stood, at: (at, callback) => clock.at(at - stood, callback) };
    catchUp({ clock: behind, behind: true, release: () => done.push(behind.now()), hold() {} });

    stood = 5000;
    clock.advanceTo(10_000);

    expect(done).toEqual([7000]);
  });

  it.each([
    { what: 'ends with a message made after the connect', at: 61_500, ahead: 0, ended: true },
    { what: 'goes on with a message made before the connect', at: 60_900, ahead: 0, ended: false },
    { what: 'goes on with a message of a clock that is just as far ahead', at: 61_500, ahead: 600, ended: false },
    { what: 'goes on with a message whose time is not reached yet', at: 62_500, ahead: 500, ended: false },
  ])('the catch-up $what', ({ at, ahead, ended }) => {
    const clock = virtualClock(60_000);
    const done: number[] = [];
    const queue = catchUp({ clock: clock, behind: true, release: () => done.push(clock.now()), hold() {} });

    clock.advanceTo(60_900);
    queue.message(true);
    clock.advanceTo(62_000);
    queue.message(true);
    queue.made(at, 62_000, ahead);

    expect(done).toEqual(ended ? [62_000] : []);
    expect(queue.reading).toBe(!ended);
  });

  it('the catch-up ends without a report when the connection ends', () => {
    const { clock, done, queue } = started();

    queue[Symbol.dispose]();
    clock.advanceTo(90_000);

    expect(done).toEqual([]);
  });
});
