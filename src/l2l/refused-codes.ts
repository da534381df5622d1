import type { StoredAction } from '../core/delivery.ts';
import { isNotNow } from './not-now.ts';
import { NOT_THERE, OF_A_RULE } from './refusal-words.ts';

/** Words about L2L itself. */
const OF_L2L = /\b(?:unavailable|read[- ]?only|closed for|shut ?down)\b/i;

/**
 * Whether a refusal is about a code of these actions: it quotes one, or it says that a machine, line, type, trade, reason or product
 * does not exist. Many calls can get the same sentence, each for its own wrong code, so equal sentences prove nothing. Pure.
 */
export function isAboutCodes(words: string, actions: readonly StoredAction[]): boolean {
  const codes = actions.flatMap(codesOf);
  if (isAboutL2l(words, codes)) return false;
  return codes.some(code => quotesCode(words, code)) || saysNotThere(words);
}

/** Whether a refusal is about L2L itself: the same call may succeed later. */
export function isAboutL2l(words: string, codes: readonly string[] = []): boolean {
  return OF_L2L.test(words) || isNotNow(words, { transient: [], codes });
}

/** `Invalid user` and `Unable to lookup site` are about settings of the gateway. */
function saysNotThere(words: string): boolean {
  return NOT_THERE.test(words) && OF_A_RULE.test(words);
}

/** Where the config names the users of L2L, as `file:line`. */
export type UserPlaces = { readonly user?: string | undefined; readonly realUser?: string | undefined };

/** What L2L said, with where the config names the gateway's user when L2L does not know that user. Pure. */
export function withUserPlace(words: string, { user, realUser }: UserPlaces): string {
  const at = (place: string | undefined) => (place === undefined ? '' : ` at ${place}`);
  if (/\breal[ _]?user\b/i.test(words)) return `${words}; correct l2l.real_user${at(realUser)}`;
  const isAboutUser = /\b(?:user|login)\w*/i.test(words) && NOT_THERE.test(words) && !OF_L2L.test(words);
  return isAboutUser ? `${words}; correct l2l.user${at(user)}` : words;
}

const NO_TRADE = 'the dispatch has no trade: write trade: in its rule, or under defaults';

/** What L2L said of the codes of these actions, with what the rule lacks where that is known. Pure. */
export function explained(words: string, actions: readonly StoredAction[]): string {
  const hasNone = actions.some(({ params }) => 'type' in params && !codeAt(params, 'trade'));
  return hasNone && /trade/i.test(words) && NOT_THERE.test(words) ? `${words}; ${NO_TRADE}` : words;
}

/** The codes of an action, as its rule gave them. */
export function codesOf({ params }: Pick<StoredAction, 'params'>): readonly string[] {
  return ['machine', 'line', 'type', 'trade', 'reason', 'product'].flatMap(name => codeAt(params, name) ?? []);
}

function codeAt(params: object, name: string): string | undefined {
  const code = (params as Readonly<Record<string, unknown>>)[name];
  return typeof code === 'string' && code !== '' ? code : undefined;
}

/** Whether the code is a whole word with the same case: `1` in `dispatch 12` is no code, and `line` in `the line LINE-1` is none. */
export function quotesCode(words: string, code: string): boolean {
  for (let at = words.indexOf(code); at >= 0; at = words.indexOf(code, at + 1)) {
    if (!isWordPart(words[at - 1]) && !isWordPart(words[at + code.length]))
      return code.length > 1 || isInQuotes(words, at);
  }
  return false;
}

function isWordPart(letter: string | undefined): boolean {
  return letter !== undefined && /[\p{L}\p{N}_-]/u.test(letter);
}

/** A single letter or digit counts as a code only in quotes. */
function isInQuotes(words: string, at: number): boolean {
  return /["'`“‘]/.test(words[at - 1] ?? '');
}
