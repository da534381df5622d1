import type { Value } from '../../core/sample.ts';

/** How a lookup is found: by a number, by a text, or by the lowest set bit of a word. */
export type LookupKey = 'number' | 'text' | 'bit';

const HIGHEST_BIT = 63;

/** The canonical form of a key as written in the file: 12, 012 and 12,0 are one number. */
export function keyOf(written: string, kind: LookupKey): { readonly key: string } | { readonly problem: string } {
  if (written === '') return { problem: 'the key is empty' };
  if (kind === 'text') return { key: written };
  const asked = askedNumber(written);
  if (asked !== undefined) return { problem: asked };
  const number = Number(written.replace(',', '.'));
  if (kind === 'number') return { key: canonical(number) };
  if (Number.isInteger(number) && number >= 0 && number <= HIGHEST_BIT) return { key: String(number) };
  return { problem: `the key ${written} is not a bit; bits are 0 (the lowest) to ${HIGHEST_BIT}` };
}

/** The numbers that may be meant, when that is not certain; undefined: it is certain. */
function askedNumber(written: string): string | undefined {
  const groups = /^([+-]?[1-9]\d{0,2})[.,](\d{3})$/.exec(written);
  if (groups) {
    const [, whole = '', rest = ''] = groups;
    return `the key \`${written}\` may be ${whole}${rest} or ${whole} and a fraction; write ${whole}${rest}, or ${whole}.${rest}0 for the fraction`;
  }
  if (NUMBER.test(written)) return undefined;
  const plain = withoutGroups(written);
  return `the key \`${written}\` is not a number${plain === undefined ? '' : `; write ${plain}, without a sign between the thousands`}`;
}

const NUMBER = /^[+-]?\d+(?:[.,]\d+)?$/;

/** A number that was written with signs between its thousands, without them: `1.234.567`, `1 234`, `1'234,5`. */
function withoutGroups(written: string): string | undefined {
  const [, head, , tail = ''] = /^([+-]?\d{1,3}(?:([.,\s'’])\d{3})(?:\2\d{3})*)((?:[.,]\d+)?)$/.exec(written) ?? [];
  return head === undefined ? undefined : head.replace(/[.,\s'’]/g, '') + tail.replace(',', '.');
}

const SHORTENED = /^[+-]?\d(?:[.,]\d+)?E[+-]\d{2,}$/i;
const FAILED = /^#(?:[¡¿]?[\p{Lu}/0]+[!?]|N\/[ADV]|NV|#+)$/u;

/** What Excel made of a cell whose first content is lost; undefined: nothing is lost. */
export function spoiltByExcel(cell: string): string | undefined {
  const text = cell.trim();
  if (SHORTENED.test(text)) {
    return `Excel has shortened a long number to ${text}; format the column as text, write the number again, and save`;
  }
  if (FAILED.test(text)) return `${text} is an error of Excel in place of a value; correct the cell, and save`;
  if (/^['’]\d/.test(text)) return `${text} begins with an apostrophe; take it out, every value here is text anyway`;
  return undefined;
}

/** The canonical form of the key for a value; undefined: the value has another type, or no bit is set. */
export function keyFor(value: Value, kind: LookupKey): string | undefined {
  if (kind === 'text') return typeof value === 'string' ? value : undefined;
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  if (kind === 'number') return typeof value === 'number' ? canonical(value) : String(value);
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return undefined;
  return lowestBit(BigInt.asUintN(HIGHEST_BIT + 1, BigInt(value)));
}

/** A 32-bit float holds seven digits: 12.7 comes as 12.699999809 and is still the key 12.7. */
function canonical(number: number): string {
  return String(Number.isInteger(number) ? number : Number(number.toPrecision(7)));
}

function lowestBit(word: bigint): string | undefined {
  if (word === 0n) return undefined;
  let bit = 0;
  for (let rest = word; (rest & 1n) === 0n; rest >>= 1n) bit++;
  return String(bit);
}
