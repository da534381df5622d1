import type { Problem } from '../core/errors.ts';
import type { Value } from '../core/sample.ts';
import { parseCsv } from './compile/csv.ts';

/** How a lookup is found: by a number, by a text, or by the lowest set bit of a word. */
export type LookupKey = 'number' | 'text' | 'bit';

/** One row: codes and texts by the names of the header, the key's column too. */
export type LookupRow = ReadonlyMap<string, string>;

/** A lookup file, read once. */
export type LookupTable = {
  readonly name: string;
  readonly key: LookupKey;
  /** Names of the columns after the key's. */
  readonly fields: readonly string[];
  /** The row of a key, else the default row; undefined: no such key and no default. */
  find(value: Value): LookupRow | undefined;
  /** Every text in a column, the default row's included, each once. */
  texts(field: string): readonly string[];
};

export type LookupOptions = {
  readonly name: string;
  /** As written in the config, for the places of problems. */
  readonly file: string;
  readonly key: LookupKey;
  readonly default?: Readonly<Record<string, string>>;
};

const HIGHEST_BIT = 63;

/**
 * Reads a lookup file (CSV: comma or semicolon, UTF-8 or Windows-1252, as Excel writes it). The first column is the key, the
 * header names the fields, codes stay text. All problems at once.
 */
export function parseLookup(
  bytes: Uint8Array,
  options: LookupOptions,
): { readonly table: LookupTable } | { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const refuse = (line: number, message: string) => {
    problems.push({ place: { file: options.file, line, column: 1 }, message });
  };

  const { rows, problems: broken } = parseCsv(bytes);
  for (const { line, message } of broken) refuse(line, message);
  const [header, ...body] = rows;
  if (header === undefined) {
    refuse(1, 'the file is empty; write a header row, such as `recipe;product`');
    return { problems };
  }
  const names = header.cells;
  const fields = names.slice(1);
  if (fields.length === 0)
    refuse(header.line, 'the header names one column only; a lookup needs a key and at least one field');
  for (const [i, name] of names.entries()) {
    if (name === '') refuse(header.line, `column ${i + 1} has no name`);
    else if (names.indexOf(name) < i) refuse(header.line, `two columns are called \`${name}\``);
  }

  const found = new Map<string, { readonly line: number; readonly row: LookupRow }>();
  for (const { line, cells } of body) {
    if (cells.length !== names.length) {
      refuse(
        line,
        `this row has ${cells.length} values, the header has ${names.length}${hintFor(cells.length > names.length)}`,
      );
      continue;
    }
    const written = cells[0] ?? '';
    const key = keyOf(written, options.key);
    if ('problem' in key) {
      refuse(line, key.problem);
      continue;
    }
    const earlier = found.get(key.key);
    if (earlier) refuse(line, `the key ${written} stands in line ${earlier.line} already`);
    else found.set(key.key, { line, row: new Map(names.map((name, i) => [name, cells[i] ?? ''])) });
  }

  const unknown = Object.keys(options.default ?? {}).filter(name => !fields.includes(name));
  for (const name of unknown)
    refuse(header.line, `the default of \`${options.name}\` names \`${name}\`, which is no column of this file`);
  if (problems.length > 0) return { problems };

  const otherwise = options.default && new Map(fields.map(name => [name, options.default?.[name] ?? '']));
  return {
    table: {
      name: options.name,
      key: options.key,
      fields,
      find(value) {
        const key = keyFor(value, options.key);
        return (key === undefined ? undefined : found.get(key)?.row) ?? otherwise;
      },
      texts(field) {
        const rows = [...[...found.values()].map(({ row }) => row), ...(otherwise ? [otherwise] : [])];
        return [...new Set(rows.flatMap(row => row.get(field) ?? []))];
      },
    },
  };
}

function hintFor(isTooLong: boolean): string {
  return isTooLong ? '; put a value that contains the separator in quotes' : '';
}

/** The canonical form of a key as written in the file: 12, 012 and 12,0 are one number. */
function keyOf(written: string, kind: LookupKey): { readonly key: string } | { readonly problem: string } {
  if (written === '') return { problem: 'the key is empty' };
  if (kind === 'text') return { key: written };
  if (!/^[+-]?\d+([.,]\d+)?$/.test(written)) return { problem: `the key \`${written}\` is not a number` };
  const number = Number(written.replace(',', '.'));
  if (kind === 'number') return { key: canonical(number) };
  if (Number.isInteger(number) && number >= 0 && number <= HIGHEST_BIT) return { key: String(number) };
  return { problem: `the key ${written} is not a bit; bits are 0 (the lowest) to ${HIGHEST_BIT}` };
}

/** The canonical form of the key a value asks for; undefined: the value is of another kind, or no bit is set. */
function keyFor(value: Value, kind: LookupKey): string | undefined {
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
