import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { errorMessage } from '../core/errors.ts';

type Decode = (bytes: Buffer, limits: { readonly maxOutputLength: number }) => Buffer;

const CODINGS: Readonly<Record<string, Decode>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
  // The standard means the form with a header. Some servers leave the header out.
  deflate: (bytes, limits) => ((bytes[0] ?? 0) % 16 === 8 ? inflateSync : inflateRawSync)(bytes, limits),
};

/**
 * The text of an answer. The gateway asks for no content coding, but something between it and L2L may use one all the same, or take it
 * away and leave its header. `coding`: the Content-Encoding header. `most`: the longest text (bytes).
 */
export function answerText(
  bytes: Buffer,
  coding: string,
  most: number,
): { readonly text: string } | { readonly problem: string } {
  const named = coding
    .toLowerCase()
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '' && name !== 'identity');
  const codings = named.length === 0 && bytes[0] === 0x1f && bytes[1] === 0x8b ? ['gzip'] : named;
  let plain = bytes;
  for (const name of bytes.length === 0 ? [] : codings.toReversed()) {
    const decode = CODINGS[name];
    if (!decode) return { problem: `the answer has the content coding "${name.slice(0, 40)}", which nobody asked for` };
    try {
      plain = decode(plain, { maxOutputLength: most });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
        return { problem: `the answer is longer than ${most} bytes` };
      if (PLAIN.test(bytes.toString('latin1', 0, 100))) return { text: decoded(bytes) };
      return {
        problem: `the answer is cut or damaged: its content coding ${name} can't be read (${errorMessage(error)})`,
      };
    }
  }
  return { text: decoded(plain) };
}

/** The beginning of JSON or of a page. */
const PLAIN = /^\s*[{[<]/;

/** UTF-8, or UTF-16 with a byte order mark. */
function decoded(bytes: Buffer): string {
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return isUtf16 ? new TextDecoder(first === 0xff ? 'utf-16le' : 'utf-16be').decode(bytes) : bytes.toString();
}
