import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/core/logger.ts';
import { type BudgetOptions, createBudget, type Priority } from '../../src/l2l/budget.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts';

const NEVER = new AbortController().signal;

function setUp(options: Partial<BudgetOptions> & Pick<BudgetOptions, 'rate'>) {
  const clock = virtualClock(1_000_000);
  const budget = createBudget({ clock, log: silentLogger, ...options });
  const granted: { readonly name: string; readonly at: number }[] = [];
  const take = (name: string, priority: Priority = 'send', signal = NEVER) =>
    budget.take(priority, signal).then(() => void granted.push({ name, at: clock.now() - 1_000_000 }));
  return { clock, budget, granted, take, names: () => granted.map(grant => grant.name) };
}

/** Lets every promise go on that can. */
const settle = () => new Promise(resolve => setImmediate(resolve));

async function run(clock: VirtualClock, ms: number, step = 100): Promise<void> {
  await settle();
  for (let at = 0; at < ms; at += step) {
    clock.advance(step);
    await settle();
  }
}

describe('call budget', () => {
  it('without a rate, every request is sent at once', async () => {
    const { take, granted } = setUp({ rate: null });
    await Promise.all(Array.from({ length: 1000 }, (_, index) => take(String(index))));
    expect(granted).toHaveLength(1000);
  });

  it('a burst is sent at once, then the rate applies, in the order of the requests', async () => {
    const { clock, take, granted, names } = setUp({ rate: 1 / 1000, burst: 2 });
    const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map(name => take(name)));
    await run(clock, 3000);
    await all;
    expect(names()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(granted.map(grant => grant.at)).toEqual([0, 0, 1000, 2000, 3000]);
  });

  it('the budget never sends more than burst and rate allow', async () => {
    const { clock, take, granted } = setUp({ rate: 10 / 1000, burst: 5 });
    for (let index = 0; index < 200; index += 1) void take(String(index));
    await run(clock, 10_000);
    for (const from of granted.map(grant => grant.at)) {
      const inSecond = granted.filter(grant => grant.at >= from && grant.at < from + 1000).length;
      expect(inSecond).toBeLessThanOrEqual(15);
    }
    expect(granted.length).toBeGreaterThanOrEqual(100);
  });

  it('sends come before look-ups and look-ups before the feed, but each gets its turn', async () => {
    const { clock, take, names } = setUp({ rate: 1 / 1000, burst: 1 });
    void take('first');
    void take('feed', 'feed');
    void take('look', 'look');
    for (let index = 0; index < 10; index += 1) void take(`send${index}`);
    await run(clock, 12_000);
    expect(names().slice(0, 4)).toEqual(['first', 'send0', 'send1', 'send2']);
    expect(names().indexOf('feed')).toBeLessThan(names().indexOf('send5'));
    expect(names().indexOf('look')).toBeLessThan(names().indexOf('send9'));
    expect(names()).toHaveLength(13);
  });

  it('a pause lasts as long as L2L asks, at most 15 minutes', async () => {
    const { clock, budget, take, granted } = setUp({ rate: null });
    budget.pause(30_000);
    void take('a');
    await run(clock, 29_900);
    expect(granted).toEqual([]);
    await run(clock, 200);
    expect(granted).toEqual([{ name: 'a', at: 30_000 }]);
    budget.pause(24 * 3_600_000);
    void take('b');
    await run(clock, 15 * 60_000, 60_000);
    expect(granted).toHaveLength(2);
  });

  it('an aborted request takes no permit', async () => {
    const { clock, take, names } = setUp({ rate: 1 / 1000, burst: 1 });
    const stop = new AbortController();
    await take('a');
    const given = take('b', 'send', stop.signal);
    stop.abort(new Error('stopping'));
    await expect(given).rejects.toThrow('stopping');
    await expect(take('late', 'send', stop.signal)).rejects.toThrow('stopping');
    void take('c');
    await run(clock, 1100);
    expect(names()).toEqual(['a', 'c']);
  });

  it('the budget asks the shared bucket again until it gives a permit, and hands a pause on to it', async () => {
    const answers = [0, 300, 200, 0];
    const pauses: number[] = [];
    const shared = {
      gateways: 1,
      isConnecting: false,
      take: () => Promise.resolve(answers.shift() ?? 0),
      pause: (ms: number) => {
        pauses.push(ms);
        return Promise.resolve();
      },
    };
    const { clock, budget, take, granted } = setUp({ rate: 1 / 1000, shared });
    void take('a');
    void take('b');
    await run(clock, 600);
    expect(granted).toEqual([
      { name: 'a', at: 0 },
      { name: 'b', at: 500 },
    ]);
    budget.pause(5000);
    expect(pauses).toEqual([5000]);
  });

  it('the budget uses its own share while the shared bucket is away, and logs that once', async () => {
    const log = recordingLogger();
    const away = () => Promise.reject(new Error('connection lost'));
    const shared = { gateways: 1, isConnecting: false, take: away, pause: away };
    const { clock, take, granted } = setUp({ rate: 1 / 1000, burst: 1, shared, log });
    for (const name of ['a', 'b', 'c']) void take(name);
    await run(clock, 2000);
    expect(granted.map(grant => grant.at)).toEqual([0, 1000, 2000]);
    expect(log.lines).toMatchObject([
      { level: 'warn', message: 'Redis is away: this gateway uses its own share of the call budget' },
    ]);
  });

  it('the budget logs nothing while the first connection opens, and a warning when that fails', async () => {
    const log = recordingLogger();
    const away = () => Promise.reject(new Error('there is no connection'));
    const shared = { gateways: 1, isConnecting: true, take: away, pause: away };
    const { clock, take, granted } = setUp({ rate: 1 / 1000, burst: 1, shared, log });
    void take('a');
    await run(clock, 500);
    expect([granted.length, log.lines]).toEqual([1, []]);
    shared.isConnecting = false;
    void take('b');
    await run(clock, 1000);
    expect([granted.length, log.lines.length]).toEqual([2, 1]);
  });

  it('while the shared bucket is away, the budget divides rate and burst by the last known number of gateways', async () => {
    const away = () => Promise.reject(new Error('connection lost'));
    const shared = { gateways: 4, isConnecting: false, take: away, pause: away };
    const { clock, take, granted } = setUp({ rate: 4 / 1000, shared });
    for (let index = 0; index < 5; index += 1) void take(String(index));
    await run(clock, 4000);
    // A quarter of a burst of eight, then a quarter of four a second.
    expect(granted.map(grant => grant.at)).toEqual([0, 0, 1000, 2000, 3000]);
  });
});
