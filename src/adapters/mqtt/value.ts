import type { JSONValue } from 'json-p3';
import { type Numeric, numberOfDigits } from '../../core/numbers.ts';
import type { Value } from '../../core/sample.ts';
import type { MqttSignal } from './schema.ts';

/** A value of the signal's type, or the reason in words why there is none. A missing value is never taken as 0 or false. */
export type Decoded = { readonly value: Value } | { readonly problem: string };

/** A value of a JSON document. Whole numbers that a double does not hold come as `bigint`. */
export type Raw = JSONValue | bigint;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const SHOWN = 40;

/** The received value, short enough for a message. */
function shown(raw: Raw): string {
  const text = written(raw);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function written(raw: Raw): string {
  if (typeof raw === 'number' || typeof raw === 'bigint') return String(raw);
  try {
    return JSON.stringify(raw) ?? 'nothing';
  } catch {
    return 'a value that is nested too deep'; // This is the only reason why parsed JSON can't be written.
  }
}

function toNumber(raw: Raw): Numeric | undefined {
  if (typeof raw === 'bigint') return raw;
  if (typeof raw === 'number') return Number.isFinite(raw) ? raw + 0 : undefined; // -0 becomes 0.
  if (typeof raw !== 'string') return undefined;
  const text = raw.trim();
  return NUMBER.test(text) ? numberOfDigits(text) : undefined;
}

/** Yes and no are never taken as 1 and 0. */
function notNumber(raw: Raw): string {
  const advice = typeof raw === 'boolean' ? '; write as: bool, or what it means as map: { true: 1, false: 0 }' : '';
  return `${shown(raw)} is not a number${advice}`;
}

const YES_NO: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

function asType(raw: Raw, as: MqttSignal['as']): Decoded {
  switch (as) {
    case 'bool': {
      const value = typeof raw === 'object' ? undefined : YES_NO.get(String(raw).trim().toLowerCase());
      return value === undefined
        ? { problem: `${shown(raw)} is not true, false, 1 or 0; write a map: for other words` }
        : { value };
    }
    case 'number': {
      const value = toNumber(raw);
      return value === undefined ? { problem: notNumber(raw) } : { value };
    }
    case 'integer': {
      const value = toNumber(raw);
      if (typeof raw === 'boolean') return { problem: notNumber(raw) };
      if (value === undefined || (typeof value === 'number' && !Number.isInteger(value)))
        return { problem: `${shown(raw)} is not a whole number` };
      return typeof value === 'bigint' || Number.isSafeInteger(value)
        ? { value }
        : { problem: `${shown(raw)} is too large to be exact` };
    }
    case 'string':
      return raw === null || raw === undefined || typeof raw === 'object'
        ? { problem: `${shown(raw)} is not a text` }
        : { value: String(raw) };
  }
}

/** Converts the content of a payload or a path to the signal's value. */
export function decode(raw: Raw, signal: Pick<MqttSignal, 'as' | 'map'>): Decoded {
  if (!signal.map) return asType(raw, signal.as);
  if (raw === null || raw === undefined || typeof raw === 'object') return { problem: `${shown(raw)} is not a word` };
  const word = String(raw).trim();
  if (Object.hasOwn(signal.map, word)) return { value: signal.map[word] as Value };
  return { problem: `${shown(raw)} is none of the words of map: (${Object.keys(signal.map).join(', ')})` };
}
