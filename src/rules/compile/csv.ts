import { type Encoding, readCsvText, workbookKind } from './csv-text.ts';

/** One row of a CSV file and the line it begins at, counted from 1. */
export type CsvRow = { readonly line: number; readonly cells: readonly string[] };

/**
 * Reads the rows of a CSV file as Excel writes it anywhere in the world: comma, semicolon, tab or | (`sep=` or the header decides),
 * quotes, any line end, UTF-8, UTF-16 or Windows-1252. Every value is text, without the spaces around it. Rows without any text are
 * left out, and so are columns: those stay behind when cells were formatted or deleted.
 */
export function parseCsv(bytes: Uint8Array): {
  readonly rows: readonly CsvRow[];
  readonly problems: readonly { readonly line: number; readonly message: string }[];
  /** null: the file is no text. */
  readonly encoding: Encoding | null;
} {
  const workbook = workbookKind(bytes);
  if (workbook !== undefined) {
    const message = `this is an Excel workbook (${workbook}), no CSV file; save it in Excel as "CSV UTF-8"`;
    return { rows: [], problems: [{ line: 1, message }], encoding: null };
  }
  const { text, separator, start, encoding } = readCsvText(bytes);
  const rows: CsvRow[] = [];
  let line = start > 0 ? 2 : 1;
  let rowLine = line;
  let cells: string[] = [];
  let cell = '';
  let wasQuoted = false;

  const endCell = () => {
    cells.push(cleaned(wasQuoted ? cell : cell.trim()));
    cell = '';
    wasQuoted = false;
  };
  const endRow = () => {
    endCell();
    if (cells.some(hasText)) rows.push({ line: rowLine, cells });
    cells = [];
    rowLine = line;
  };

  for (let at = start; at < text.length; at++) {
    const sign = text.charAt(at);
    if (sign === '"' && cell.trim() === '' && !wasQuoted) {
      const quoted = readQuoted(text, at);
      if (quoted === undefined) return { rows, problems: [{ line, message: 'this quote is not closed' }], encoding };
      cell = quoted.value;
      wasQuoted = true;
      line += quoted.lines;
      at = quoted.end;
    } else if (sign === separator) {
      endCell();
    } else if (sign === '\n') {
      line++;
      endRow();
    } else if (!wasQuoted || sign.trim() !== '') {
      cell += sign;
    }
  }
  endRow();
  return { rows: withoutEmptyColumns(rows), problems: [], encoding };
}

function hasText(cell: string | undefined): boolean {
  return cell !== undefined && cell.trim() !== '';
}

/** Rows without the columns in which no row has any text. */
function withoutEmptyColumns(rows: readonly CsvRow[]): readonly CsvRow[] {
  const longest = rows.reduce((most, { cells }) => Math.max(most, cells.length), 0);
  const isUsed = Array.from({ length: longest }, () => false);
  for (const { cells } of rows) for (const [index, cell] of cells.entries()) isUsed[index] ||= hasText(cell);
  if (!isUsed.includes(false)) return rows;
  return rows.map(({ line, cells }) => ({ line, cells: cells.filter((_, index) => isUsed[index]) }));
}

const NO_WIDTH = /[\u00ad\u200b\u2060\ufeff]|(?![\n\t])\p{Cc}/gu;
const OTHER_SPACE = /[\u00a0\u2007\u202f]/g;
const TEXT_FORMULA = /^="([^"]*)"$/;

/**
 * The text of a cell as a person sees it: without signs that have no width (DOS ends a file with one), every space an ordinary one (codes of L2L have no
 * other), and `="0123"`, which keeps the zeros in Excel, without its formula.
 */
function cleaned(cell: string): string {
  const seen = cell.replace(NO_WIDTH, '').replace(OTHER_SPACE, ' ');
  return TEXT_FORMULA.exec(seen)?.[1] ?? seen;
}

/** The value of a quoted cell that opens at `start`, and where its closing quote stands. */
function readQuoted(text: string, start: number) {
  let end = start + 1;
  for (;;) {
    end = text.indexOf('"', end);
    if (end === -1) return undefined;
    if (text.charAt(end + 1) !== '"') break;
    end += 2;
  }
  const inside = text.slice(start + 1, end);
  return { value: inside.replaceAll('""', '"'), lines: inside.split('\n').length - 1, end };
}
