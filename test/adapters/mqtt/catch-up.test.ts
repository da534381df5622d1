import { describe, expect, it } from 'vitest';
import { catchUp } from '../../../src/adapters/mqtt/catch-up.ts';
import { virtualClock } from '../../../src/core/virtual-clock.ts';

describe('mqtt catch-up', () => {
  function started() {
    const clock = virtualClock(0);
    const done: number[] = [];
    return { clock, done, queue: catchUp(clock, () => done.push(clock.now())) };
  }

  it('ends after a second of silence', () => {
    const { clock, done, queue } = started();

    for (const at of [300, 900, 1800]) {
      clock.advanceTo(at);
      queue.message();
    }
    clock.advanceTo(10_000);

    expect(done).toEqual([2800]);
  });

  it('ends after a second when nothing was queued', () => {
    const { clock, done } = started();

    clock.advanceTo(10_000);

    expect(done).toEqual([1000]);
  });

  it('ends after a minute on a topic that is never quiet', () => {
    const { clock, done, queue } = started();

    for (let at = 0; at < 90_000; at += 500) {
      clock.advanceTo(at);
      queue.message();
    }

    expect(done).toEqual([60_000]);
  });

  it('ends silently when the connection does', () => {
    const { clock, done, queue } = started();

    queue[Symbol.dispose]();
    clock.advanceTo(90_000);

    expect(done).toEqual([]);
  });
});
