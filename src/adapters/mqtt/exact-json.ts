import { numberOfDigits } from '../../core/numbers.ts';
import type { Raw } from './value.ts';

/** A JSON document whose whole numbers keep all their digits. */
export type ExactJson = {
  /** The value at an existing place of the document. */
  at(location: readonly (string | number)[]): Raw;
};

/** Whether a number of a parsed document may have lost digits, because doubles hold whole numbers only up to 2^53. */
export function isRounded(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** What JSON.parse gives a reviver as its third argument (ECMAScript, "JSON.parse source text access"). */
type Context = { readonly source?: string };

/** Parses a text that JSON.parse takes. It costs several times as much as JSON.parse, so it is used only when the digits matter. */
export function exactJson(text: string): ExactJson {
  const document: unknown = JSON.parse(text, (_key, value: unknown, { source }: Context = {}) =>
    typeof value === 'number' && isRounded(value) && source !== undefined ? (numberOfDigits(source) ?? value) : value,
  );
  return {
    at: location =>
      location.reduce((part: unknown, key) => (part as Record<string | number, unknown>)[key], document) as Raw,
  };
}
