import { add, isNumber, multiply, shortestFloat32, wholeNumber } from '../../core/numbers.ts';
import type { Sample, Value } from '../../core/sample.ts';
import type { Read } from './plan.ts';
import { isBitTable, type Point } from './point.ts';
import type { Order, Sentinel } from './schema.ts';

/** Whether an answer has fewer registers or bits than the request asked for. */
export function isShort(read: Read, data: Buffer): boolean {
  return data.length < bytesOf(read);
}

function bytesOf({ table, length }: Read): number {
  return isBitTable(table) ? Math.ceil(length / 8) : length * 2;
}

/** The samples in an answer: the bytes of the registers as sent, or bits packed lowest first. */
export function decodeRead(read: Read, data: Buffer): readonly Sample[] {
  const bits = isBitTable(read.table);
  if (isShort(read, data)) {
    const reason = `unit ${read.unit} answered ${data.length} bytes instead of ${bytesOf(read)}`;
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
  const sentinel = point.invalid.find(one => isSentinel(one, bytes, point));
  if (sentinel !== undefined) {
    const shown = typeof sentinel === 'number' ? sentinel : `16#${sentinel.bits.toString(16).toUpperCase()}`;
    return bad(point, `the register holds ${shown}: the device marks it as not valid`);
  }
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
    case 'bcd16':
    case 'bcd32':
      return decimal(point, bytes);
    case 'string':
      return good(point, text(bytes));
    case 'float32':
      return scaled(point, shortestFloat32(bytes.readFloatBE()));
    case 'float64':
      return scaled(point, bytes.readDoubleBE());
  }
}

/** The registers as one big-endian value. CDAB reverses the words, BADC the bytes of each word, DCBA both. */
function inOrder(registers: Buffer, order: Order): Buffer {
  if (order === 'ABCD' || order === 'AB') return registers;
  const bytes = Buffer.from(registers);
  if (order === 'BADC' || order === 'BA') return bytes.swap16();
  bytes.reverse();
  return order === 'DCBA' ? bytes : bytes.swap16();
}

/** Register × scale + offset, as people calculate: 3 × 0.1 is 0.3, and whole numbers stay exact at any size. */
function scaled(point: Point, raw: number | bigint): Sample {
  const register = typeof raw === 'bigint' ? wholeNumber(raw) : raw;
  if (!isNumber(register)) return bad(point, `the register holds ${register}: the device marks it as not valid`);
  const product = point.scale === 1 ? register : multiply(register, point.scale);
  const value = product === undefined || point.offset === 0 ? product : add(product, point.offset);
  if (value === undefined) return bad(point, `${register} × ${point.scale} is too large for a number; check scale`);
  return good(point, typeof value === 'number' ? value + 0 : value); // -0 becomes 0.
}

/** Whether these bits, or this number, mean that there is no value. */
function isSentinel(sentinel: Sentinel, bytes: Buffer, point: Point): boolean {
  if (typeof sentinel === 'object') return BigInt(`0x${bytes.toString('hex')}`) === sentinel.bits;
  const plain = decodeRegisters({ ...point, invalid: [], scale: 1, offset: 0, order: 'ABCD' }, bytes);
  return plain.value !== null && Number(plain.value) === sentinel;
}

/** Decimal digits of four bits each. */
function decimal(point: Point, bytes: Buffer): Sample {
  const digits = bytes.toString('hex');
  if (/^\d+$/.test(digits)) return scaled(point, Number(digits));
  return bad(point, `the register holds 16#${digits.toUpperCase()}, which is not a BCD number; check as:`);
}

/** The text up to the first NUL, without trailing blanks. */
function text(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes
    .subarray(0, end < 0 ? bytes.length : end)
    .toString('latin1')
    .trimEnd();
}

function bad(point: Point, reason: string): Sample {
  return { signal: point.signal, value: null, quality: 'bad', reason };
}

function good(point: Point, value: Value): Sample {
  return { signal: point.signal, value, quality: 'good' };
}
