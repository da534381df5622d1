/** One row of a CSV file and the line it begins at, counted from 1. */
export type CsvRow = { readonly line: number; readonly cells: readonly string[] };

/**
 * Reads the rows of a CSV file as Excel writes it anywhere in the world: comma or semicolon (the header decides), quotes, a byte
 * order mark or none, UTF-8 or Windows-1252. Every value is text, without the spaces around it. Empty lines are left out.
 */
export function parseCsv(bytes: Uint8Array): {
  readonly rows: readonly CsvRow[];
  readonly problems: readonly { readonly line: number; readonly message: string }[];
} {
  const text = decode(bytes);
  const separator = separatorOf(text);
  const rows: CsvRow[] = [];
  let line = 1;
  let rowLine = 1;
  let cells: string[] = [];
  let cell = '';
  let wasQuoted = false;

  const endCell = () => {
    cells.push(wasQuoted ? cell : cell.trim());
    cell = '';
    wasQuoted = false;
  };
  const endRow = () => {
    const isEmpty = cells.length === 0 && !wasQuoted && cell.trim() === '';
    endCell();
    if (!isEmpty) rows.push({ line: rowLine, cells });
    cells = [];
    rowLine = line;
  };

  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    if (sign === '"' && cell.trim() === '' && !wasQuoted) {
      const quoted = readQuoted(text, at);
      if (quoted === undefined) return { rows, problems: [{ line, message: 'this quote is not closed' }] };
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
  return { rows, problems: [] };
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

/** Windows-1252 is what Excel writes without asking; it is hardly ever valid UTF-8 once a letter beyond ASCII is in it. */
function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Not UTF-8: the one thing this error can mean.
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function separatorOf(text: string): ';' | ',' {
  const header = text.split('\n').find(line => line.trim() !== '') ?? '';
  return header.replaceAll(/"[^"]*"/g, '').includes(';') ? ';' : ',';
}
