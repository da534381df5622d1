import type { TextKind } from './text-kind.ts';

/** One character that looks like another one. `offset` counts from the start of the source. */
export type OddCharacter = { readonly offset: number; readonly message: string };

type Family = {
  readonly pattern: RegExp;
  words(character: string): string;
  /** Texts of these kinds may have it. */
  readonly notIn: readonly TextKind[];
  /** In quotes it may stand. */
  readonly quotable?: boolean;
};

const INVISIBLE: Readonly<Record<string, string>> = {
  '\u00ad': 'a soft hyphen',
  '\u200b': 'a zero-width space',
  '\u200c': 'a zero-width non-joiner',
  '\u200d': 'a zero-width joiner',
  '\u2060': 'a word joiner',
  '\ufeff': 'a byte order mark',
};

const SPACES: Readonly<Record<string, string>> = {
  '\u00a0': 'a non-breaking space',
  '\u202f': 'a narrow non-breaking space',
  '\u2007': 'a figure space',
  '\u3000': 'an ideographic space',
};

/** Letters of other scripts that look like a Latin one. */
const ALIKE: Readonly<Record<string, string>> = {
  ...alike('Cyrillic', 'АВЕЅІЈКМНОРСТУХаеорсухѕіј', 'ABESIJKMHOPCTYXaeopcyxsij'),
  ...alike('Greek', 'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονυ', 'ABEZHIKMNOPTYXovu'),
};

const FAMILIES: readonly Family[] = [
  {
    pattern: /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/,
    words: character =>
      `${INVISIBLE[character] ?? 'an invisible sign'} (${codePoint(character)}) stands here; delete it`,
    notIn: ['free'],
  },
  {
    pattern: /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u2028\u2029\u0085]/,
    words: character =>
      `${SPACES[character] ?? 'an unusual space'} (${codePoint(character)}) stands here; write an ordinary space`,
    notIn: ['free', 'condition'],
  },
  {
    pattern: /(?![\t\n\r\u0085])\p{Cc}/u,
    words: character => `a control character (${codePoint(character)}) stands here; delete it`,
    notIn: [],
  },
  {
    pattern: /[\uff01-\uff5e]/,
    words: character =>
      `${character} is a full-width sign (${codePoint(character)}); write ${String.fromCharCode(character.charCodeAt(0) - 0xfee0)}, or put the text in quotes if it is meant`,
    notIn: ['free'],
    quotable: true,
  },
  {
    pattern: /[‐‑‒–—―−﹣]/,
    words: character =>
      `${character} is a dash (${codePoint(character)}) that a word processor makes of -; write -, or put the text in quotes if it is meant`,
    notIn: ['free'],
    quotable: true,
  },
  {
    pattern: /[“”„‟«»‘’‚‛]/,
    words: character =>
      `${character} is a typographic quote, which is part of the text; write straight quotes, or put the text in straight quotes if it is meant`,
    notIn: ['free', 'condition'],
    quotable: true,
  },
];

const ODD = new RegExp(FAMILIES.map(({ pattern }) => pattern.source).join('|'), 'u');
const LOOKS_LATIN = new RegExp(`[${Object.keys(ALIKE).join('')}]`);
const EVERY_ALIKE = new RegExp(LOOKS_LATIN, 'g');

/** Whether a file may have a character that looks like another one. Most files have none. */
export function mayBeOdd(text: string): boolean {
  return ODD.test(text) || LOOKS_LATIN.test(text);
}

/**
 * The first character of a scalar, as written, that a person can't see or takes for another one. PRESS with a Cyrillic Е is another
 * machine to L2L. A person who means such a character writes an escape, such as "\u00a0". undefined: there is none.
 */
export function oddCharacter(source: string, kind: TextKind, inQuotes: boolean): OddCharacter | undefined {
  if (!mayBeOdd(source)) return undefined;
  const found = FAMILIES.flatMap(({ pattern, words, notIn, quotable }) => {
    if (notIn.includes(kind) || (quotable && inQuotes)) return [];
    const offset = source.search(pattern);
    return offset === -1 ? [] : [{ offset, message: words(source.charAt(offset)) }];
  });
  const mixed = kind === 'free' ? undefined : mixedScript(source);
  return [...found, ...(mixed ? [mixed] : [])].toSorted((a, b) => a.offset - b.offset)[0];
}

const WORD = /[\p{L}\p{N}_]+/gu;
const LATIN = /\p{Script=Latin}/u;
const OTHER_LETTER = /(?!\p{Script=Latin})\p{L}/u;

/** A letter of another script in a word that looks Latin. A word with a letter that looks like no Latin one is meant as it is written. */
function mixedScript(source: string): OddCharacter | undefined {
  if (!LOOKS_LATIN.test(source)) return undefined;
  for (const { 0: word, index } of source.matchAll(WORD)) {
    const at = word.search(LOOKS_LATIN);
    if (at === -1 || !LATIN.test(word) || OTHER_LETTER.test(word.replace(EVERY_ALIKE, ''))) continue;
    const letter = word.charAt(at);
    return {
      offset: index + at,
      message: `${letter} in "${word}" is the ${ALIKE[letter] ?? 'other letter'} (${codePoint(letter)}); write the Latin letter`,
    };
  }
  return undefined;
}

function alike(script: string, letters: string, latin: string): Record<string, string> {
  return Object.fromEntries([...letters].map((letter, i) => [letter, `${script} letter that looks like ${latin[i]}`]));
}

function codePoint(character: string): string {
  return `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}
