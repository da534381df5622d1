const ESCAPE = /^\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/;
const SPACE = /\s/;

/**
 * Where the character `offset` of a scalar's text is in its YAML source, counted from the source's first character. Quotes,
 * escapes, block headers and folded lines make the two differ.
 */
export function sourceOffset(source: string, text: string, offset: number): number {
  const quote = source[0] === '"' || source[0] === "'" ? source[0] : '';
  let at = quote ? 1 : /^[|>]/.test(source) ? source.indexOf('\n') + 1 : 0;
  for (const char of text.slice(0, offset).split('')) at += width(source.slice(at), char, quote);
  if (!SPACE.test(text[offset] ?? ' ')) at += leadingSpace(source.slice(at)).length;
  return Math.min(at, source.length);
}

/** How much of the source stands for one character of the text. */
function width(rest: string, char: string, quote: string): number {
  if (quote === '"' && rest[0] === '\\') return ESCAPE.exec(rest)?.[0].length ?? 1;
  const space = leadingSpace(rest);
  // A line end and the indentation after it are folded into one character, and indentation is in the source only.
  if (SPACE.test(char)) return space.includes('\n') ? space.length : Math.min(space.length, 1);
  return space.length + (quote === "'" && rest[space.length] === "'" ? 2 : 1);
}

function leadingSpace(text: string): string {
  return /^\s*/.exec(text)?.[0] ?? '';
}
