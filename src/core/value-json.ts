import type { Value } from './sample.ts';

/** A value as text that is kept. 64-bit counters have no JSON form of their own. */
export function valueToJson(value: Value): string {
  return JSON.stringify(typeof value === 'bigint' ? { bigint: value.toString() } : value);
}

export function valueFromJson(text: string): Value {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null && 'bigint' in value
    ? BigInt(String(value.bigint))
    : (value as Value);
}
