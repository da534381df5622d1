import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../src/core/errors.ts';
import type { Value } from '../../src/core/sample.ts';
import { type LookupKey, type LookupOptions, parseLookup } from '../../src/rules/lookup.ts';

const options = (key: LookupKey, more: Partial<LookupOptions> = {}): LookupOptions => ({
  name: 'recipes',
  file: 'recipes.csv',
  key,
  ...more,
});

function table(text: string, key: LookupKey, more: Partial<LookupOptions> = {}) {
  const parsed = parseLookup(Buffer.from(text), options(key, more));
  if ('problems' in parsed) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return parsed.table;
}

function problems(text: string, key: LookupKey, more: Partial<LookupOptions> = {}) {
  const parsed = parseLookup(Buffer.from(text), options(key, more));
  return 'problems' in parsed ? parsed.problems.map(formatProblem) : [];
}

describe('parseLookup', () => {
  it('a lookup names its columns by the header and keeps codes as text', () => {
    const recipes = table('recipe;product;note\n12;0123;größe\n', 'number');

    expect(recipes).toMatchObject({ name: 'recipes', key: 'number', fields: ['product', 'note'] });
    expect(Object.fromEntries(recipes.find(12) ?? [])).toEqual({ recipe: '12', product: '0123', note: 'größe' });
  });

  it.each<[string, LookupKey, string, Value, string | undefined]>([
    ['a number', 'number', '12', 12, 'found'],
    ['a number with leading zeros', 'number', '012', 12, 'found'],
    ['a decimal comma', 'number', '12,50', 12.5, 'found'],
    ['a 32-bit float', 'number', '12.7', Math.fround(12.7), 'found'],
    ['a 64-bit number', 'number', '12', 12n, 'found'],
    ['a large number exactly', 'number', '16777217', 16_777_216, undefined],
    ['a text for a number', 'number', '12', '12', undefined],
    ['a text', 'text', '0012', '0012', 'found'],
    ['a text that only looks alike', 'text', '0012', '12', undefined],
    ['the lowest bit', 'bit', '0', 0b1, 'found'],
    ['the lowest of several bits', 'bit', '3', 0b111_1000, 'found'],
    ['no bit', 'bit', '0', 0, undefined],
    ['a bit without a row', 'bit', '3', 0b1, undefined],
    ['the sign bit of a 16-bit number', 'bit', '15', -32_768, 'found'],
    ['the highest bit of a 64-bit word', 'bit', '63', 1n << 63n, 'found'],
    ['a fraction for bits', 'bit', '0', 1.5, undefined],
    ['yes/no for bits', 'bit', '0', true, undefined],
  ])('a lookup finds %s', (_, key, written, value, expected) => {
    expect(table(`key;field\n${written};found`, key).find(value)?.get('field')).toBe(expected);
  });

  it('gives the default row for a key without a row, and only for that', () => {
    const faults = table('bit,reason,text\n0,HYDR,hydraulics', 'bit', { default: { reason: 'OTHER' } });

    expect([1, 2, 0].map(word => faults.find(word)?.get('reason'))).toEqual(['HYDR', 'OTHER', 'OTHER']);
    expect(faults.find(2)?.get('text')).toBe('');
  });

  it('reports every problem of a lookup file with its line', () => {
    const text = 'recipe;product;product\n12;A;x\n\n0012;B;x\nx;C;x\n;D;x\n13;E\n14;F;x;y';

    expect(problems(text, 'number', { default: { reason: 'OTHER' } })).toEqual([
      'recipes.csv:1:1 two columns are called `product`',
      'recipes.csv:4:1 the key 0012 is in line 2 already',
      'recipes.csv:5:1 the key `x` is not a number',
      'recipes.csv:6:1 the key is empty',
      'recipes.csv:7:1 this row has 2 values, the header has 3',
      'recipes.csv:8:1 this row has 4 values, the header has 3; put a value that contains the separator in quotes',
      'recipes.csv:1:1 the default of `recipes` names `reason`, which is no column of this file',
    ]);
  });

  it.each<[string, LookupKey, string[]]>([
    ['', 'text', ['recipes.csv:1:1 the file is empty; write a header row, such as `recipe;product`']],
    [
      'recipe\n12',
      'text',
      ['recipes.csv:1:1 the header names one column only; a lookup needs a key and at least one field'],
    ],
    [
      'recipe;\n12;A',
      'text',
      ['recipes.csv:1:1 column 2 has no name, and line 2 has "A" in it; name it, or empty the column'],
    ],
    ['bit;reason\n64;A', 'bit', ['recipes.csv:2:1 the key 64 is not a bit; bits are 0 (the lowest) to 63']],
    ['a;b\n1;"2', 'text', ['recipes.csv:2:1 this quote is not closed']],
  ])('a lookup refuses %j', (text, key, expected) => {
    expect(problems(text, key)).toEqual(expected);
  });
});

const bytes = {
  utf8: (text: string) => Buffer.from(text),
  'utf-8 with a mark': (text: string) => Buffer.from(`\ufeff${text}`),
  'utf-16le with a mark': (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  'utf-16le': (text: string) => Buffer.from(text, 'utf16le'),
  'utf-16be with a mark': (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
  'windows-1252': (text: string) => Buffer.from(text, 'latin1'),
};

function read(text: Uint8Array, key: LookupKey) {
  const parsed = parseLookup(text, options(key));
  if ('problems' in parsed) return parsed.problems.map(formatProblem);
  return { fields: parsed.table.fields, row: Object.fromEntries(parsed.table.find(key === 'text' ? '12' : 12) ?? []) };
}

describe('files of Excel and of other programs', () => {
  const PLAIN = { fields: ['product', 'note'], row: { recipe: '12', product: '0123', note: 'größe' } };
  const lines = ['recipe;product;note', '11;A-100;x', '12;0123;größe', ''];

  it.each(Object.entries(bytes))('a lookup reads files in %s, with every line end and separator', (_, encode) => {
    for (const end of ['\n', '\r\n', '\r']) {
      for (const separator of [';', ',', '\t', '|']) {
        expect(read(encode(lines.join(end).replaceAll(';', separator)), 'number')).toEqual(PLAIN);
      }
    }
  });

  it.each<[string, string]>([
    ['a first line with the separator', `sep=;\n${lines.join('\n')}`],
    ['a first line with the separator, in quotes', `"sep=;"\r\n${lines.join('\r\n')}`],
    ['a first line with the separator, saved once more', `SEP=;;;\n${lines.join('\n')}`],
    ['a separator that the header alone does not tell', 'sep=,\nrecipe,product,note\n12,0123,größe'],
    ['empty columns and rows', ';;\nrecipe;product;note;;\n;;;;\n12;0123;größe;;\n ; ;"";;\n'],
    ['empty columns, and rows that end before them', 'recipe;product;note;;\n12;0123;größe\n13;x;y;;\n'],
    ['an empty column at the beginning', ';recipe;product;note\n;12;0123;größe\n'],
    ['empty cells beyond the header', 'recipe;product;note\n12;0123;größe;;\n'],
    ['spaces that do not break', '\u00a0recipe\u00a0;product;note\n12\u00a0;\u00a00123;größe'],
    ['signs without width', 'recipe;product;note\n\u200b12;01\u00ad23;größe\ufeff'],
    ['the sign with which DOS ends a file', 'recipe;product;note\n12;0123;größe\n\u001a'],
    ['a formula that keeps the zeros', 'recipe;product;note\n12;="0123";größe'],
    ['the same formula in quotes', 'recipe;product;note\n12;"=""0123""";größe'],
  ])('a lookup reads files with %s', (_, text) => {
    expect(read(bytes.utf8(text), 'number')).toEqual(PLAIN);
  });

  it('a lookup reads separators, quotes and line ends inside quotes', () => {
    const text = 'recipe;product\r\n12;"a;b ""c""\r\nd"\r\n13;x\r\n13;y\r\n';

    expect(read(bytes.utf8(text), 'number')).toEqual(['recipes.csv:5:1 the key 13 is in line 4 already']);
    expect(read(bytes.utf8(text.replace('13;y', '14;y')), 'number')).toEqual({
      fields: ['product'],
      row: { recipe: '12', product: 'a;b "c"\nd' },
    });
  });

  it('a lookup turns a non-breaking space in a code into the plain space that L2L has', () => {
    expect(read(bytes.utf8('recipe;product\n12;PRESS\u00a01'), 'number')).toMatchObject({
      row: { product: 'PRESS 1' },
    });
  });

  it.each<[LookupKey, string]>([
    ['number', '0.125'],
    ['number', '1234.567'],
    ['number', '12,5'],
    ['number', '1.2340'],
    ['text', '1.234'],
    ['text', '0012'],
  ])('a lookup takes the %s key %s as it is', (key, written) => {
    expect(problems(`key;field\n"${written}";x`, key)).toEqual([]);
  });

  it.each<[LookupKey, string, string]>([
    ['number', '1.234;A', 'the key `1.234` may be 1234 or 1 and a fraction; write 1234, or 1.2340 for the fraction'],
    ['number', '"1,234";A', 'the key `1,234` may be 1234 or 1 and a fraction; write 1234, or 1.2340 for the fraction'],
    [
      'number',
      '-12.345;A',
      'the key `-12.345` may be -12345 or -12 and a fraction; write -12345, or -12.3450 for the fraction',
    ],
    ['bit', '1.000;A', 'the key `1.000` may be 1000 or 1 and a fraction; write 1000, or 1.0000 for the fraction'],
    [
      'number',
      '1.234.567;A',
      'the key `1.234.567` is not a number; write 1234567, without a sign between the thousands',
    ],
    ['number', '1.234,5;A', 'the key `1.234,5` is not a number; write 1234.5, without a sign between the thousands'],
    ['number', '1 234;A', 'the key `1 234` is not a number; write 1234, without a sign between the thousands'],
    ['number', "1'234;A", "the key `1'234` is not a number; write 1234, without a sign between the thousands"],
    [
      'number',
      '1,23E+05;A',
      'column `key`: Excel has shortened a long number to 1,23E+05; format the column as text, write the number again, and save',
    ],
    [
      'text',
      'x;4.00638E+12',
      'column `field`: Excel has shortened a long number to 4.00638E+12; format the column as text, write the number again, and save',
    ],
    ['text', 'x;#N/A', 'column `field`: #N/A is an error of Excel in place of a value; correct the cell, and save'],
    ['text', 'x;#WERT!', 'column `field`: #WERT! is an error of Excel in place of a value; correct the cell, and save'],
    ['text', 'x;#####', 'column `field`: ##### is an error of Excel in place of a value; correct the cell, and save'],
    ['text', "'0012;A", "column `key`: '0012 begins with an apostrophe; take it out, every value here is text anyway"],
  ])('a lookup asks about a %s key in the row %s', (key, row, message) => {
    expect(problems(`key;field\n${row}`, key)).toEqual([`recipes.csv:2:1 ${message}`]);
  });

  it('a lookup keeps codes that only look broken', () => {
    for (const code of ['12E3', '#1', '#AB', "'tis", '1E5', '1.234']) {
      expect(problems(`key;field\nx;${code}`, 'text')).toEqual([]);
    }
  });

  it('a lookup names the line of every row that is too long or too short', () => {
    expect(problems('sep=;\r\nkey;a;b\r\n;;\r\nx;1\r\ny;1;2;3\r\n', 'text')).toEqual([
      'recipes.csv:4:1 this row has 2 values, the header has 3',
      'recipes.csv:5:1 this row has 4 values, the header has 3; put a value that contains the separator in quotes',
    ]);
  });

  it('a lookup refuses an Excel workbook that has the name of a CSV file', () => {
    expect(read(Buffer.from([0x50, 0x4b, 3, 4, 20, 0]), 'text')).toEqual([
      'recipes.csv:1:1 this is an Excel workbook (.xlsx), no CSV file; save it in Excel as "CSV UTF-8"',
    ]);
  });
});
