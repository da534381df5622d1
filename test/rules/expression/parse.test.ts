import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Node, parse } from '../../../src/rules/expression/parse.ts';
import { resolveTerms } from '../../../src/rules/expression/terms.ts';
import { tokenise } from '../../../src/rules/expression/tokens.ts';
import { condition, NAMES, problems, scope } from './world.ts';

function parsed(text: string): Node {
  const result = parse(text, resolveTerms(text, tokenise(text).tokens, NAMES).terms);
  if ('problem' in result) throw new Error(result.problem.message);
  return result.root;
}

/** The tree as a text with brackets around each part with an operator. */
function shape(node: Node, text: string): string {
  switch (node.kind) {
    case 'unary':
      return `(${node.operator} ${shape(node.side, text)})`;
    case 'binary':
      return `(${shape(node.left, text)} ${node.operator} ${shape(node.right, text)})`;
    default:
      return text.slice(node.start, node.end);
  }
}

type Tree =
  | { readonly kind: 'leaf'; readonly word: string }
  | { readonly kind: 'unary'; readonly operator: string; readonly side: Tree }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Tree; readonly right: Tree };

/** From the loosest to the tightest, written here a second time. */
const LEVELS = ['or', 'and', '= <>', '< <= > >=', '+ -', '* / mod'].map(words => words.split(' '));
const BINARY = LEVELS.flat();
const COMPARISONS = ['=', '<>', '<', '<=', '>', '>='];

const level = (operator: string) => LEVELS.findIndex(words => words.includes(operator));

function withAllBrackets(tree: Tree): string {
  switch (tree.kind) {
    case 'leaf':
      return tree.word;
    case 'unary':
      return `(${tree.operator} ${withAllBrackets(tree.side)})`;
    case 'binary':
      return `(${withAllBrackets(tree.left)} ${tree.operator} ${withAllBrackets(tree.right)})`;
  }
}

/** Only the brackets that the tree needs, or that a rule against ambiguous texts needs. */
function withFewBrackets(tree: Tree): string {
  switch (tree.kind) {
    case 'leaf':
      return tree.word;
    case 'unary':
      return `${tree.operator} ${tree.side.kind === 'binary' ? `(${withFewBrackets(tree.side)})` : withFewBrackets(tree.side)}`;
    case 'binary': {
      const { operator, left, right } = tree;
      const isJunction = operator === 'and' || operator === 'or';
      const side = (child: Tree, isRight: boolean) => {
        const text = withFewBrackets(child);
        const bindsLess = child.kind === 'binary' && level(child.operator) < level(operator) + (isRight ? 1 : 0);
        const hasTwoMeanings =
          !isJunction && (/\bnot\b/.test(text) || (child.kind === 'binary' && COMPARISONS.includes(child.operator)));
        return bindsLess || hasTwoMeanings ? `(${text})` : text;
      };
      return `${side(left, false)} ${operator} ${side(right, true)}`;
    }
  }
}

const { tree } = fc.letrec<{ tree: Tree }>(tie => ({
  tree: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc
      .constantFrom('a', 'n', 'press1.faults.3', 'good(m)', '240', '2.5', "'RUN'", 'true')
      .map((word): Tree => ({ kind: 'leaf', word })),
    fc.record({ kind: fc.constant('unary' as const), operator: fc.constantFrom('not', '-'), side: tie('tree') }),
    fc.record({
      kind: fc.constant('binary' as const),
      operator: fc.constantFrom(...BINARY),
      left: tie('tree'),
      right: tie('tree'),
    }),
  ),
}));

describe('the parser of conditions', () => {
  it.each([
    ['a or b and c', '(a or (b and c))'],
    ['a and b or c', '((a and b) or c)'],
    ['not a and b', '((not a) and b)'],
    ['a = n < m', '(a = (n < m))'],
    ['n < m = a', '((n < m) = a)'],
    ['n - m - 1 = 0', '(((n - m) - 1) = 0)'],
    ['n / m / 2 > 1', '(((n / m) / 2) > 1)'],
    ['n + m * 2 mod 3 < 1', '((n + ((m * 2) mod 3)) < 1)'],
    ['-n - -m > 0', '(((- n) - (- m)) > 0)'],
    ['n / -(n / (m + 1)) > 1', '((n / (- (n / (m + 1)))) > 1)'],
  ])('the parser reads %s as %s', (text, expected) => {
    expect(shape(parsed(text), text)).toBe(expected);
  });

  it('the parser reads back the tree that a text was written from, with few brackets and with many', () => {
    fc.assert(
      fc.property(tree, written => {
        for (const text of [withFewBrackets(written), withAllBrackets(written)]) {
          expect(shape(parsed(text), text)).toBe(withAllBrackets(written));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('the parser gives every part the stretch of the text from which it can be parsed again', () => {
    const partsOf = (node: Node): readonly Node[] => {
      if (node.kind === 'unary') return [node, ...partsOf(node.side)];
      return node.kind === 'binary' ? [node, ...partsOf(node.left), ...partsOf(node.right)] : [node];
    };
    fc.assert(
      fc.property(tree, written => {
        const text = withFewBrackets(written);
        for (const part of partsOf(parsed(text))) {
          const alone = text.slice(part.start, part.end);
          expect(shape(parsed(alone), alone)).toBe(shape(part, text));
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['1,500 signals', Array(1500).fill('a').join(' or '), Array(1501).fill('a').join(' or ')],
    ['1,500 numbers', `${Array(1499).fill('n').join(' + ')} > 1`, `${Array(1500).fill('n').join(' + ')} > 1`],
    ['250 brackets', `${'('.repeat(250)}a${')'.repeat(250)}`, `${'('.repeat(251)}a${')'.repeat(251)}`],
    ['250 times not', `${'not '.repeat(250)}a`, `${'not '.repeat(251)}a`],
  ])('a condition of %s is accepted, and a larger one is refused', (_, largest, tooLarge) => {
    const world = scope({ a: true, n: 1 });

    expect(condition(largest).evaluate(world)).toBe(true);
    expect(condition(largest).explain(world)[0]?.truth).toBe(true);
    expect(problems(tooLarge)).toEqual([
      '0: this condition is too long or nested too deeply; split it into several rules',
    ]);
  });
});
