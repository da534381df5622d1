import type { SignalType } from '../../core/sample.ts';
import type { ASTNode } from './cel.ts';
import { typeOf } from './operand.ts';
import type { TextProblem } from './tokens.ts';
import type { Translation } from './translate.ts';

const KINDS: Readonly<Record<SignalType, string>> = { bool: 'yes/no', number: 'a number', string: 'a text' };
const USER_OPERATORS: Readonly<Record<string, string>> = { '==': '=', '!=': '<>', '&&': 'and', '||': 'or', '%': 'mod' };

/** Checks the types of a parsed condition, in the user's words and at the user's columns. The whole has to be yes/no. */
export function checkTypes(text: string, root: ASTNode, { variables, userRange }: Translation): readonly TextProblem[] {
  const types = new Map(variables.map(({ id, operand }) => [id, typeOf(operand)]));
  const problems: TextProblem[] = [];

  const refuse = (node: ASTNode, message: string) => {
    problems.push({ offset: userRange(node.start, node.end).start, message });
  };
  const isLeaf = (node: ASTNode) => node.op === 'id' || node.op === 'value';
  const written = (node: ASTNode) => {
    const { start, end } = userRange(node.start, node.end);
    return text.slice(start, end);
  };
  const shown = (node: ASTNode) => (isLeaf(node) ? `\`${written(node)}\`` : 'this');

  /** undefined: already refused, so that nothing is complained about twice. */
  const check = (node: ASTNode): SignalType | undefined => {
    switch (node.op) {
      case 'id':
        return types.get(node.args);
      case 'value':
        return valueType(node.args);
      case '!_':
        expectBool(node.args, 'not');
        return 'bool';
      case '-_':
        expectNumber(node.args, '-');
        return 'number';
      case '&&':
      case '||':
        for (const side of node.args) expectBool(side, userOperator(node.op));
        return 'bool';
      case '==':
      case '!=':
        expectSame(node.op, ...node.args);
        return 'bool';
      case '<':
      case '<=':
      case '>':
      case '>=':
        for (const side of node.args) expectNumber(side, node.op);
        return 'bool';
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
        for (const side of node.args) expectNumber(side, userOperator(node.op));
        return 'number';
      default:
        return undefined;
    }
  };

  const expectBool = (node: ASTNode, operator: string | null) => {
    const type = check(node);
    if (type === undefined || type === 'bool') return;
    const compared = isLeaf(node) ? written(node) : '…';
    const example = type === 'number' ? `\`${compared} <> 0\`` : `\`${compared} = 'RUN'\``;
    const wanted = operator === null ? 'a condition is yes/no' : `\`${operator}\` takes yes/no`;
    refuse(node, `${shown(node)} is ${KINDS[type]}, ${wanted}; compare it, such as ${example}`);
  };

  const expectNumber = (node: ASTNode, operator: string) => {
    const type = check(node);
    if (type !== undefined && type !== 'number') {
      refuse(node, `${shown(node)} is ${KINDS[type]}, \`${operator}\` takes numbers`);
    }
  };

  const expectSame = (operator: '==' | '!=', left: ASTNode, right: ASTNode) => {
    const [leftType, rightType] = [check(left), check(right)];
    if (leftType === undefined || rightType === undefined || leftType === rightType) return;
    refuse(left, advice(operator, left, leftType, right) ?? advice(operator, right, rightType, left) ?? unlike());

    function unlike() {
      const [a, b] = [leftType, rightType].map(type => type && KINDS[type]);
      return `${shown(left)} is ${a}, ${isLeaf(right) ? shown(right) : 'the right side'} is ${b}: they can't be compared`;
    }
  };

  /** What to write instead of comparing `name` with a value of another type; undefined when it is not a name beside a value. */
  const advice = (operator: '==' | '!=', name: ASTNode, type: SignalType, value: ASTNode): string | undefined => {
    if (name.op !== 'id' || value.op !== 'value') return undefined;
    const asText = written(value).replace(/^['"]|['"]$/g, '');
    const said = `${written(name)} is ${KINDS[type]}`;
    if (type === 'bool') {
      if (!/^(true|yes|on|1|false|no|off|0)$/i.test(asText)) return undefined;
      const wanted = /^(true|yes|on|1)$/i.test(asText) === (operator === '==');
      return `${said}; write ${wanted ? '' : 'not '}${written(name)}`;
    }
    if (type === 'string') return `${said}; write ${written(name)} ${userOperator(operator)} '${asText}'`;
    if (typeof value.args === 'string' && asText !== '' && Number.isFinite(Number(asText))) {
      return `${said}; write ${written(name)} ${userOperator(operator)} ${asText}`;
    }
    return undefined;
  };

  expectBool(root, null);
  return problems;
}

function valueType(value: unknown): SignalType | undefined {
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'number';
}

function userOperator(operator: string): string {
  return USER_OPERATORS[operator] ?? operator;
}
