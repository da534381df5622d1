/** A mistake in a text that a person wrote. `offset` counts characters from the start of the text. */
export type TextProblem = { readonly offset: number; readonly message: string };

export type Operator = 'and' | 'or' | 'not' | 'mod' | '=' | '<>' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/';

/** The place of something in the text: from `start` to before `end`. */
export type Stretch = { readonly start: number; readonly end: number };

/** A word of a condition. */
export type Token = Stretch &
  (
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'literal'; readonly value: boolean | number | string }
    | { readonly kind: 'operator'; readonly operator: Operator }
    | { readonly kind: 'open' }
    | { readonly kind: 'close' }
  );

const SPACE = /\s+/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*/y;
const NUMERAL = /[0-9][A-Za-z0-9_.#]*/y;
const STRING = /'[^'\n]*'|"[^"\n]*"/y;
const OPERATOR = /<>|<=|>=|[=<>+\-*/]/y;

/** Signs of other languages, and the operator that a condition has instead. Longer signs stand first. */
const FOREIGN: readonly (readonly [sign: string, operator: Operator])[] = [
  ['===', '='],
  ['!==', '<>'],
  ['&&', 'and'],
  ['||', 'or'],
  ['==', '='],
  ['!=', '<>'],
  [':=', '='],
  ['=>', '>='],
  ['=<', '<='],
  ['&', 'and'],
  ['|', 'or'],
  ['!', 'not'],
  ['%', 'mod'],
  ['≠', '<>'],
  ['≤', '<='],
  ['≥', '>='],
];

/**
 * Splits a condition into words. A sign of another language is a problem. It is still read with its meaning there, so that all
 * problems show at once.
 */
export function tokenise(text: string): {
  readonly tokens: readonly Token[];
  readonly problems: readonly TextProblem[];
  /** false: a sign without any meaning was left out, so nobody can check the order of the other words. */
  readonly isComplete: boolean;
} {
  const tokens: Token[] = [];
  const problems: TextProblem[] = [];
  let at = 0;
  let isComplete = true;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };

  while (at < text.length) {
    if (take(SPACE) !== undefined) continue;
    const start = at;
    const foreign = FOREIGN.find(([sign]) => text.startsWith(sign, start));
    if (foreign) {
      const [sign, operator] = foreign;
      at += sign.length;
      problems.push({ offset: start, message: `write \`${operator}\` instead of \`${sign}\`${hintFor(sign)}` });
      tokens.push({ start, end: at, kind: 'operator', operator });
      continue;
    }
    const name = take(NAME);
    if (name?.toLowerCase() === 'xor') {
      problems.push({ offset: start, message: `write \`<>\` instead of \`${name}\`` });
      tokens.push({ start, end: at, kind: 'operator', operator: '<>' });
      continue;
    }
    if (name !== undefined) {
      tokens.push({ start, end: at, ...wordOf(name) });
      continue;
    }
    const numeral = take(NUMERAL);
    if (numeral !== undefined) {
      const value = numberOf(numeral);
      if (typeof value === 'string') problems.push({ offset: start, message: value });
      tokens.push({ start, end: at, kind: 'literal', value: typeof value === 'number' ? value : 0 });
      continue;
    }
    const string = take(STRING);
    if (string !== undefined) {
      tokens.push({ start, end: at, kind: 'literal', value: string.slice(1, -1) });
      continue;
    }
    const operator = take(OPERATOR);
    if (operator !== undefined) {
      tokens.push({ start, end: at, kind: 'operator', operator: operator as Operator });
      continue;
    }
    const sign = String.fromCodePoint(text.codePointAt(start) ?? 0);
    at += sign.length;
    if (sign === '(' || sign === ')') {
      tokens.push({ start, end: at, kind: sign === '(' ? 'open' : 'close' });
    } else if (sign === "'" || sign === '"') {
      problems.push({ offset: start, message: `this text has no closing ${sign}` });
      tokens.push({ start, end: text.length, kind: 'literal', value: text.slice(at) });
      at = text.length;
    } else {
      problems.push({ offset: start, message: strange(sign) });
      isComplete = false;
    }
  }
  return { tokens, problems, isComplete };
}

function wordOf(name: string) {
  const word = name.toLowerCase();
  switch (word) {
    case 'and':
    case 'or':
    case 'not':
    case 'mod':
      return { kind: 'operator', operator: word } as const;
    case 'true':
    case 'false':
      return { kind: 'literal', value: word === 'true' } as const;
    default:
      return { kind: 'name', name } as const;
  }
}

/** The number that a numeral means, or the message about its mistake. */
function numberOf(numeral: string): number | string {
  const hex = /^16#([0-9A-F]+)$/i.exec(numeral)?.[1];
  if (hex !== undefined || /^\d+(\.\d+)?$/.test(numeral)) {
    const value = hex === undefined ? Number(numeral) : Number.parseInt(hex, 16);
    return value <= Number.MAX_SAFE_INTEGER ? value : `\`${numeral}\` is too large; numbers go up to 16#1FFFFFFFFFFFFF`;
  }
  const c = /^0x([0-9A-F]+)$/i.exec(numeral)?.[1];
  if (c !== undefined) return `write \`16#${c}\` instead of \`${numeral}\``;
  return `\`${numeral}\` is not a number; write it like 240, 2.5 or 16#0F`;
}

function hintFor(sign: string): string {
  return sign === '&' || sign === '|' ? '; a bit of a word is written `word.3`, bit 0 is the lowest' : '';
}

function strange(sign: string): string {
  switch (sign) {
    case ',':
      return 'a comma has no meaning here; decimals are written with a point, such as 2.5';
    case '.':
      return 'a point has no meaning here; write 0.5, a name such as press1.running, or a bit such as word.3';
    case '[':
    case ']':
    case '{':
    case '}':
      return `\`${sign}\` has no meaning here; brackets are \`(\` and \`)\``;
    case '“':
    case '”':
    case '„':
    case '‘':
    case '’':
    case '`':
      return `write straight quotes, such as 'RUN', instead of ${sign}`;
    default:
      return `\`${sign}\` has no meaning here; names are made of a-z, 0-9, _ and points`;
  }
}
