import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { notReady } from '../../src/app/readiness.ts';
import { queueStatus } from '../../src/app/status/queue.ts';
import { createTimeNotation } from '../../src/core/time-notation.ts';
import type { DestinationOptions } from '../../src/queue/destination.ts';
import { increment, openDispatch, recordSet } from '../support/actions.ts';
import { openBench, PATIENCE, QUICK } from './harness.ts';
import { AWAY, DELIVERED, LOST, NO_KEY, REFUSED, scriptedDelivery } from './scripted-delivery.ts';

/** Record sets go to a second destination, as kinds of a later version may. */
vi.mock(import('../../src/actions/registry.ts'), async original => {
  const registry = await original();
  return {
    ...registry,
    kindOf(kind) {
      const found = registry.kindOf(kind);
      return kind === 'record_details' ? { ...found, destination: 'magic' as never } : found;
    },
  };
});

const LINES = Array.from({ length: 12 }, (_, n) => `L${n}`);
const MACHINES = Array.from({ length: 12 }, (_, n) => `M${n}`);
const { iso } = createTimeNotation('America/Denver');

/** L2L, and a destination that takes one action in a call, so that the order of every lane is visible. */
async function openTwo(own: {
  readonly l2l?: Partial<DestinationOptions>;
  readonly magic?: Partial<DestinationOptions>;
}) {
  const magic = scriptedDelivery({ record_details: { acrossLanes: false, maxActions: 1 } });
  const bench = await openBench({
    l2l: { concurrency: 2, ...own.l2l },
    others: { magic: { ...QUICK, name: 'Device Magic', concurrency: 2, delivery: magic, ...own.magic } },
  });
  const keysOf = (to: typeof magic) => to.sent.flatMap(({ keys }) => keys).toSorted();
  return { ...bench, magic, keysOf };
}

const SETS = LINES.map(line => recordSet(line, 1));
const COUNTS = MACHINES.map(machine => increment(machine, 1));
const keys = (actions: readonly { readonly key: string }[]) => actions.map(({ key }) => key).toSorted();
const OPENS_AT_ONCE = { breaker: { ...QUICK.breaker, failures: 1, firstWait: 3_600_000, longestWait: 3_600_000 } };

describe('a queue with two destinations', () => {
  it('the queue sends each action to the destination of its kind', async () => {
    const { delivery, magic, commit, isIdle, keysOf } = await openTwo({});
    await commit(...SETS, ...COUNTS);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(keysOf(delivery)).toEqual(keys(COUNTS));
    expect(keysOf(magic)).toEqual(keys(SETS));
  });

  it('the queue keeps the lanes of one destination flowing while the other is paused, and names the one that is paused', async () => {
    const { delivery, magic, commit, isIdle, keysOf, queue, journal } = await openTwo({ l2l: OPENS_AT_ONCE });
    let away = true;
    delivery.on.send = () => (away ? AWAY : DELIVERED);
    await commit(...COUNTS, ...SETS);
    await vi.waitFor(() => expect(keysOf(magic)).toEqual(keys(SETS)), PATIENCE);
    await vi.waitFor(() => expect(queue.status().paused).toHaveLength(1), PATIENCE);
    await commit(recordSet('L0', 2));
    await vi.waitFor(() => expect(queue.status().counts.delivered).toBe(SETS.length + 1), PATIENCE);

    const status = queue.status();
    expect(status.paused).toMatchObject([
      { destination: 'l2l', name: 'L2L', cause: 'network', backlog: { calls: 12 } },
    ]);
    const rest = { now: 0, clock: null, rules: null, l2l: null, sources: [], signals: [], log: null };
    expect(notReady({ ...rest, queue: status })[0]).toMatch(/^L2L can't be reached .* 12 calls wait/);
    expect(queueStatus(status, journal.counts(), iso, words => words)).toMatchObject({
      paused: [{ destination: 'L2L', words: "L2L can't be reached" }],
      sinceStart: { delivered: SETS.length + 1 },
    });

    away = false;
    queue.probeNow();
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    expect([...new Set(keysOf(delivery))]).toEqual(keys(COUNTS));
  });

  it('the queue goes on with one destination while every request to the other hangs', async () => {
    const { delivery, magic, commit, keysOf } = await openTwo({});
    const hangs = Promise.withResolvers<typeof LOST>();
    onTestFinished(() => hangs.resolve(LOST));
    delivery.on.send = () => hangs.promise;
    await commit(...COUNTS, ...MACHINES.map(machine => openDispatch(machine, 1)));
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(2), PATIENCE);

    await commit(...SETS);
    await vi.waitFor(() => expect(keysOf(magic)).toEqual(keys(SETS)), PATIENCE);
    expect(delivery.sent).toHaveLength(2);
  });

  it('the queue sends to one destination while a reason of its own holds the other', async () => {
    let holds = true;
    const { delivery, magic, commit, isIdle, keysOf, queue } = await openTwo({ l2l: { holds: () => holds } });
    await commit(...COUNTS, ...SETS);
    await vi.waitFor(() => expect(keysOf(magic)).toEqual(keys(SETS)), PATIENCE);
    expect(delivery.sent).toEqual([]);

    holds = false;
    queue.keyTaken('l2l');
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
  });

  it('the queue pauses only the destination that refuses its key, and resumes it when its key is accepted', async () => {
    const { delivery, magic, commit, isIdle, queue, log } = await openTwo({
      magic: { breaker: { ...QUICK.breaker, probeEvery: 3_600_000 } },
    });
    magic.on.send = () => NO_KEY;
    await commit(...SETS.slice(0, 1), ...COUNTS);
    await vi.waitFor(
      () => expect(queue.status().paused).toMatchObject([{ name: 'Device Magic', cause: 'auth' }]),
      PATIENCE,
    );
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(COUNTS.length), PATIENCE);

    queue.keyTaken('l2l');
    expect(queue.status().paused).toHaveLength(1);
    magic.on.send = () => DELIVERED;
    queue.keyTaken('magic' as never);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    expect(log.lines.map(({ message }) => message).join('\n')).toContain('Device Magic does not accept the API key');
  });

  it('the queue gives up a refused call of one destination although the other refuses everything', async () => {
    const { delivery, magic, commit, queue } = await openTwo({});
    delivery.on.send = () => REFUSED;
    magic.on.send = call => (call.lanes[0] === 'production:L0' ? REFUSED : DELIVERED);
    await commit(...COUNTS, ...SETS);
    await vi.waitFor(() => expect(queue.status().paused).toMatchObject([{ name: 'L2L', cause: 'refused' }]), PATIENCE);

    const counts = { rejected: 1, delivered: SETS.length - 1 };
    await vi.waitFor(() => expect(queue.status().counts).toMatchObject(counts), PATIENCE);
  });
});
