import { describe, expect, it } from 'vitest';
import { makeChaos } from '../../src/cli/demo/chaos.ts';
import { virtualClock } from '../support/virtual-clock.ts';

/** Runs the trouble of the demo for `ms` of virtual time and writes down its steps. */
async function rage(seed: number, ms: number) {
  const clock = virtualClock(0);
  const over = new AbortController();
  const did: string[] = [];
  const hands = {
    cutGateway: async () => void did.push('gateway'),
    killRedis: () => void did.push('redis'),
    breakL2l: async (faults: readonly { readonly kind: string }[]) =>
      void did.push(faults.map(({ kind }) => kind).join() || 'whole'),
    say: () => {},
  };
  const raging = makeChaos(hands, clock, seed, over.signal);
  // Each step sets the next timer in its own microtask.
  for (let passed = 0; passed < ms; passed += 100) {
    clock.advance(100);
    await new Promise(resolve => setImmediate(resolve));
  }
  over.abort();
  await raging;
  return did;
}

describe('demo chaos', () => {
  it('the trouble of the demo brings every kind of trouble before it repeats one too often', async () => {
    const did = await rage(1, 30_000);
    const broken = did.filter(what => !['gateway', 'redis', 'whole'].includes(what));
    expect(did).toContain('gateway');
    expect(did).toContain('redis');
    expect(broken.length).toBeGreaterThan(2);
  });

  it('the trouble of the demo breaks L2L in every way it knows in the course of time', async () => {
    const kinds = new Set(await rage(1, 200_000));
    expect([...kinds].toSorted()).toEqual(
      ['away', 'gateway', 'hang', 'html', 'redis', 'reset', 'slow', 'status', 'whole'].toSorted(),
    );
  });

  it('the trouble of the demo is the same for the same seed', async () => {
    expect(await rage(5, 60_000)).toEqual(await rage(5, 60_000));
    expect(await rage(5, 60_000)).not.toEqual(await rage(6, 60_000));
  });

  it.each([500, 3100, 5200, 7300])(
    'the trouble of the demo leaves L2L without a fault when it has to end after %d ms',
    async ms => {
      expect((await rage(3, ms)).at(-1)).toBe('whole');
    },
  );

  it('the trouble of the demo reports a failure of its own actions', async () => {
    const clock = virtualClock(0);
    const hands = {
      cutGateway: () => Promise.reject(new Error('the gateway did not come back')),
      killRedis: () => {},
      breakL2l: async () => {},
      say: () => {},
    };
    const raging = makeChaos(hands, clock, 1, new AbortController().signal);
    const failed = expect(raging).rejects.toThrow('did not come back');
    for (let step = 0; step < 400; step += 1) {
      clock.advance(100);
      await new Promise(resolve => setImmediate(resolve));
    }
    await failed;
  });
});
