import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planPolls, planReads } from '../../../src/adapters/modbus/plan.ts';
import type { Point } from '../../../src/adapters/modbus/point.ts';

const GAP = { registers: 8, bits: 32 };

function point(address: number, length = 1, more: Partial<Point> = {}): Point {
  return {
    signal: `m.s${address}`,
    unit: 1,
    table: 'holding',
    number: address + 1,
    address,
    length,
    type: 'uint16',
    order: 'ABCD',
    bit: null,
    scale: 1,
    offset: 0,
    poll: 1000,
    invalid: [],
    ...more,
  };
}

const ranges = (points: readonly Point[], gap = GAP) => planReads(points, gap).map(read => [read.address, read.length]);

describe('Modbus plan', () => {
  it('the plan reads neighbours together, in order of address', () => {
    expect(ranges([point(12), point(10, 2)])).toEqual([[10, 3]]);
  });

  it.each([
    ['the widest gap', 9, [[0, 10]]],
    [
      'one more',
      10,
      [
        [0, 1],
        [10, 1],
      ],
    ],
  ])('a read spans %s', (_, second, expected) => {
    expect(ranges([point(0), point(second)])).toEqual(expected);
  });

  it('the plan never splits a value: a value that does not fit begins the next read', () => {
    expect(ranges([point(0, 1), point(124, 1), point(125, 4)], { registers: 124, bits: 0 })).toEqual([
      [0, 125],
      [125, 4],
    ]);
    expect(ranges([point(0, 1), point(123, 4)], { registers: 124, bits: 0 })).toEqual([
      [0, 1],
      [123, 4],
    ]);
  });

  it('the plan asks for at most 2000 bits', () => {
    const coils = [0, 1999, 2000].map(address => point(address, 1, { table: 'coil', type: 'bool' }));

    expect(ranges(coils, { registers: 0, bits: 1999 })).toEqual([
      [0, 2000],
      [2000, 1],
    ]);
  });

  it('the plan joins neither units nor tables', () => {
    const points = [point(0), point(1, 1, { unit: 2 }), point(2, 1, { table: 'input' })];

    expect(planReads(points, GAP).length).toBe(3);
  });

  it('the plan reads overlapping points once', () => {
    expect(ranges([point(10, 4), point(11, 1), point(10, 1)])).toEqual([[10, 4]]);
  });

  it('the plan has each poll rate for itself, the quickest first', () => {
    const polls = planPolls([point(0, 1, { poll: 5000 }), point(1, 1, { poll: 250 }), point(2, 1, { poll: 250 })], GAP);

    expect(polls.map(({ every, reads }) => [every, reads.length])).toEqual([
      [250, 1],
      [5000, 1],
    ]);
  });

  it('the plan asks for every point once, whole, within the limits of one answer', () => {
    const anyPoint = fc.record({
      address: fc.integer({ min: 0, max: 600 }),
      length: fc.constantFrom(1, 2, 4),
      unit: fc.constantFrom(1, 2),
      table: fc.constantFrom('holding' as const, 'input' as const),
    });
    fc.assert(
      fc.property(fc.array(anyPoint, { maxLength: 60 }), fc.integer({ min: 0, max: 124 }), (specs, registers) => {
        const points = specs.map(({ address, length, unit, table }) => point(address, length, { unit, table }));

        const reads = planReads(points, { registers, bits: 0 });

        expect(reads.flatMap(read => read.points).length).toBe(points.length);
        for (const read of reads) {
          expect(read.length).toBeLessThanOrEqual(125);
          for (const { address, length, unit, table } of read.points) {
            expect([unit, table]).toEqual([read.unit, read.table]);
            expect(address).toBeGreaterThanOrEqual(read.address);
            expect(address + length).toBeLessThanOrEqual(read.address + read.length);
          }
        }
      }),
    );
  });
});
