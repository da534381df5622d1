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

/** What a mistake's words need of the rest of the file. Offsets count from its start. */
export type Surroundings = {
  placeAt(offset: number): Place;
  /** Where the scalar begins that ends at or behind `offset`. */
  scalarBefore(offset: number): number;
  /** Where the bracket stands that opens before `offset` and is not closed. */
  bracketBefore(offset: number): number | undefined;
  /** Where the key of the same name stands that comes before the one at `offset` in its map. */
  sameKeyBefore(offset: number): number | undefined;
};

/** What YAML's parser complains about, in the words of somebody who wants to write a rule. */
export function yamlProblem(error: YAMLError, text: string, around: Surroundings): Problem {
  const { placeAt } = around;
  const [start, end] = error.pos;
  const written = text.slice(start, end);
  switch (error.code) {
    case 'TAG_RESOLVE_FAILED':
      return {
        place: placeAt(start),
        message: `"${written}" – ${tagWords(written.replace(/^!+/, ''), written.startsWith('!!'))}`,
      };
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
      const first = around.sameKeyBefore(start);
      const where = first === undefined ? '' : ` (first in line ${placeAt(first).line})`;
      return { place: placeAt(start), message: `"${key}" is written twice here${where}; keep one of the two` };
    }
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'BLOCK_IN_FLOW':
      return newKey(text, start, placeAt);
    case 'MULTILINE_IMPLICIT_KEY':
      return { place: placeAt(start), message: withoutColon(firstLine(text.slice(start))) };
    case 'BAD_ALIAS':
    case 'BAD_SCALAR_START':
      return badStart(text, start, placeAt);
    case 'MISSING_CHAR':
      if (/^Missing , /.test(error.message)) {
        const message = `a comma is missing before this; if it belongs to the text before it, ${QUOTE_IT}`;
        return { place: placeAt(start), message };
      }
      if (!/closing .quote/.test(error.message)) return { place: placeAt(start), message: error.message };
      return { place: placeAt(around.scalarBefore(start)), message: 'the quote that opens here is not closed' };
    case 'TAB_AS_INDENT':
      return { place: placeAt(start), message: 'a tab stands at the start of the line; indent with spaces' };
    case 'BAD_INDENT': {
      const open = /end with a [}\]]/.test(error.message) ? around.bracketBefore(start) : undefined;
      if (open !== undefined) return notClosed(text, open, start, placeAt);
      const key = keyInNoColumn(text, start, placeAt);
      if (key) return key;
      return {
        place: placeAt(start),
        message: `the line is not indented like its neighbours, or a bracket above is not closed (${error.message})`,
      };
    }
    case 'UNEXPECTED_TOKEN':
      if (text.startsWith('${', start - 1)) {
        const reference = /^\{[^}\n]*\}?/.exec(text.slice(start))?.[0] ?? '{';
        return { place: placeAt(start - 1), message: `inside of { } a reference needs quotes: "$${reference}"` };
      }
      return {
        place: placeAt(start),
        message: `"${firstLine(written)}" does not belong here; if it is part of the value before it, put the whole value in quotes`,
      };
    case 'BAD_DQ_ESCAPE':
      return {
        place: placeAt(start),
        message: `"${text.slice(start, start + 2)}" means nothing in double quotes; write \\\\ for a \\, or put the text in single quotes`,
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

/** Tags of other programs' YAML, and what stands here in place of them. */
const TAGS: Readonly<Record<string, string>> = {
  secret: `a secret is written as a reference here: "\${NAME}" or "\${file:/run/secrets/name}"`,
  env: `a variable of the environment is written as a reference here: "\${NAME}"`,
  env_var: `a variable of the environment is written as a reference here: "\${NAME}"`,
  include: 'a config is one file here; write what the other file has into this one',
};

function tagWords(name: string, isOfYaml: boolean): string {
  const foreign = TAGS[name.toLowerCase()];
  if (foreign !== undefined) return foreign;
  if (isOfYaml) return `a tag of YAML that is not read here; take "!!${name}" out`;
  const negation = name ? `not ${name}` : 'not …';
  return `YAML takes ! for a tag and would drop the word after it; write \`${negation}\`, or ${QUOTE_IT} if the ! belongs to it`;
}

/** A colon where none may be: either in a text, or behind a key that stands deeper than the one above it. */
function newKey(text: string, start: number, placeAt: (offset: number) => Place): Problem {
  const line = firstLine(text.slice(start));
  if (/^[?*&!|>%@`]/.test(line)) return badStart(text, start, placeAt);
  const deeper = /:(?:\s|$)/.test(line)
    ? null
    : /^[^\n]*\n((?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*)([\w."'-]+)[ \t]*:(?:\s|$)/.exec(text.slice(start));
  if (!deeper) return { place: placeAt(start), message: `a colon followed by a space starts a new key; ${QUOTE_IT}` };
  const [, indent = '', key = ''] = deeper;
  const above = /([\w."'-]+)[ \t]*:[ \t]*$/.exec(text.slice(0, start));
  const offset = start + line.length + 1 + indent.length;
  const column = above ? ` (column ${placeAt(above.index).column})` : '';
  return {
    place: placeAt(offset),
    message: `${key} stands deeper than ${above?.[1] ?? 'the key above it'}, which has a value already; begin it in the same column${column}`,
  };
}

/** A key that begins in a column in which no map above it has its keys. */
function keyInNoColumn(text: string, start: number, placeAt: (offset: number) => Place): Problem | undefined {
  const begin = text.lastIndexOf('\n', start - 1) + 1;
  const [, indent = '', key] = /^( *)([\w."'-]+) *:(?: |\n|$)/.exec(text.slice(begin)) ?? [];
  const above = text
    .slice(0, begin)
    .split('\n')
    .findLast(line => line.trim() !== '' && !line.trim().startsWith('#'));
  if (key === undefined || above === undefined) return undefined;
  const column = above.length - above.trimStart().length + 1;
  if (column === indent.length + 1) return undefined;
  return {
    place: placeAt(begin + indent.length),
    message: `${key} begins in column ${indent.length + 1}, and the line above it in column ${column}; begin it in exactly the column of the keys it belongs to`,
  };
}

function badStart(text: string, start: number, placeAt: (offset: number) => Place): Problem {
  return {
    place: placeAt(start),
    message: `a value can't begin with "${text[start] ?? ''}" unless it is in quotes; ${QUOTE_IT}`,
  };
}

/** A line that was meant to be a key with its value. */
function withoutColon(line: string): string {
  const key = /^([\w."'-]+):\S/.exec(line)?.[1];
  // What stands behind the colon may be a secret.
  if (key !== undefined) return `a space is missing behind the colon; write ${key}: and a space before the value`;
  return `this line has no key; write a key, a colon and a space, such as on_delay: 2m, or ${QUOTE_IT} if it belongs to the line above`;
}

/** A bracket that does not close, perhaps because the closing one is in a comment. */
function notClosed(text: string, open: number, end: number, placeAt: (offset: number) => Place): Problem {
  const comment = /[ \t]#[^\n]*[}\]]/.exec(text.slice(open, end));
  const message = `the ${text[open] ?? ''} is not closed`;
  // The closing bracket comes after all, in a line that does not belong to the value any more.
  const isLow = /^[^{}[\]]*[}\]]/.test(text.slice(end));
  if (!comment && isLow) {
    const words = `the lines of ${text[open] ?? ''} … have to be indented deeper than the key in front of it`;
    return { place: placeAt(open), message: words };
  }
  if (!comment) return { place: placeAt(open), message };
  const line = placeAt(open + comment.index).line;
  return {
    place: placeAt(open),
    message: `${message}: in line ${line} a # behind a space begins a comment; put a text with # in quotes`,
  };
}
