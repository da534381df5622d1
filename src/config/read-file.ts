import { errorMessage } from '../core/errors.ts';

/** Reads a whole file; throws as node:fs does. A test can give another one, which reads from memory. */
export type ReadFile = (path: string) => Uint8Array;

/** The error of a reader of files. `why`: the fault of the folder. */
type ReadError = NodeJS.ErrnoException & { readonly why?: string };

/** Why a file can't be read. */
export function whyUnreadable(error: unknown): string {
  const { code, why } = (error ?? {}) as Partial<ReadError>;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return why ?? 'there is no such file';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
    case 'EPERM':
      return why ?? 'this user may not read it';
    default:
      return errorMessage(error);
  }
}

/** That a file can't be read, as a sentence, with what to do. */
export function unreadable(path: string, error: unknown, where = ''): string {
  const { code, why } = (error ?? {}) as NodeJS.ErrnoException & { readonly why?: string };
  if (code === 'ENOENT' || code === 'ENOTDIR') return `there is no file ${path}${where}${why ? `: ${why}` : ''}`;
  if (code === 'EISDIR') return `${path} is a folder; name the file in it`;
  const advice = isForbidden(error)
    ? "; give this user the right to read it, or run the command as the gateway's user"
    : '';
  return `${path} can't be read: ${whyUnreadable(error)}${advice}`;
}

/** Whether this user may not read the file. */
export function isForbidden(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes((error as ReadError | null)?.code ?? '');
}

/**
 * Text of a file in UTF-8, or in UTF-16 (what Windows calls "Unicode"), with `\n` line ends and without the
 * mark; undefined when it is neither.
 */
export function textIn(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  // Without a mark, every second byte of plain letters is 0.
  const little = (first === 0xff && second === 0xfe) || (first !== 0 && second === 0);
  const big = (first === 0xfe && second === 0xff) || (first === 0 && second !== 0);
  const encoding = little ? 'utf-16le' : big ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes).replace(/\r\n?/g, '\n');
  } catch {
    // Only the decoder throws here, for a text that is not valid. The caller reports it with the file's name.
    return undefined;
  }
}

/** The first place that is not UTF-8, counted as editors do. A character that is cut off at the end of the file counts too. */
export function firstBadPlace(bytes: Uint8Array): { readonly line: number; readonly column: number } {
  // What can't be decoded becomes U+FFFD. A file that has this character itself is shown at that place, which is good enough.
  const before = new TextDecoder('utf-8').decode(bytes).replace(/\r\n?/g, '\n').split('\ufffd', 1)[0] ?? '';
  return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') };
}
