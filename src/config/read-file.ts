/** Reads a file whole; throws as node:fs does. Handed in, so that a config in memory can be tested. */
export type ReadFile = (path: string) => Uint8Array;

/** Text of a UTF-8 file without its byte order mark; undefined when it is not UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Only the decoder's "not valid" can be thrown here; the caller says it with the file's name.
    return undefined;
  }
}
