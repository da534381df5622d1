import { isNumber, shortestFloat32, wholeNumber } from '../../core/numbers.ts';
import type { Quality, Sample, Value } from '../../core/sample.ts';
import { elementOf } from './array-element.ts';
import type { Point } from './point.ts';
import type { OpcuaType } from './schema.ts';

/** The fields of an OPC UA DataValue that are used; node-opcua's class has them. */
export type Reading = {
  readonly value: { readonly dataType: number; readonly arrayType: number; readonly value: unknown };
  readonly statusCode: { readonly value: number; readonly name: string };
  readonly sourceTimestamp?: Date | null;
};

/** Built-in types by their number in the specification (part 6, table 1). */
const TYPES: ReadonlyMap<number, OpcuaType> = new Map([
  [1, 'bool'],
  [2, 'int8'],
  [3, 'uint8'],
  [4, 'int16'],
  [5, 'uint16'],
  [6, 'int32'],
  [7, 'uint32'],
  [8, 'int64'],
  [9, 'uint64'],
  [10, 'float32'],
  [11, 'float64'],
  [12, 'string'],
  [13, 'string'], // DateTime
  [14, 'string'], // Guid
  [20, 'string'], // QualifiedName
  [21, 'string'], // LocalizedText
]);
const STRUCTURE = 22;
/** Status code bits: the info type that marks a data value, and the overflow bit. */
const OVERFLOW = 0x480;

/** The class of a status code is in its two highest bits. */
export function qualityOf(status: number): Quality {
  const highest = status >>> 30;
  return highest === 0 ? 'good' : highest === 1 ? 'uncertain' : 'bad';
}

/** The server's queue for this node was too short, and changes before this one are lost. */
export function hasOverflowed(status: number): boolean {
  return (status & OVERFLOW) === OVERFLOW;
}

/** The node was removed, for example by a download. For the server, a later node with the same name is another node. */
export function isGone(status: string): boolean {
  return status === 'BadNodeIdUnknown' || status === 'BadNodeIdInvalid';
}

/** The type of a node's value; undefined: it is neither yes/no, a number nor text. */
export function typeOf({ value }: Reading): OpcuaType | undefined {
  return TYPES.get(value.dataType);
}

/** A value with its quality. A value of another type than in the config is bad, with the reason. */
export function decode(point: Point, reading: Reading): Sample {
  const at = reading.sourceTimestamp?.getTime();
  const sourceAt = at === undefined ? {} : { sourceAt: at };
  const bad = (reason: string): Sample => ({ signal: point.signal, value: null, quality: 'bad', reason, ...sourceAt });

  const { value: status, name } = reading.statusCode;
  const quality = qualityOf(status);
  if (quality === 'bad') return bad(statusWords(name, point));
  const { dataType } = reading.value;
  if (dataType === 0) return bad('the node has no value');
  const element = elementOf(point, reading.value);
  if ('problem' in element) return bad(element.problem);
  const raw = element.value;
  if (raw === null || raw === undefined) return bad('the node has no value');
  const type = typeOf(reading);
  if (dataType === STRUCTURE) return bad('the node is a structure; name the node of one member');
  if (type === undefined) return bad('the node holds neither yes/no, a number nor text');
  if (!fits(point.type, type)) return bad(`the node is ${type}; write as: ${type}`);
  const value = plain(type, raw);
  if (typeof value === 'number' && !isNumber(value)) return bad(`the node holds ${value}`);
  const reason = hasOverflowed(status)
    ? 'the queue of this node overflowed: changes before this one are lost'
    : quality === 'uncertain'
      ? `the server says ${name}`
      : undefined;
  return { signal: point.signal, value, quality, ...(reason !== undefined && { reason }), ...sourceAt };
}

function fits(asked: OpcuaType, found: OpcuaType): boolean {
  return asked === 'number' ? found !== 'bool' && found !== 'string' : asked === found;
}

function plain(type: OpcuaType, raw: unknown): Value {
  if (type === 'int64' || type === 'uint64') return wholeNumber(wide(type, raw));
  if (type === 'string') return text(raw);
  if (type === 'float32') return shortestFloat32(raw as number);
  return typeof raw === 'number' ? raw + 0 : (raw as Value); // -0 becomes 0.
}

/** Text without the blanks and NULs with which PLCs fill their strings; a DateTime as ISO 8601 in UTC. */
function text(raw: unknown): string {
  if (raw instanceof Date) return Number.isNaN(raw.getTime()) ? '' : raw.toISOString();
  // LocalizedText has `text`, QualifiedName has `name`; either may be null.
  const { text = undefined, name = undefined } = typeof raw === 'object' && raw !== null ? (raw as Named) : {};
  const whole = typeof raw === 'string' ? raw : (text ?? name ?? '');
  return whole.replace(/[\0 ]+$/, '');
}

type Named = { readonly text?: string | null; readonly name?: string | null };

/** A bad status in words, with the advice when the config can change it. */
function statusWords(status: string, { index }: Point): string {
  return status.startsWith('BadIndexRangeNoData')
    ? `the array has no element ${index}; index counts from 0 (${status})`
    : `the server says ${status}`;
}

/** node-opcua gives 64-bit integers as `[high, low]`, each without a sign. */
function wide(type: 'int64' | 'uint64', raw: unknown): bigint {
  const [high = 0, low = 0] = raw as readonly number[];
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return type === 'int64' ? BigInt.asIntN(64, bits) : bits;
}
