import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type Scalar } from 'yaml';
import type { Place, Problem } from '../core/errors.ts';
import { documentProblems } from './document-problems.ts';
import { sourceOffset } from './source-offset.ts';

/** Keys and list indexes from the top of the file down to one value. */
export type Path = readonly PropertyKey[];

/** A YAML file read with the places of everything in it kept. */
export interface YamlFile {
  /** What YAML itself has to say against the file, its warnings included. With any, nothing else is worth asking. */
  readonly problems: readonly Problem[];
  /** There is nothing in the file but comments. */
  readonly empty: boolean;
  /** The content as plain data; each scalar becomes what `scalar` makes of it. */
  data(scalar: (node: Scalar, path: Path) => unknown): unknown;
  scalar(path: Path): Scalar | undefined;
  /**
   * Where the value is written (its key when it has keys of its own), or the nearest thing around it when it is not there.
   * `offset` counts characters of a scalar's text.
   */
  placeOf(path: Path, offset?: number): Place;
  /** Where the key is written that names the value. */
  keyPlaceOf(path: Path): Place;
  /** The keys written there, in their order; none when it is no map. */
  keys(path: Path): readonly string[];
  /** Whether something is written there, be it an empty value. */
  has(path: Path): boolean;
}

type Found = { readonly key: Node | undefined; readonly value: Node | undefined };

/** Reads YAML text. Never throws for what is written in it. */
export function parseYamlFile(file: string, text: string): YamlFile {
  const lines = new LineCounter();
  // Keys are always text, so a code such as 0123 may be one; `{{ … }}` without quotes would be a map as a key, and is refused.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'error',
  });

  function placeAt(offset: number): Place {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  const problems = documentProblems(document, text, placeAt);

  function resolved(node: unknown): Node | undefined {
    if (isAlias(node)) return node.resolve(document);
    return (node as Node | null) ?? undefined;
  }

  function step(parent: Node, name: PropertyKey): Found | undefined {
    const target = resolved(parent);
    if (isMap(target)) {
      const pair = (target.items as Pair<Scalar, Node | null>[]).find(item => textOf(item.key) === String(name));
      return pair && { key: pair.key, value: pair.value ?? undefined };
    }
    if (isSeq(target)) {
      const item = target.items[Number(name)];
      return item === undefined ? undefined : { key: undefined, value: item as Node };
    }
    return undefined;
  }

  /** The way down the path as far as it is written. */
  function trail(path: Path): Found[] {
    const way: Found[] = [{ key: undefined, value: document.contents ?? undefined }];
    for (const name of path) {
      const parent = way.at(-1)?.value;
      const found = parent && step(parent, name);
      if (!found) break;
      way.push(found);
    }
    return way;
  }

  function scalarAt(path: Path): Scalar | undefined {
    const way = trail(path);
    if (way.length !== path.length + 1) return undefined;
    const node = resolved(way.at(-1)?.value);
    return isScalar(node) ? node : undefined;
  }

  function keyOffset(way: readonly Found[]): number {
    const named = way.findLast(found => found.key?.range || found.value?.range);
    return named?.key?.range?.[0] ?? named?.value?.range?.[0] ?? 0;
  }

  return {
    problems,
    empty: document.contents === null,
    data(scalar) {
      const open = new Set<Node>();
      const convert = (written: unknown, path: Path): unknown => {
        const node = resolved(written);
        if (isScalar(node)) return scalar(node, path);
        if (!node || open.has(node)) return null;
        open.add(node);
        const value = isMap(node)
          ? Object.fromEntries(
              (node.items as Pair<Scalar, unknown>[]).map(item => {
                const name = textOf(item.key);
                return [name, convert(item.value, [...path, name])];
              }),
            )
          : isSeq(node)
            ? node.items.map((item, index) => convert(item, [...path, index]))
            : null;
        open.delete(node);
        return value;
      };
      return convert(document.contents, []);
    },
    scalar: scalarAt,
    placeOf(path, offset) {
      const way = trail(path);
      const node = way.at(-1)?.value;
      const scalar = isScalar(node) ? node : undefined;
      if (way.length !== path.length + 1 || !scalar?.range || scalar.range[0] === scalar.range[1]) {
        return placeAt(keyOffset(way));
      }
      const [start, end] = scalar.range;
      const inside = offset === undefined ? 0 : sourceOffset(text.slice(start, end), String(scalar.value), offset);
      return placeAt(start + inside);
    },
    keyPlaceOf: path => placeAt(keyOffset(trail(path))),
    keys(path) {
      const way = trail(path);
      const node = way.length === path.length + 1 ? resolved(way.at(-1)?.value) : undefined;
      return isMap(node) ? (node.items as Pair<Scalar, unknown>[]).map(item => textOf(item.key)) : [];
    },
    has: path => trail(path).length === path.length + 1,
  };
}

/** A scalar as it was written, quotes and escapes taken away: `0123` and `12E3` stay what they are. */
export function textOf(node: Scalar): string {
  const { source, value } = node;
  return withoutBlockEnd(node, source ?? String(value ?? ''));
}

/** A scalar as YAML reads it. */
export function scalarValue(node: Scalar): unknown {
  return typeof node.value === 'string' ? withoutBlockEnd(node, node.value) : node.value;
}

/** The line end behind a block of text (`|`, `>`) is part of how YAML is written, and not of the text. */
function withoutBlockEnd({ type }: Scalar, text: string): string {
  return type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED' ? text.replace(/\n+$/, '') : text;
}
