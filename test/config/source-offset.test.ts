import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Document, parseDocument, type Scalar } from 'yaml';
import { sourceOffset } from '../../src/config/source-offset.ts';

/** Finds `needle` by reading the source from its start. */
function found(source: string, needle: string): string {
  const scalar = parseDocument(source).contents as Scalar;
  const [start, end] = scalar.range ?? [0, 0];
  const text = String(scalar.value);
  const at = start + sourceOffset(source.slice(start, end), text, text.indexOf(needle));
  return source.slice(at, at + needle.length);
}

describe('sourceOffset', () => {
  it.each([
    ['plain', 'press1.running and oven2'],
    ['double quotes', '"press1.running and oven2"'],
    ['single quotes', "'press1.running and oven2'"],
    ['doubled single quotes', "'it''s ''now'' oven2'"],
    ['escapes', '"a\\tb \\u00e4\\x41 \\"x\\" oven2"'],
    ['an escaped line end', '"first\\nsecond oven2"'],
    ['folded plain lines', 'press1.running\n  and oven2'],
    ['folded quoted lines', '"press1.running\n  and\n\n  oven2"'],
    ['a literal block', '|\n  press1.running\n  and oven2\n'],
    ['a folded block', '>-\n  press1.running\n\n    more\n  and oven2\n'],
  ])('the offset of a word is found in %s', (_, source) => {
    expect(found(source, 'oven2')).toBe('oven2');
  });

  it('the offset in an empty text is that of its quote, and never past the end', () => {
    expect(sourceOffset('""', '', 0)).toBe(1);
    expect(sourceOffset('abc', 'abc', 99)).toBe(3);
  });

  it('the offset of every letter of a quoted text is found', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', "'", '"', '\\', 'ä', ' ', '#', ':') });
    fc.assert(
      fc.property(texts, fc.constantFrom('QUOTE_DOUBLE', 'QUOTE_SINGLE'), (text, type) => {
        const document = new Document(`${text}x`);
        (document.contents as unknown as Scalar).type = type;
        const source = document.toString({ lineWidth: 0 }).trimEnd();
        expect(found(source, 'x')).toBe('x');
      }),
    );
  });
});
