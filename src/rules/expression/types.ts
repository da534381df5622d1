import type { SignalType, Value } from '../../core/sample.ts';
import { typeOf } from './operand.ts';
import type { Node } from './parse.ts';
import type { TextProblem } from './tokens.ts';

const KINDS: Readonly<Record<SignalType, string>> = { bool: 'yes/no', number: 'a number', string: 'a text' };

/** Checks the types of a parsed condition. The whole condition has to be yes/no. */
export function checkTypes(text: string, root: Node): readonly TextProblem[] {
  const problems: TextProblem[] = [];
  const refuse = (node: Node, message: string) => {
    problems.push({ offset: node.start, message });
  };
  const written = (node: Node) => text.slice(node.start, node.end);
  const shown = (node: Node) => (isLeaf(node) ? `\`${written(node)}\`` : 'this');

  expectBool(root, null);
  return problems;

  /** undefined: a problem was found, and nobody complains about it twice. */
  function check(node: Node): SignalType | undefined {
    switch (node.kind) {
      case 'operand':
        return typeOf(node.operand);
      case 'literal':
        return typeOfValue(node.value);
      case 'unary':
        if (node.operator === 'not') expectBool(node.side, 'not');
        else expectNumber(node.side, '-');
        return node.operator === 'not' ? 'bool' : 'number';
    }
    const { operator, left, right } = node;
    switch (operator) {
      case 'and':
      case 'or':
        expectBool(left, operator);
        expectBool(right, operator);
        return 'bool';
      case '=':
      case '<>':
        expectSame(operator, left, right);
        return 'bool';
      default:
        expectNumber(left, operator);
        expectNumber(right, operator);
        return /[<>]/.test(operator) ? 'bool' : 'number';
    }
  }

  function expectBool(node: Node, operator: string | null): void {
    const type = check(node);
    if (type === undefined || type === 'bool') return;
    const compared = isLeaf(node) ? written(node) : '…';
    const example = type === 'number' ? `\`${compared} <> 0\`` : `\`${compared} = 'RUN'\``;
    const wanted = operator === null ? 'a condition is yes/no' : `\`${operator}\` takes yes/no`;
    refuse(node, `${shown(node)} is ${KINDS[type]}, ${wanted}; compare it, such as ${example}`);
  }

  function expectNumber(node: Node, operator: string): void {
    const type = check(node);
    if (type === undefined || type === 'number') return;
    refuse(node, `${shown(node)} is ${KINDS[type]}, \`${operator}\` takes numbers`);
  }

  function expectSame(operator: '=' | '<>', left: Node, right: Node): void {
    const [leftType, rightType] = [check(left), check(right)];
    if (leftType === undefined || rightType === undefined || leftType === rightType) return;
    const otherSide = isLeaf(right) ? shown(right) : 'the right side';
    const unlike = `${shown(left)} is ${KINDS[leftType]}, ${otherSide} is ${KINDS[rightType]}: they can't be compared`;
    refuse(left, advice(operator, left, leftType, right) ?? advice(operator, right, rightType, left) ?? unlike);
  }

  /** What to write instead of comparing `name` with a value of another type; undefined: it is not a name beside a value. */
  function advice(operator: '=' | '<>', name: Node, type: SignalType, value: Node): string | undefined {
    if (name.kind !== 'operand' || value.kind !== 'literal') return undefined;
    const asText = written(value).replace(/^['"]|['"]$/g, '');
    const said = `${written(name)} is ${KINDS[type]}`;
    if (type === 'bool') {
      if (!/^(true|yes|on|1|false|no|off|0)$/i.test(asText)) return undefined;
      const wanted = /^(true|yes|on|1)$/i.test(asText) === (operator === '=');
      return `${said}; write ${wanted ? '' : 'not '}${written(name)}`;
    }
    if (type === 'string') return `${said}; write ${written(name)} ${operator} '${asText}'`;
    const isNumeral = typeof value.value === 'string' && asText !== '' && Number.isFinite(Number(asText));
    return isNumeral ? `${said}; write ${written(name)} ${operator} ${asText}` : undefined;
  }
}

function isLeaf(node: Node): boolean {
  return node.kind === 'operand' || node.kind === 'literal';
}

function typeOfValue(value: Value): SignalType {
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'number';
}
