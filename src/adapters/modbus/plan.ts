import { isBitTable, type Point } from './point.ts';
import type { Table } from './schema.ts';

/** One request: a range of one table of one unit, and the points that it answers. */
export type Read = {
  readonly unit: number;
  readonly table: Table;
  readonly address: number;
  readonly length: number;
  readonly points: readonly Point[];
};

/** The most unused registers or bits between two points of one read. */
export type MaxGap = { readonly registers: number; readonly bits: number };

/** The limits of one answer in the Modbus specification. */
export const MOST_REGISTERS = 125;
const MOST_BITS = 2000;

/** A read for one point alone. */
export function singleRead(point: Point): Read {
  const { unit, table, address, length } = point;
  return { unit, table, address, length, points: [point] };
}

/** The fewest reads in order of unit and address, within the limits of one answer and of a gap. */
export function planReads(points: readonly Point[], gap: MaxGap, most = MOST_REGISTERS): readonly Read[] {
  const reads: Read[] = [];
  const sorted = points.toSorted(
    (a, b) => a.unit - b.unit || a.table.localeCompare(b.table) || a.address - b.address || a.length - b.length,
  );
  for (const point of sorted) {
    const last = reads.at(-1);
    const joined = last && join(last, point, gap, most);
    if (joined) reads[reads.length - 1] = joined;
    else reads.push(singleRead(point));
  }
  return reads;
}

function join(read: Read, point: Point, gap: MaxGap, most: number): Read | undefined {
  if (read.unit !== point.unit || read.table !== point.table) return undefined;
  const bits = isBitTable(point.table);
  const end = read.address + read.length;
  if (point.address - end > (bits ? gap.bits : gap.registers)) return undefined;
  const length = Math.max(end, point.address + point.length) - read.address;
  if (length > (bits ? MOST_BITS : most)) return undefined;
  return { ...read, length, points: [...read.points, point] };
}

/** The points by poll rate. Each poll rate has its own plan. */
export function planPolls(
  points: readonly Point[],
  gap: MaxGap,
  most = MOST_REGISTERS,
): readonly { every: number; reads: readonly Read[] }[] {
  const rates = Map.groupBy(points, point => point.poll);
  return [...rates]
    .toSorted(([a], [b]) => a - b)
    .map(([every, group]) => ({ every, reads: planReads(group, gap, most) }));
}
