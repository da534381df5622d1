/**
 * The purpose of a text in the config. It decides which characters the text may contain. `code`: a code of L2L. `exact`: a topic, node,
 * address or file, taken literally. `condition`: an expression. `free`: words for people, or words of another program, in which every
 * character may be meant. `secret`: never shown. `other`: a number, a time, one of some words.
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

/** Keys with words of other programs or of people below them. */
const FREE_BELOW = new Set(['map', 'transient', 'blocked', 'script']);

/** Keys whose own keys or items are codes. */
const CODES_BELOW = new Set(['scrap', 'default']);

/** The kind of the value under these keys from the top of the file. */
export function kindOf(keys: readonly string[]): TextKind {
  const last = keys.at(-1) ?? '';
  const parent = keys.at(-2) ?? '';
  if (keys.some(key => FREE_BELOW.has(key))) return 'free';
  if (CODES_BELOW.has(parent)) return 'code';
  // A signal of OPC UA may be only its node.
  if (parent === 'signals') return 'exact';
  // A source may have the name of a key. Such a name has a map below it, and no text.
  return KINDS[last] ?? 'other';
}

function each(kind: TextKind, keys: readonly string[]): Record<string, TextKind> {
  return Object.fromEntries(keys.map(key => [key, kind]));
}
