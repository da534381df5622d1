import type { Manners } from './manners.ts';
import { formsShown, parseSiteTime, type TimeForm } from './site-time.ts';

/** L2L's way to say no: HTTP 200 with `success: false` and these words. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

const OPAQUE = 'Problem with the request';

/** What a caller reads of a refusal. */
export function wordsOf(refusal: Refusal, { refusal_words }: Pick<Manners, 'refusal_words'>): string {
  return refusal_words === 'opaque' ? OPAQUE : refusal.message;
}

/** The parameters of one call. An empty value counts as missing. */
export interface Params {
  text(name: string): string | undefined;
  /** Looks without taking: a list still filters by it. */
  peek(name: string): string | undefined;
  /** Refuses when it is missing. */
  required(name: string): string;
  flag(name: string): boolean;
  integer(name: string): number | undefined;
  /** At most two digits after the point, not negative; 0 when missing. */
  quantity(name: string): number;
  choice(name: string, choices: readonly string[]): string | undefined;
  /** A time in the site's zone, as ms since 1970. */
  time(name: string, forms: readonly TimeForm[], zone: string): number | undefined;
  /** Takes what is left as filters of a list. */
  rest(): readonly (readonly [string, string])[];
  /** Parameters nobody asked for: L2L ignores them silently, the sandbox notes them. */
  ignored(): readonly string[];
}

/** Parameters of the request itself. No record has them. */
const OF_EACH_CALL = ['auth', 'format', 'realuser', 'l2lfmt_microseconds', '_server', '_expiration', '_signature'];

export function paramsOf(given: Iterable<readonly [string, string]>): Params {
  const values = new Map(given);
  const read = new Set<string>(OF_EACH_CALL);
  const text = (name: string) => {
    read.add(name);
    return values.get(name) || undefined;
  };
  return {
    text,
    peek: name => values.get(name),
    required(name) {
      const value = text(name);
      if (value === undefined) throw new Refusal(`Missing ${name} parameter`);
      return value;
    },
    flag(name) {
      const value = text(name)?.toLowerCase();
      if (value === undefined || value === 'false' || value === '0') return false;
      if (value === 'true' || value === '1') return true;
      throw new Refusal(`Invalid ${name}: "${value}" must be true or false`);
    },
    integer(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
      if (!Number.isSafeInteger(number)) throw new Refusal(`Invalid ${name}: "${value}" must be an integer`);
      return number;
    },
    quantity(name) {
      const value = text(name);
      if (value === undefined) return 0;
      if (!/^\d+(\.\d{1,2})?$/.test(value)) {
        throw new Refusal(`Invalid ${name}: "${value}" must be a decimal with up to 2 digits after the point`);
      }
      return Number(value);
    },
    choice(name, choices) {
      const value = text(name);
      if (value === undefined || choices.includes(value)) return value;
      throw new Refusal(`Invalid ${name}: "${value}" must be one of ${choices.join(', ')}`);
    },
    time(name, forms, zone) {
      const value = text(name);
      if (value === undefined) return undefined;
      const at = parseSiteTime(value, forms, zone);
      if (at === undefined) throw new Refusal(`Invalid ${name}: "${value}" does not match ${formsShown(forms)}`);
      return at;
    },
    rest() {
      const left = [...values].filter(([name]) => !read.has(name));
      for (const [name] of left) read.add(name);
      return left;
    },
    ignored: () => [...values.keys()].filter(name => !read.has(name)),
  };
}
