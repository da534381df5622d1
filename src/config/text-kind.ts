/**
 * What a text of the config is for, which decides what may stand in it.
 * `code`: a code of L2L. `exact`: a topic, node, address or file, taken letter by letter. `condition`: an expression. `free`: words for
 * people, or words of another program, in which every character may be meant. `secret`: never shown. `other`: a number, a time, one of some words.
 */
export type TextKind = 'code' | 'exact' | 'condition' | 'free' | 'secret' | 'other';

const KINDS: Readonly<Record<string, TextKind>> = {
  ...each('code', ['machine', 'type', 'trade', 'reason', 'line', 'product']),
  ...each('exact', ['topic', 'node', 'json', 'time', 'client_id', 'user', 'host', 'url', 'endpoint', 'namespace']),
  ...each('exact', ['file', 'data', 'ca', 'cert', 'key', 'name']),
  ...each('exact', ['counter', 'total', 'good', 'per_count', 'while', 'scrap', 'renamed_from']),
  ...each('condition', ['when', 'unless', 'until']),
  ...each('free', ['description', 'unit_text']),
  ...each('secret', ['api_key', 'password', 'redis']),
};

/** Keys below which other programs' or people's words stand. */
const FREE_BELOW = new Set(['map', 'transient', 'blocked', 'script']);

/** Keys whose own keys or items are codes. */
const CODES_BELOW = new Set(['scrap', 'default']);

/** What stands at the end of these keys from the top of the file. */
export function kindOf(keys: readonly string[]): TextKind {
  const last = keys.at(-1) ?? '';
  const parent = keys.at(-2) ?? '';
  if (keys.some(key => FREE_BELOW.has(key))) return 'free';
  if (CODES_BELOW.has(parent)) return 'code';
  // A signal of OPC UA may be its node alone.
  if (parent === 'signals') return 'exact';
  // A source may be called as a key is; what is called so is a map and no text.
  return KINDS[last] ?? 'other';
}

function each(kind: TextKind, keys: readonly string[]): Record<string, TextKind> {
  return Object.fromEntries(keys.map(key => [key, kind]));
}
