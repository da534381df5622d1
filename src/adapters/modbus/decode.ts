import type { Sample, Value } from '../../core/sample.ts';
import type { Read } from './plan.ts';
import { isBitTable, type Point } from './point.ts';
import type { Order } from './schema.ts';

/** The samples in an answer: register bytes as sent, or bits packed lowest first. */
export function decodeRead(read: Read, data: Buffer): readonly Sample[] {
  const bits = isBitTable(read.table);
  const bytes = bits ? Math.ceil(read.length / 8) : read.length * 2;
  if (data.length < bytes) {
    const reason = `unit ${read.unit} answered ${data.length} bytes where ${bytes} were asked for`;
    return read.points.map(point => ({ signal: point.signal, value: null, quality: 'bad', reason }));
  }
  return read.points.map(point => {
    const offset = point.address - read.address;
    if (bits) return good(point, (((data[offset >> 3] ?? 0) >> (offset & 7)) & 1) === 1);
    return decodeRegisters(point, data.subarray(offset * 2, (offset + point.length) * 2));
  });
}

function decodeRegisters(point: Point, registers: Buffer): Sample {
  const bytes = inOrder(registers, point.order);
  switch (point.type) {
    case 'bool':
      return good(point, ((bytes.readUInt16BE() >> (point.bit ?? 0)) & 1) === 1);
    case 'int16':
      return scaled(point, bytes.readInt16BE());
    case 'uint16':
      return scaled(point, bytes.readUInt16BE());
    case 'int32':
      return scaled(point, bytes.readInt32BE());
    case 'uint32':
      return scaled(point, bytes.readUInt32BE());
    case 'int64':
      return scaled(point, bytes.readBigInt64BE());
    case 'uint64':
      return scaled(point, bytes.readBigUInt64BE());
    case 'float32':
      return scaled(point, bytes.readFloatBE());
    case 'float64':
      return scaled(point, bytes.readDoubleBE());
  }
}

/** The registers as one big-endian value. CDAB turns the words round, BADC the bytes of each word, DCBA both. */
function inOrder(registers: Buffer, order: Order): Buffer {
  if (order === 'ABCD') return registers;
  const bytes = Buffer.from(registers);
  if (order === 'BADC') return bytes.swap16();
  bytes.reverse();
  return order === 'DCBA' ? bytes : bytes.swap16();
}

function scaled(point: Point, raw: number | bigint): Sample {
  if (typeof raw === 'bigint' && point.scale === 1 && point.offset === 0) {
    const exact = Number.isSafeInteger(Number(raw));
    return good(point, exact ? Number(raw) : raw);
  }
  const value = Number(raw);
  if (!Number.isFinite(value)) {
    return {
      signal: point.signal,
      value: null,
      quality: 'bad',
      reason: `the register holds ${value}: the device marks it as not valid`,
    };
  }
  if (point.scale === 1 && point.offset === 0) return good(point, value);
  // Twelve digits are more than any register measures and keep 31 × 0.1 from printing as 3.1000000000000001.
  return good(point, Number((value * point.scale + point.offset).toPrecision(12)));
}

function good(point: Point, value: Value): Sample {
  return { signal: point.signal, value, quality: 'good' };
}
