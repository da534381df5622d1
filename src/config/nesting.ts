import { type Document, isCollection, isPair, type Node } from 'yaml';
import type { Place, Problem } from '../core/errors.ts';

/** Far more than any config has, and far less than what exhausts the stack of whoever reads the file. */
const MOST_LEVELS = 50;

/** Where a document is nested deeper than any config; null: nowhere. It is walked without a stack of calls: that is what would overflow. */
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
