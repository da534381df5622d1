import type { Scalar } from 'yaml';
import type { Environment } from './references.ts';
import { kindOf } from './text-kind.ts';
import { scalarValue, textOf } from './yaml-file.ts';

const CONTROL = /\p{Cc}/u;

const CONTROL_NAMES: Readonly<Record<string, string>> = { '\n': 'a line end', '\t': 'a tab', '\0': 'a null character' };

/** References as shells, Windows and other tools write them. */
const FOREIGN_REFERENCE = /^(?:\$\(?|\$env:|%)([A-Za-z_][A-Za-z0-9_]*)[)%]?$/;

/** What no topic, node, address or code has, and nobody sees: spaces around it, line ends in it, and variables that are left as they are. */
export function textProblem(node: Scalar, path: readonly PropertyKey[], env: Environment): string | undefined {
  const value = scalarValue(node);
  if (typeof value !== 'string' || value === '') return undefined;
  const first = value.charCodeAt(0);
  const isCandidate =
    first <= SPACE || value.charCodeAt(value.length - 1) <= SPACE || first === DOLLAR || first === PERCENT;
  if (!isCandidate && !CONTROL.test(value)) return undefined;
  const kind = kindOf(path.filter(name => typeof name === 'string'));
  const inQuotes = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE';
  const foreign = FOREIGN_REFERENCE.exec(textOf(node))?.[1];
  if (foreign !== undefined && kind !== 'free' && kind !== 'secret' && (!inQuotes || env[foreign] !== undefined)) {
    return `"${value}" is plain text here; write a variable of the environment as "\${${foreign}}"${inQuotes ? '' : ', or put the text in quotes if it is meant as it stands'}`;
  }
  if (kind !== 'exact' && kind !== 'code') return undefined;
  const inside = CONTROL.exec(value.trim())?.[0];
  if (inside !== undefined) {
    const what = CONTROL_NAMES[inside] ?? `a control character (${JSON.stringify(inside).slice(1, -1)})`;
    return `the text has ${what} in it; write it in one line, without`;
  }
  // L2L's codes have no spaces around them, and are read without.
  if (kind === 'code' || value === value.trim()) return undefined;
  const where = value.trimStart() === value ? 'ends with' : 'begins with';
  return `the text ${where} a space or a line end; take it out`;
}

const SPACE = 0x20;
const DOLLAR = 0x24;
const PERCENT = 0x25;
