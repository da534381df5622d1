import { type Document, isCollection, isPair, type Node } from 'yaml';
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
