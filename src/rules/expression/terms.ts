import { type Names, type Resolved, resolveArgument, resolveName } from './names.ts';
import type { Operand } from './operand.ts';
import type { TextProblem, Token } from './tokens.ts';

/** A token whose names are resolved: `good(x)` and `still(x)` are one term. */
export type Term =
  | Exclude<Token, { kind: 'name' }>
  | (Stretch & { readonly kind: 'operand'; readonly operand: Operand });

/** A name that could not be resolved: it keeps its place, so that the order of the rest can still be checked. */
export type UnknownTerm = Stretch & { readonly kind: 'unknown' };

type Stretch = { readonly start: number; readonly end: number };

/** Resolves every name of an expression. */
export function resolveTerms(
  text: string,
  tokens: readonly Token[],
  names: Names,
): { readonly terms: readonly (Term | UnknownTerm)[]; readonly problems: readonly TextProblem[] } {
  const terms: (Term | UnknownTerm)[] = [];
  const problems: TextProblem[] = [];

  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    if (token.kind !== 'name') {
      terms.push(token);
      continue;
    }
    const isCall = tokens[i + 1]?.kind === 'open';
    const called = isCall ? functionOf(token.name) : undefined;
    const [argument, close] = [tokens[i + 2], tokens[i + 3]];
    if (called && argument?.kind === 'name' && close?.kind === 'close') {
      i += 3;
      take(token.start, close.end, argument.start, resolveArgument(called, argument.name, names));
    } else if (called) {
      problems.push({
        offset: token.start,
        message: `${called}() takes one signal: write \`${called}(press1.running)\``,
      });
      const end = tokens.findIndex((other, at) => at > i && other.kind === 'close');
      i = end === -1 ? tokens.length : end;
      terms.push({ start: token.start, end: tokens[i]?.end ?? text.length, kind: 'unknown' });
    } else if (isCall) {
      terms.push({ start: token.start, end: token.end, kind: 'unknown' }); // The order check says that it is no function.
    } else {
      const isDashed = /^-\w/.test(text.slice(token.end, token.end + 2));
      const hint = isDashed ? '; a dash is a minus, names are written with _' : '';
      take(token.start, token.end, token.start, resolveName(token.name, names, hint));
    }
  }
  return { terms, problems };

  function take(start: number, end: number, offset: number, resolved: Resolved) {
    if ('operand' in resolved) {
      terms.push({ start, end, kind: 'operand', operand: resolved.operand });
    } else {
      problems.push({ offset, message: resolved.problem });
      terms.push({ start, end, kind: 'unknown' });
    }
  }
}

function functionOf(name: string): 'good' | 'still' | undefined {
  const word = name.toLowerCase();
  return word === 'good' || word === 'still' ? word : undefined;
}
