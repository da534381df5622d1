import type { Term } from './terms.ts';
import type { Operator, Stretch, TextProblem } from './tokens.ts';

/** A part of a parsed condition. Its stretch of the text leaves out brackets around the whole part. */
export type Node = Leaf | Unary | Binary;

export type Leaf = Extract<Term, { kind: 'operand' | 'literal' }>;

type Unary = Stretch & { readonly kind: 'unary'; readonly operator: 'not' | '-'; readonly side: Node };

type Binary = Stretch & {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Node;
  readonly right: Node;
};

export type BinaryOperator = Exclude<Operator, 'not'>;

/** The higher the number, the tighter the operator binds. Equal operators are read from left to right. */
const BINDING: Readonly<Record<BinaryOperator, number>> = {
  or: 1,
  and: 2,
  '=': 3,
  '<>': 3,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  mod: 6,
};

/** Every pass over the tree is recursive. With these limits it needs about half of the stack that Node has. */
const MOST_TERMS = 3000;
const DEEPEST = 250;
const TOO_LONG = 'this condition is too long or nested too deeply; split it into several rules';

/** What was read since the last `and`, `or` or opening bracket: where it begins, its first `not`, and its first `<` or `>`. */
type Segment = { readonly from: number; not?: Term; ordering?: Term };

/** Parses a condition with binding powers (a Pratt parser). It stops at the first problem: others would only follow from it. */
export function parse(
  text: string,
  terms: readonly Term[],
): { readonly root: Node } | { readonly problem: TextProblem } {
  const word = (term: Term) => `\`${text.slice(term.start, term.end)}\``;
  let at = 0;
  let segment: Segment = { from: 0 };
  let problem: TextProblem | undefined;

  const root = terms.length > MOST_TERMS ? refuse(0, TOO_LONG) : expression(0, 0);
  const rest = terms[at];
  if (rest) refuse(rest.start, 'no bracket was opened for this `)`');
  return problem ? { problem } : { root };

  /** Reads values and the operators between them, as long as these bind tighter than `binding`. */
  function expression(binding: number, depth: number): Node {
    const start = terms[at]?.start ?? 0;
    let left = value(depth);
    for (let term = terms[at]; term && term.kind !== 'close'; term = terms[at]) {
      if (term.kind !== 'operator' || term.operator === 'not') return refuse(term.start, missingOperator(term));
      const { operator } = term;
      if (BINDING[operator] <= binding) break;
      refuseUnclear(term, operator);
      at++;
      const right = expression(BINDING[operator], depth);
      left = { kind: 'binary', operator, start, end: lastEnd(), left, right };
    }
    return left;
  }

  /** Reads one value: a name, a literal, a part in brackets, or one of these behind `not` or `-`. */
  function value(depth: number): Node {
    const before = terms[at - 1];
    const term = terms[at++];
    if (depth > DEEPEST) return refuse(0, TOO_LONG);
    if (!term) {
      if (before) return refuse(before.start, `something is missing after ${word(before)}`);
      return refuse(0, 'there is no condition; write one, such as `not press1.running`');
    }
    switch (term.kind) {
      case 'operand':
      case 'literal':
        return term;
      case 'open': {
        const outer = segment;
        segment = { from: term.end };
        const inside = expression(0, depth + 1);
        segment = outer;
        if (terms[at++]?.kind !== 'close') return refuse(term.start, 'this bracket is not closed');
        return inside;
      }
      case 'close':
        if (before?.kind === 'open') return refuse(term.start, 'there is nothing between these brackets');
        return refuse(term.start, missingValue(before, term));
      case 'operator': {
        const { operator, start } = term;
        if (operator !== 'not' && operator !== '-') return refuse(start, missingValue(before, term));
        if (operator === 'not') segment.not ??= term;
        const side = value(depth + 1);
        return { kind: 'unary', operator, start, end: lastEnd(), side };
      }
    }
  }

  /** Keeps the first problem and skips the rest of the text. What it returns is never used. */
  function refuse(offset: number, message: string): Node {
    problem ??= { offset, message };
    at = terms.length;
    return { kind: 'literal', value: false, start: offset, end: offset };
  }

  /** Refuses what people read in two ways: `not a = b`, and `1 < n < 5`. */
  function refuseUnclear(term: Term, operator: BinaryOperator): void {
    if (operator === 'and' || operator === 'or') {
      segment = { from: term.end };
      return;
    }
    const isOrdering = BINDING[operator] === BINDING['<'];
    if (segment.not && (isOrdering || operator === '=' || operator === '<>')) {
      refuse(segment.not.start, notNeedsBrackets(operator));
    } else if (isOrdering && segment.ordering) {
      const left = text.slice(segment.from, term.start).trim();
      const middle = text.slice(segment.ordering.end, term.start).trim();
      const right = text.slice(term.start, endOfSegment(text, terms.slice(at))).trim();
      refuse(segment.ordering.start, `write ${left} and ${middle} ${right}`);
    } else if (isOrdering) {
      segment.ordering = term;
    }
  }

  function missingOperator(term: Term): string {
    if (term.kind === 'operator') return '`and` or `or` is missing before `not`';
    const before = terms[at - 1];
    if (term.kind === 'open' && before?.kind === 'operand') {
      return `${word(before)} is not a function; the functions are \`good(signal)\` and \`still(signal)\``;
    }
    return `an operator, such as \`and\`, is missing before ${word(term)}`;
  }

  function missingValue(before: Term | undefined, term: Term): string {
    const isFirst = before === undefined || before.kind === 'open';
    return `a signal or a value is missing ${isFirst ? `before ${word(term)}` : `after ${word(before)}`}`;
  }

  function lastEnd(): number {
    return terms[at - 1]?.end ?? text.length;
  }
}

/** Where the segment ends that `terms` begin in: before `and`, `or` or the bracket that closes around it. */
function endOfSegment(text: string, terms: readonly Term[]): number {
  let depth = 0;
  for (const term of terms) {
    if (term.kind === 'open') depth++;
    if (term.kind === 'close') depth--;
    const isJunction = term.kind === 'operator' && (term.operator === 'and' || term.operator === 'or');
    if (depth < 0 || (depth === 0 && isJunction)) return term.start;
  }
  return text.length;
}

function notNeedsBrackets(operator: string): string {
  return `\`not\` beside \`${operator}\` needs brackets: write \`not (a ${operator} b)\`, or \`(not a) ${operator} b\``;
}
