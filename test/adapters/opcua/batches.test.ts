import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesOf } from '../../../src/adapters/opcua/batches.ts';
import type { Sample } from '../../../src/core/sample.ts';

const NOW = 1_000_000;
const gateway = { clock: 'gateway', max_skew: 1000 } as const;
const sourceClock = { clock: 'source', max_skew: 1000 } as const;

function sample(signal: string, value: number, sourceAt?: number): Sample {
  return { signal, value, quality: 'good', ...(sourceAt !== undefined && { sourceAt }) };
}

const shape = (samples: readonly Sample[], config: Parameters<typeof batchesOf>[2]) =>
  batchesOf(samples, NOW, config).map(batch => [
    batch.at - NOW,
    batch.time,
    batch.samples.map(s => `${s.signal}=${s.value}`),
  ]);

describe('OPC UA batches', () => {
  it('one notification is one batch on the clock of the gateway', () => {
    expect(shape([sample('a', 1, NOW - 3), sample('b', 2, NOW - 40)], gateway)).toEqual([
      [0, 'received', ['b=2', 'a=1']],
    ]);
  });

  it('every queued value of a signal is delivered, oldest first', () => {
    const samples = [sample('run', 0, NOW - 100), sample('run', 1, NOW - 1), sample('fault', 31, NOW - 100)];

    expect(shape(samples, gateway)).toEqual([
      [0, 'received', ['run=0', 'fault=31']],
      [0, 'received', ['run=1']],
    ]);
  });

  it('the times of the source are used where the config allows it', () => {
    const samples = [sample('run', 0, NOW - 100), sample('run', 1, NOW - 1), sample('fault', 31, NOW - 100)];

    expect(shape(samples, sourceClock)).toEqual([
      [-100, 'source', ['run=0', 'fault=31']],
      [-1, 'source', ['run=1']],
    ]);
  });

  it('a time beyond max_skew is not used, nor a missing one', () => {
    const samples = [
      sample('old', 1, NOW - 1001),
      sample('ahead', 2, NOW + 1001),
      sample('none', 3),
      sample('fine', 4, NOW - 1000),
    ];

    expect(shape(samples, sourceClock)).toEqual([
      [-1000, 'source', ['fine=4']],
      [0, 'received', ['old=1', 'none=3', 'ahead=2']],
    ]);
  });

  it.each<[string, readonly (number | undefined)[]]>([
    ['set back between two changes', [0, -3_600_000]],
    ['set back by less than max_skew', [-10, -500]],
    ['set forward and back', [-500, 3_600_000, -100]],
    ['missing in the first change', [undefined, -50]],
    ['missing in the last change', [-50, undefined]],
    ['missing in the middle, and set back', [-20, undefined, -400]],
    ['missing in all', [undefined, undefined, undefined]],
    ['ahead of the gateway', [200, 100, undefined]],
  ])("the changes of one node keep the server's order with a clock that is %s", (_, offsets) => {
    const samples = offsets.map((offset, value) =>
      sample('run', value, offset === undefined ? undefined : NOW + offset),
    );

    for (const config of [gateway, sourceClock]) {
      const batches = batchesOf(samples, NOW, config);
      expect(batches.flatMap(batch => batch.samples.map(({ value }) => value))).toEqual(
        offsets.map((_, value) => value),
      );
      expect(batches.map(({ at }) => at)).toEqual(batches.map(({ at }) => at).toSorted((a, b) => a - b));
    }
  });

  it('a change without a time gets the latest time that its neighbours allow', () => {
    const samples = [sample('run', 0), sample('run', 1, NOW - 300), sample('run', 2), sample('run', 3, NOW - 100)];

    expect(shape(samples, sourceClock)).toEqual([
      [-300, 'received', ['run=0']],
      [-300, 'source', ['run=1']],
      [-100, 'received', ['run=2']],
      [-100, 'source', ['run=3']],
    ]);
  });

  it('every node keeps its order, whatever changes come', () => {
    const time = fc.option(fc.integer({ min: -5000, max: 5000 }), { nil: undefined });
    const change = fc.record({ signal: fc.constantFrom('a', 'b', 'c'), time });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), fc.boolean(), (changes, bySource) => {
        const samples = changes.map(({ signal, time }, value) =>
          sample(signal, value, time === undefined ? undefined : NOW + time),
        );
        const batches = batchesOf(samples, NOW, bySource ? sourceClock : gateway);
        const came = batches.flatMap(batch => batch.samples);
        expect(came).toHaveLength(samples.length);
        for (const signal of ['a', 'b', 'c']) {
          const values = (of: readonly Sample[]) => of.filter(s => s.signal === signal).map(({ value }) => value);
          expect(values(came)).toEqual(values(samples));
        }
        for (const batch of batches)
          expect(new Set(batch.samples.map(({ signal }) => signal)).size).toBe(batch.samples.length);
        const times = batches.map(({ at }) => at);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }),
    );
  });

  it('an empty notification gives no batch', () => {
    expect(batchesOf([], NOW, gateway)).toEqual([]);
  });
});
