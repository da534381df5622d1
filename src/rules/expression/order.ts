import type { Term, UnknownTerm } from './terms.ts';
import type { TextProblem } from './tokens.ts';

type Placed = Term | UnknownTerm;

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);

const ORDERINGS: ReadonlySet<string> = new Set(['<', '<=', '>', '>=']);

/**
 * A pair of brackets being read, the `not` in it that still waits for its end, where the part between two `and` or `or` begins,
 * and the `<` or `>` in that part.
 */
type Level = { readonly opened: Placed | null; not: Placed | null; from: number; ordering: Placed | null };

/**
 * Checks that values and operators take turns and that brackets match, so that what goes on to CEL always parses and nobody
 * reads CEL's words. Stops at the first problem: what follows it would only be an echo.
 */
export function checkOrder(text: string, terms: readonly Placed[]): readonly TextProblem[] {
  const word = (term: Placed) => `\`${text.slice(term.start, term.end)}\``;
  const levels: Level[] = [{ opened: null, not: null, from: 0, ordering: null }];
  let before: Placed | null = null;
  let wantsValue = true;

  for (const [index, term] of terms.entries()) {
    const level = levels.at(-1) ?? { opened: null, not: null, from: 0, ordering: null };
    const problem = (message: string) => [{ offset: term.start, message }];

    if (wantsValue) {
      switch (term.kind) {
        case 'operand':
        case 'unknown':
        case 'literal':
          wantsValue = false;
          break;
        case 'open':
          levels.push({ opened: term, not: null, from: term.end, ordering: null });
          break;
        case 'close':
          return problem(
            before?.kind === 'open'
              ? 'there is nothing between these brackets'
              : missing(before, word, ` before \`)\``),
          );
        case 'operator':
          if (term.operator === 'not') level.not ??= term;
          else if (term.operator !== '-') return problem(missing(before, word, ` before ${word(term)}`));
      }
    } else {
      switch (term.kind) {
        case 'operand':
        case 'unknown':
        case 'literal':
          return problem(`an operator, such as \`and\`, is missing before ${word(term)}`);
        case 'open':
          return problem(
            before?.kind === 'operand' || before?.kind === 'unknown'
              ? `${word(before)} is not a function; the functions are \`good(signal)\` and \`still(signal)\``
              : 'an operator, such as `and`, is missing before `(`',
          );
        case 'close':
          if (level.opened === null) return problem('no bracket was opened for this `)`');
          levels.pop();
          break;
        case 'operator':
          if (term.operator === 'not') return problem('`and` or `or` is missing before `not`');
          if (term.operator === 'and' || term.operator === 'or') {
            level.not = null;
            level.from = term.end;
            level.ordering = null;
          }
          if (level.not && COMPARISONS.has(term.operator)) {
            return [{ offset: level.not.start, message: notNeedsBrackets(term.operator) }];
          }
          if (ORDERINGS.has(term.operator)) {
            if (level.ordering) {
              const left = text.slice(level.from, term.start).trim();
              const middle = text.slice(level.ordering.end, term.start).trim();
              const right = text.slice(term.start, endOfPart(text, terms, index)).trim();
              return [{ offset: level.ordering.start, message: `write ${left} and ${middle} ${right}` }];
            }
            level.ordering = term;
          }
          wantsValue = true;
      }
    }
    before = term;
  }

  if (before === null)
    return [{ offset: 0, message: 'there is no condition; write one, such as `not press1.running`' }];
  if (wantsValue) return [{ offset: before.start, message: `something is missing after ${word(before)}` }];
  const opened = levels.at(-1)?.opened;
  return opened ? [{ offset: opened.start, message: 'this bracket is not closed' }] : [];
}

/** Where the part ends that the term at `index` is in: before `and`, `or` or the bracket that closes around it. */
function endOfPart(text: string, terms: readonly Placed[], index: number): number {
  let depth = 0;
  for (const term of terms.slice(index)) {
    if (term.kind === 'open') depth++;
    if (term.kind === 'close') depth--;
    const ends = term.kind === 'operator' && (term.operator === 'and' || term.operator === 'or');
    if (depth < 0 || (depth === 0 && ends)) return term.start;
  }
  return text.length;
}

function missing(before: Placed | null, word: (term: Placed) => string, here: string): string {
  const between = before === null || before.kind === 'open' ? here : ` after ${word(before)}`;
  return `a signal or a value is missing${between}`;
}

function notNeedsBrackets(operator: string): string {
  return `\`not\` beside \`${operator}\` needs brackets: write \`not (a ${operator} b)\`, or \`(not a) ${operator} b\``;
}
