import { type Names, type Resolved, resolveArgument, resolveName } from './names.ts';
import type { Operand } from './operand.ts';
import type { Stretch, TextProblem, Token } from './tokens.ts';

/** A token whose name is resolved. `good(x)` and `still(x)` are one term. */
export type Term =
  | Exclude<Token, { kind: 'name' }>
  | (Stretch & { readonly kind: 'operand'; readonly operand: Operand });

/** Stands in for a name that has a problem, so that the parser can still check the order of the others. Nobody reads it. */
const STAND_IN: Operand = { kind: 'good', signal: '' };

/** Resolves every name of a condition. */
export function resolveTerms(
  text: string,
  tokens: readonly Token[],
  names: Names,
): { readonly terms: readonly Term[]; readonly problems: readonly TextProblem[] } {
  const terms: Term[] = [];
  const problems: TextProblem[] = [];
  const take = (start: number, end: number, resolved: Resolved, offset = start) => {
    const isRefused = 'problem' in resolved;
    if (isRefused) problems.push({ offset, message: resolved.problem });
    terms.push({ start, end, kind: 'operand', operand: isRefused ? STAND_IN : resolved.operand });
  };

  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    if (token.kind !== 'name') {
      terms.push(token);
      continue;
    }
    const { start, end, name } = token;
    const isCall = tokens[i + 1]?.kind === 'open';
    const called = isCall ? functionOf(name) : undefined;
    const [argument, close] = [tokens[i + 2], tokens[i + 3]];
    if (called && argument?.kind === 'name' && close?.kind === 'close') {
      i += 3;
      take(start, close.end, resolveArgument(called, argument.name, names), argument.start);
    } else if (called) {
      const closing = tokens.findIndex((other, at) => at > i && other.kind === 'close');
      i = closing === -1 ? tokens.length : closing;
      const problem = `${called}() takes one signal: write \`${called}(press1.running)\``;
      take(start, tokens[i]?.end ?? text.length, { problem });
    } else if (isCall) {
      take(start, end, { operand: STAND_IN }); // The parser says that it is no function.
    } else {
      const isDashed = /^-\w/.test(text.slice(end, end + 2));
      take(start, end, resolveName(name, names, isDashed ? '; a dash is a minus, names are written with _' : ''));
    }
  }
  return { terms, problems };
}

function functionOf(name: string): 'good' | 'still' | undefined {
  const word = name.toLowerCase();
  return word === 'good' || word === 'still' ? word : undefined;
}
