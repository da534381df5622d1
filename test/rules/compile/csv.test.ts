import { describe, expect, it } from 'vitest';
import { parseCsv } from '../../../src/rules/compile/csv.ts';

const parse = (text: string) => parseCsv(Buffer.from(text));
const cells = (text: string) => parse(text).rows.map(row => row.cells);

describe('parseCsv', () => {
  it.each([
    [
      'commas',
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'semicolons',
      'a;b\n1,5;2\n',
      [
        ['a', 'b'],
        ['1,5', '2'],
      ],
    ],
    [
      'semicolons beside a quoted one',
      '"a;x",b\n1,2\n',
      [
        ['a;x', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'Windows line ends',
      'a,b\r\n1,2\r\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'no line end at the end',
      'a,b\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'spaces around values',
      ' a , b \n 1 , 2 ',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'quotes',
      'a,b\n"x, ""y""",  "z" ',
      [
        ['a', 'b'],
        ['x, "y"', 'z'],
      ],
    ],
    [
      'a quoted line end',
      'a,b\n"x\ny",2',
      [
        ['a', 'b'],
        ['x\ny', '2'],
      ],
    ],
    [
      'empty values, without rows that have no other',
      'a,b\n,\n"",2',
      [
        ['a', 'b'],
        ['', '2'],
      ],
    ],
    ['nothing', '', []],
    ['empty lines only', '\n  \r\n', []],
  ])('the CSV reader reads %s', (_, text, expected) => {
    expect(cells(text)).toEqual(expected);
  });

  it.each([
    ['UTF-8', Buffer.from('größe;2')],
    ['UTF-8 with a byte order mark', Buffer.from('\u{feff}größe;2')],
    ['Windows-1252', Buffer.from('größe;2', 'latin1')],
    ['UTF-16, as Excel calls Unicode', Buffer.from('\u{feff}größe;2', 'utf16le')],
  ])('the CSV reader reads bytes in %s', (_, bytes) => {
    expect(parseCsv(bytes).rows).toEqual([{ line: 1, cells: ['größe', '2'] }]);
  });

  it('a CSV file knows the line of every row', () => {
    expect(parse('a,b\n\n"x\ny",2\n3,4').rows.map(row => row.line)).toEqual([1, 3, 5]);
  });

  it('the CSV reader names the line of a quote that is not closed', () => {
    expect(parse('a,b\n1,"2\n').problems).toEqual([{ line: 2, message: 'this quote is not closed' }]);
  });
});
