import type { Problem } from '../core/errors.ts';
import type { Value } from '../core/sample.ts';
import { type CsvRow, parseCsv } from './compile/csv.ts';
import type { Encoding } from './compile/csv-text.ts';
import { keyFor, keyOf, type LookupKey, spoiltByExcel } from './compile/lookup-key.ts';

export type { LookupKey };

/** One row: codes and texts by the names of the header, the key's column too. */
export type LookupRow = ReadonlyMap<string, string>;

/** A lookup file, read once. */
export type LookupTable = {
  readonly name: string;
  /** Path as written in the config; a relative one begins with the folder of the config. */
  readonly file: string;
  /** Rows with a key. */
  readonly rows: number;
  readonly hasDefault: boolean;
  readonly encoding: Encoding | null;
  readonly key: LookupKey;
  /** Names of the columns after the key. */
  readonly fields: readonly string[];
  /** The row of a key, or else the default row. undefined: there is neither. */
  find(value: Value): LookupRow | undefined;
  /** Every text in a column, that of the default row included, each once. */
  texts(field: string): readonly string[];
  /** The line of the first row with this text in a column; undefined: it stands in the default row. */
  lineOf(field: string, text: string): number | undefined;
};

export type LookupOptions = {
  readonly name: string;
  /** Path as written in the config. Problems name it. */
  readonly file: string;
  readonly key: LookupKey;
  readonly default?: Readonly<Record<string, string>>;
};

/**
 * Reads a lookup file (CSV as Excel writes it). The first column is the key, the header names the fields, and codes stay text. It
 * returns all problems at once.
 */
export function parseLookup(
  bytes: Uint8Array,
  options: LookupOptions,
): { readonly table: LookupTable } | { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const refuse = (line: number, message: string) => {
    problems.push({ place: { file: options.file, line, column: 1 }, message });
  };

  const { rows, problems: broken, encoding } = parseCsv(bytes);
  for (const { line, message } of broken) refuse(line, message);
  const [header, ...body] = rows;
  if (header === undefined && broken.length > 0) return { problems };
  if (header === undefined) {
    refuse(1, 'the file is empty; write a header row, such as `recipe;product`');
    return { problems };
  }
  const names = header.cells;
  const fields = names.slice(1);
  if (fields.length === 0)
    refuse(header.line, 'the header names one column only; a lookup needs a key and at least one field');
  for (const [i, name] of names.entries()) {
    if (name === '') refuse(header.line, `column ${i + 1} has no name${textIn(i, body)}`);
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
    const spoilt = cells.flatMap((cell, i) => {
      const words = spoiltByExcel(cell);
      return words === undefined ? [] : [`column \`${names[i] ?? ''}\`: ${words}`];
    });
    for (const words of spoilt) refuse(line, words);
    if (spoilt.length > 0) continue;
    const written = (cells[0] ?? '').trim();
    const key = keyOf(written, options.key);
    if ('problem' in key) {
      refuse(line, key.problem);
      continue;
    }
    const earlier = found.get(key.key);
    if (earlier) refuse(line, `the key ${written} is in line ${earlier.line} already`);
    else found.set(key.key, { line, row: new Map(names.map((name, i) => [name, cells[i] ?? ''])) });
  }

  const unknown = Object.keys(options.default ?? {}).filter(name => !fields.includes(name));
  for (const name of unknown)
    refuse(header.line, `the default of \`${options.name}\` names \`${name}\`, which is no column of this file`);
  if (problems.length > 0) return { problems };

  /** Of each column that was asked for, the first line of each text. */
  const lines = new Map<string, Map<string, number>>();
  const otherwise = options.default && new Map(fields.map(name => [name, options.default?.[name] ?? '']));
  return {
    table: {
      name: options.name,
      file: options.file,
      rows: found.size,
      hasDefault: otherwise !== undefined,
      encoding,
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
      lineOf(field, text) {
        const known = lines.get(field) ?? new Map<string, number>();
        if (!lines.has(field)) {
          lines.set(field, known);
          for (const { line, row } of [...found.values()].toReversed()) known.set((row.get(field) ?? '').trim(), line);
        }
        return known.get(text);
      },
    },
  };
}

function hintFor(isTooLong: boolean): string {
  return isTooLong ? '; put a value that contains the separator in quotes' : '';
}

/** The row to name for a column without a name: the first one that has a text in it. */
function textIn(column: number, body: readonly CsvRow[]): string {
  const row = body.find(({ cells }) => (cells[column] ?? '') !== '');
  return row ? `, and line ${row.line} has "${row.cells[column] ?? ''}" in it; name it, or empty the column` : '';
}
