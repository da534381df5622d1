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
  it('keeps one notification together on the clock of the gateway', () => {
    expect(shape([sample('a', 1, NOW - 3), sample('b', 2, NOW - 40)], gateway)).toEqual([
      [0, 'received', ['b=2', 'a=1']],
    ]);
  });

  it('shows every queued value of a signal, oldest first', () => {
    const samples = [sample('run', 1, NOW - 1), sample('run', 0, NOW - 100), sample('fault', 31, NOW - 100)];

    expect(shape(samples, gateway)).toEqual([
      [0, 'received', ['run=0', 'fault=31']],
      [0, 'received', ['run=1']],
    ]);
  });

  it('takes the times of the source where it may', () => {
    const samples = [sample('run', 1, NOW - 1), sample('run', 0, NOW - 100), sample('fault', 31, NOW - 100)];

    expect(shape(samples, sourceClock)).toEqual([
      [-100, 'source', ['run=0', 'fault=31']],
      [-1, 'source', ['run=1']],
    ]);
  });

  it('does not believe a time further away than max_skew, nor one that is missing', () => {
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

  it('makes nothing of nothing', () => {
    expect(batchesOf([], NOW, gateway)).toEqual([]);
  });
});
