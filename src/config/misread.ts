import { type Document, isPair, isScalar, type Scalar, visit } from 'yaml';
import { mayBeOdd, oddCharacter } from './characters.ts';
import { cutByComment, mayCutText } from './comments.ts';
import { label } from './label.ts';
import { kindOf } from './text-kind.ts';

/** A place where YAML reads another text than a person sees. */
export type Misread = { readonly offset: number; readonly message: string };

/**
 * Valid YAML that means something else than the writer wanted: texts that a comment cuts off, characters that look like others, and
 * features of YAML that take a part of the text away or belong to another program. In a document with errors they are often the reason.
 */
export function misreadIn(document: Document, text: string): readonly Misread[] {
  const found: Misread[] = [...directive(text)];
  const looks = {
    cut: mayCutText(text),
    odd: mayBeOdd(text),
    tag: /(?:^|[\s,[{])[!&]/.test(text),
    merge: text.includes('<<'),
  };
  if (!Object.values(looks).includes(true)) return found;

  const used = looks.tag ? aliasesOf(document) : new Set<string>();
  visit(document, {
    Scalar(place, node, ancestors) {
      const { range, anchor, tag } = node;
      if (!range) return;
      const isKey = place === 'key';
      const [start, end] = range;
      const isOdd = looks.odd && mayBeOdd(text.slice(start, end));
      const isCut = looks.cut && (start === end || SPACE.has(text[end] ?? ''));
      const isDropped = anchor !== undefined || tag !== undefined;
      // Only the few misread ones need the keys above them.
      if (!isOdd && !isCut && !isDropped && !(looks.merge && isKey)) return;
      const keys = keysOf(ancestors);
      const kind = isKey ? 'exact' : kindOf(keys);
      if (kind === 'secret') return;
      const isPlain = node.type === 'PLAIN' || node.type === undefined;
      if (isCut && isPlain) {
        const last = ancestors.at(-1);
        const behind = start === end && isPair(last) && isScalar(last.key) ? behindColon(text, last.key) : end;
        const cut = cutByComment(text, behind, text.slice(start, end).replace(/\s+/g, ' '), kind);
        if (cut) found.push({ ...cut, message: `${label(keys)}${cut.message}` });
      }
      if (isOdd) {
        const isFreeKey = isKey && kindOf([...keys, '']) === 'free';
        const odd = oddCharacter(text.slice(start, end), isFreeKey ? 'free' : isKey ? 'exact' : kind, !isPlain);
        if (odd)
          found.push({
            offset: start + odd.offset,
            message: `${label(isKey ? keys.slice(0, -1) : keys)}${odd.message}`,
          });
      }
      if (looks.merge && isKey && node.value === '<<') found.push({ offset: start, message: MERGE });
      if (isDropped) found.push(...dropped(node, used, text));
    },
  });
  if (document.errors.length > 0) found.push(...cutKeys(text));
  return found.toSorted((a, b) => a.offset - b.offset);
}

const CUT_KEY = /^([ \t]*(?:- )?)([^\s#"'{[&*!|>%@`?-][^#\n:]*?)([ \t]+)#[^\s#][^\n:]*:(?=[ \t\n]|$)/gm;

/** Keys that a comment cuts off before their colon, such as `PART #1: press1.count`. YAML keeps nothing of them. */
function cutKeys(text: string): Misread[] {
  return [...text.matchAll(CUT_KEY)].map(({ 0: line, 1: indent = '', 2: key = '', 3: space = '', index }) => ({
    offset: index + indent.length + key.length + space.length,
    message: `the key ends before this #, and only "${key}" is read; put the key in quotes: "${line.trim().replace(/:$/, '')}"`,
  }));
}

const SPACE: ReadonlySet<string> = new Set([' ', '\t']);

const MERGE =
  '<< takes keys over from another place, which is not read here; write the keys out, or put common ones under defaults';

/** With `%YAML 1.1`, the texts yes, 010 and 12:30 mean something else than in all other files. */
function directive(text: string): Misread[] {
  const found = /^(?:(?:#[^\n]*)?\n)*(%[^\n]*)/.exec(text);
  if (!found) return [];
  const offset = found[0].length - (found[1]?.length ?? 0);
  return [{ offset, message: `"${found[1]?.trim()}" changes how YAML reads this file; take the line out` }];
}

/** Names of the keys above a node, from the top of the file. An item of a list has the name of the list. */
function keysOf(ancestors: readonly unknown[]): string[] {
  const keys: string[] = [];
  for (const ancestor of ancestors) {
    if (isPair(ancestor) && isScalar(ancestor.key)) keys.push(String(ancestor.key.source ?? ancestor.key.value));
  }
  return keys;
}

/** Behind the colon of a key whose value is empty. */
function behindColon(text: string, key: Scalar): number {
  const end = key.range?.[1] ?? 0;
  const colon = text.indexOf(':', end);
  return colon === -1 ? end : colon + 1;
}

function aliasesOf(document: Document): Set<string> {
  const names = new Set<string>();
  visit(document, {
    Alias(_, { source }) {
      names.add(source);
    },
  });
  return names;
}

/** An anchor that nothing refers to, and the tag `!`. YAML takes both away from the text. */
function dropped(node: Scalar, used: ReadonlySet<string>, text: string): Misread[] {
  const { anchor, tag, range } = node;
  const start = range?.[0] ?? 0;
  if (anchor !== undefined && !used.has(anchor)) {
    const offset = text.lastIndexOf(`&${anchor}`, start);
    return [
      {
        offset,
        message: `"&${anchor}" – YAML takes & for a name of what follows and drops it; put the text in quotes`,
      },
    ];
  }
  if (tag === '!') {
    const offset = text.lastIndexOf('!', start);
    return [
      {
        offset,
        message: '"!" – YAML takes ! for a tag and drops it; put the text in quotes, or write not for a negation',
      },
    ];
  }
  return [];
}
