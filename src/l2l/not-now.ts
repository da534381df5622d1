import { isAboutKey, NOT_THERE, OF_A_RULE } from './refusal-words.ts';

/** These words mean "not now" in any refusal. */
const ALWAYS =
  /\brate[ -]?limit|\btoo many (?:requests|calls|connections)\b|\bthrottl|\bslow down\b|\btry (?:it |this )?again (?:later|soon|shortly|in)\b|\btry later\b|\btemporar(?:y|ily) (?:unavailable|closed|down|not available|out of service)\b|\b(?:under|down for|closed for|scheduled|planned|undergoing|during|in|system|server|database) maintenance\b|\bmaintenance (?:mode|window|in progress|is in progress)\b|\bdead ?lock|\block wait\b|\b(?:database|table|row|record) (?:is )?locked\b/i;

/** These words mean "not now" only in a refusal that says nothing about a record or a field: `Trade Maintenance is not valid` is lasting. */
const ALONE =
  /\b(?:try (?:it |this )?again|temporar(?:y|ily)|time-?outs?|timed out|maintenance|locks?|locked|unavailable|busy|overload(?:ed)?)\b/i;

/** After a 503, nobody knows whether a call that ran into a time-out was carried out. */
const TIMED_OUT = /\btime-?outs?\b|\btimed out\b/i;

/** What a refusal is compared with besides the gateway's own list. */
export type OwnWords = {
  /** Parts of L2L's words (any case) that mean "not now", from the config. */
  readonly transient: readonly string[];
  /** Parts of L2L's words (any case) that have another meaning. They outrank the gateway's own list. */
  readonly other?: readonly string[];
  /** The codes of the call. `LOCK` in `no machine LOCK` is a machine. */
  readonly codes?: readonly string[];
};

/** Whether L2L refuses only for the moment, by its words. Pure. */
export function isNotNow(words: string, { transient, other = [], codes = [] }: OwnWords): boolean {
  const lower = words.toLowerCase();
  const has = (text: string) => lower.includes(text.toLowerCase());
  if (transient.some(has)) return true;
  if (other.some(has) || isAboutKey(words)) return false;
  const without = codes.reduce((text, code) => withoutCode(text, code), words);
  if (ALWAYS.test(without)) return true;
  return ALONE.test(without) && !NOT_THERE.test(without) && !OF_A_RULE.test(without);
}

/** Whether a refusal for the moment is certain to have had no effect, also with a status that says nothing. */
export function saysTimeOut(words: string): boolean {
  return TIMED_OUT.test(words);
}

function withoutCode(words: string, code: string): string {
  const escaped = code.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return words.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}_-])${escaped}(?![\\p{L}\\p{N}_-])`, 'giu'), ' ');
}
