import { describe, expect, it } from 'vitest';
import { endsWithin, Started } from '../../src/core/lifecycle.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const never = new Promise<never>(() => {});

describe('endsWithin', () => {
  it('endsWithin waits only up to its limit', async () => {
    const clock = virtualClock(0);
    const waited = endsWithin(100, never, clock);

    clock.advance(99);
    expect(await Promise.race([waited, Promise.resolve('still waits')])).toBe('still waits');
    clock.advance(1);
    expect(await waited).toBe(false);
  });

  it('endsWithin reports that the work ended in time, and leaves no timer behind', async () => {
    const timers = new Set<Disposable>();
    const clock = {
      now: () => 0,
      at() {
        const timer = { [Symbol.dispose]: () => void timers.delete(timer) };
        timers.add(timer);
        return timer;
      },
    };

    expect(await endsWithin(100, Promise.resolve('done'), clock)).toBe(true);
    await expect(endsWithin(100, Promise.reject(new Error('broke')), clock)).rejects.toThrow('broke');
    expect(timers.size).toBe(0);
  });
});

describe('Started', () => {
  it('the gateway stops everything in reverse order, and names each step that hangs or fails', async () => {
    const stopped: string[] = [];
    const started = new Started();
    started.add('journal', () => void stopped.push('journal'));
    started.add('queue', () => never);
    started.add('rules', () => {
      throw new Error('disk');
    });
    started.add('sources', () => void stopped.push('sources'));

    const errors = await started.stop(10);

    expect(stopped).toEqual(['sources', 'journal']);
    expect(errors.map(error => error.message)).toEqual([
      'rules did not stop cleanly',
      'queue did not stop within 10 ms',
    ]);
    expect(await started.stop(10)).toBe(errors);
  });
});
