import { type Document, isAlias, isCollection, isPair, type Node } from 'yaml';
import type { Place, Problem } from '../core/errors.ts';

/** Far deeper than any config, and far less than what exhausts the stack of a parser. */
const MOST_LEVELS = 50;

/** Where a document is nested too deeply; null: nowhere. It does not call itself, because that would overflow the stack. */
export function tooDeep(document: Document, placeAt: (offset: number) => Place): Problem | null {
  let level: readonly (Node | null)[] = [document.contents];
  for (let depth = 1; level.length > 0; depth++) {
    const [first] = level;
    if (depth > MOST_LEVELS && first?.range) return { place: placeAt(first.range[0]), message: WORDS };
    level = level.filter(isCollection).flatMap(({ items }) => items.map(inside).filter(isCollection));
  }
  return null;
}

const WORDS = `the file is nested too deeply here: more than ${MOST_LEVELS} levels; a config needs fewer than 10, so take out the brackets or the indentation that is too much`;

function inside(item: unknown): Node | null {
  return (isPair(item) ? item.value : item) as Node | null;
}

/** Far more values than the largest config has. */
const MOST_VALUES = 1_000_000;

/**
 * Where the aliases of a document stand for too many values: a few lines can stand for more than any memory holds. null: nowhere. The
 * document must not be nested too deeply.
 */
export function tooWide(document: Document, placeAt: (offset: number) => Place): Problem | null {
  /** Values behind each anchor that stands above. */
  const behind = new Map<string, number>();
  let problem: Problem | null = null;

  function valuesOf(node: Node | null): number {
    if (problem !== null || !node) return 0;
    if (isAlias(node)) return behind.get(node.source) ?? 0;
    let values = 1;
    if (isCollection(node)) for (const item of node.items) values += valuesOf(inside(item));
    const { anchor } = node as { readonly anchor?: string };
    if (anchor !== undefined) behind.set(anchor, values);
    if (values > MOST_VALUES && problem === null) problem = { place: placeAt(node.range?.[0] ?? 0), message: TOO_WIDE };
    return values;
  }

  valuesOf(document.contents);
  return problem;
}

const TOO_WIDE = `the aliases (*name) in here stand for more than ${MOST_VALUES.toLocaleString('en-US')} values; write out what is meant`;
