import type { YAMLError } from 'yaml';
import type { Place, Problem } from '../core/errors.ts';

const QUOTE_IT = 'put the text in quotes';

/** Mistakes around which the rest of the file is read as it was meant. */
const HARMLESS: ReadonlySet<string> = new Set([
  'TAG_RESOLVE_FAILED',
  'DUPLICATE_KEY',
  'NON_STRING_KEY',
  'BAD_SCALAR_START',
]);

/** After this mistake YAML no longer knows where it is: what it says about the rest of the file can't be trusted. */
export function losesTheThread(error: YAMLError): boolean {
  return error.name === 'YAMLParseError' && !HARMLESS.has(error.code);
}

/** What YAML's parser complains about, in the words of somebody who wants to write a rule. */
export function yamlProblem(
  error: YAMLError,
  text: string,
  placeAt: (offset: number) => Place,
  scalarBefore: (offset: number) => number,
  bracketBefore: (offset: number) => number | undefined,
): Problem {
  const [start, end] = error.pos;
  const written = text.slice(start, end);
  switch (error.code) {
    case 'TAG_RESOLVE_FAILED': {
      const name = written.replace(/^!+/, '');
      const negation = name ? `not ${name}` : 'not …';
      return {
        place: placeAt(start),
        message: `"${written}" – YAML takes ! for a tag and would drop the word after it; write \`${negation}\`, or ${QUOTE_IT} if the ! belongs to it`,
      };
    }
    case 'NON_STRING_KEY': {
      const brace = text.lastIndexOf('{', start);
      if (text.startsWith('{{', brace - 1)) {
        return {
          place: placeAt(brace - 1),
          message: `"{{" – YAML takes { for the start of a map; ${QUOTE_IT}: "{{ … }}"`,
        };
      }
      return { place: placeAt(start), message: 'a key is one word of text, such as on_delay' };
    }
    case 'DUPLICATE_KEY': {
      const key = /^(?:"[^"]*"|'[^']*'|[^\s:,{}]+)/.exec(text.slice(start))?.[0] ?? '';
      return { place: placeAt(start), message: `"${key}" is written twice here; keep one of the two` };
    }
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'BLOCK_IN_FLOW':
      return {
        place: placeAt(start),
        message: `a colon followed by a space starts a new key; ${QUOTE_IT}`,
      };
    case 'BAD_SCALAR_START':
      return {
        place: placeAt(start),
        message: `a value can't begin with "${text[start] ?? ''}" unless it is in quotes; ${QUOTE_IT}`,
      };
    case 'MISSING_CHAR':
      if (!/closing .quote/.test(error.message)) return { place: placeAt(start), message: error.message };
      return { place: placeAt(scalarBefore(start)), message: 'the quote that opens here is not closed' };
    case 'TAB_AS_INDENT':
      return { place: placeAt(start), message: 'a tab stands at the start of the line; indent with spaces' };
    case 'BAD_INDENT': {
      const open = /end with a [}\]]/.test(error.message) ? bracketBefore(start) : undefined;
      if (open !== undefined) return { place: placeAt(open), message: `the ${text[open] ?? ''} is not closed` };
      return {
        place: placeAt(start),
        message: `the line is not indented like its neighbours, or a bracket above is not closed (${error.message})`,
      };
    }
    case 'UNEXPECTED_TOKEN':
      return {
        place: placeAt(start),
        message: `"${firstLine(written)}" does not belong here; if it is part of the value before it, put the whole value in quotes`,
      };
    case 'MULTIPLE_DOCS':
      return {
        place: placeAt(start),
        message: 'the file goes on after a line with ---; a config is one document, take the line out',
      };
    default:
      return { place: placeAt(start), message: error.message };
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
