/** The text of a CSV file with `\n` line ends, and how its cells are separated. */
export type CsvText = {
  readonly text: string;
  readonly separator: string;
  /** Where the rows begin: behind Excel's line `sep=;`, where the file has one. */
  readonly start: number;
  readonly encoding: Encoding;
};

/** The encoding of a file. */
export type Encoding = 'UTF-8' | 'UTF-16' | 'Windows-1252';

const WORKBOOKS: readonly (readonly [signature: readonly number[], kind: string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], '.xlsx'],
  [[0xd0, 0xcf, 0x11, 0xe0], '.xls'],
];

/** The kind of Excel workbook that was saved under the name of a CSV file; undefined: it is none. */
export function workbookKind(bytes: Uint8Array): string | undefined {
  return WORKBOOKS.find(([signature]) => signature.every((byte, at) => bytes[at] === byte))?.[1];
}

/** `sep=;`, perhaps in quotes, perhaps with empty cells behind it. */
const SEPARATOR_LINE = /^"?sep=([;,|\t])"?[;,|\t ]*(?:\n|$)/i;

/** Which sign separates the cells when the header has it, the surest sign first. */
const SEPARATORS = [';', '\t', ',', '|'] as const;

/** Decodes a CSV file of any program: any line end, any of the encodings that Excel writes. */
export function readCsvText(bytes: Uint8Array): CsvText {
  const { encoding, ...decoding } = decode(bytes);
  const text = decoding.text.replace(/\r\n?/g, '\n');
  const named = SEPARATOR_LINE.exec(text);
  if (named?.[1] !== undefined) return { text, separator: named[1], start: named[0].length, encoding };
  const header = headerOf(text);
  return { text, separator: SEPARATORS.find(sign => header.includes(sign)) ?? ',', start: 0, encoding };
}

/** Excel writes Windows-1252 by default. With a letter beyond ASCII in it, it is hardly ever valid UTF-8. */
function decode(bytes: Uint8Array): Pick<CsvText, 'text' | 'encoding'> {
  const [first, second] = bytes;
  // "Unicode text" of Excel; without the mark, every second byte of plain letters is 0.
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0))
    return { text: decoded('utf-16le', bytes), encoding: 'UTF-16' };
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0))
    return { text: decoded('utf-16be', bytes), encoding: 'UTF-16' };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'UTF-8' };
  } catch {
    // This error can only mean that the text is not UTF-8.
    return { text: decoded('windows-1252', bytes), encoding: 'Windows-1252' };
  }
}

function decoded(encoding: string, bytes: Uint8Array): string {
  return new TextDecoder(encoding).decode(bytes);
}

/** The first line that is not empty, without its quoted parts. */
function headerOf(text: string): string {
  const unquoted = text.slice(0, LONGEST_HEADER).replaceAll(/"[^"]*"/g, '""');
  return unquoted.split('\n').find(line => line.trim() !== '') ?? '';
}

const LONGEST_HEADER = 65_536;
