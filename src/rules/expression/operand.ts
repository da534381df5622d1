import { isNumber } from '../../core/numbers.ts';
import type { SignalType, Value } from '../../core/sample.ts';
import type { ExpressionScope } from '../program.ts';

/** What a name in a condition refers to. */
export type Operand =
  | { readonly kind: 'signal'; readonly signal: string; readonly type: SignalType }
  | { readonly kind: 'bit'; readonly signal: string; readonly bit: number }
  | { readonly kind: 'good'; readonly signal: string }
  | { readonly kind: 'still'; readonly signal: string }
  | { readonly kind: 'connected'; readonly source: string }
  | { readonly kind: 'active'; readonly rule: string };

/** Reads the value of an operand, or of a part of a condition. undefined: the value is unknown. */
export type Reader = (scope: ExpressionScope) => Value | undefined;

export function typeOf(operand: Operand): SignalType {
  return operand.kind === 'signal' ? operand.type : 'bool';
}

/** Makes the reader of an operand. A value that has not the declared type is unknown, and so are NaN and the infinities. */
export function readerOf(operand: Operand): Reader {
  switch (operand.kind) {
    case 'signal':
      return signalReader(operand.signal, operand.type);
    case 'bit':
      return scope => bitOf(scope.value(operand.signal), operand.bit);
    case 'good':
      return scope => scope.good(operand.signal);
    case 'still':
      return scope => scope.still(operand.signal);
    case 'connected':
      return scope => scope.connected(operand.source);
    case 'active':
      return scope => scope.active(operand.rule);
  }
}

function signalReader(signal: string, type: SignalType): Reader {
  switch (type) {
    case 'bool':
      return scope => {
        const value = scope.value(signal);
        return typeof value === 'boolean' ? value : undefined;
      };
    case 'string':
      return scope => {
        const value = scope.value(signal);
        return typeof value === 'string' ? value : undefined;
      };
    case 'number':
      return scope => {
        const value = scope.value(signal);
        return isNumber(value) ? value : undefined;
      };
  }
}

/** Bit 0 is the lowest. The bits of a negative number are its two's complement. A number with a fraction has no bits. */
export function bitOf(value: Value | undefined, bit: number): boolean | undefined {
  if (typeof value === 'bigint') return ((value >> BigInt(bit)) & 1n) === 1n;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return undefined;
  // A shift sees only 32 bits. A division by a power of two is exact for every safe integer.
  return ((bit < 32 ? value >> bit : Math.floor(value / 2 ** bit)) & 1) === 1;
}
