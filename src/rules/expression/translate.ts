import { type Operand, typeOf } from './operand.ts';
import type { Term } from './terms.ts';
import type { Operator } from './tokens.ts';

/** A stretch of CEL text and the user's text it stands for. */
type Piece = { readonly from: number; readonly to: number; readonly start: number; readonly end: number };

/** A variable of the CEL text. */
export type Variable = { readonly id: string; readonly operand: Operand };

/** An expression in CEL, with the way back to the columns of the user's text. */
export type Translation = {
  readonly cel: string;
  readonly variables: readonly Variable[];
  /** The stretch of the user's text that a stretch of the CEL text stands for. */
  userRange(from: number, to: number): { readonly start: number; readonly end: number };
};

const CEL_OPERATORS: Readonly<Record<Operator, string>> = {
  and: '&&',
  or: '||',
  not: '!',
  mod: '%',
  '=': '==',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  '+': '+',
  '-': '-',
  '*': '*',
  '/': '/',
};

const TYPE_LETTERS = { bool: 'b', number: 'n', string: 's' } as const;

/** Translates term by term. Expects terms in an order that `checkOrder` found right. */
export function translate(terms: readonly Term[]): Translation {
  const pieces: Piece[] = [];
  const variables = new Map<string, Variable>();
  let cel = '';

  const add = (text: string, term: Term) => {
    cel += ' ';
    pieces.push({ from: cel.length, to: cel.length + text.length, start: term.start, end: term.end });
    cel += text;
  };

  for (const term of terms) {
    switch (term.kind) {
      case 'open':
        add('(', term);
        break;
      case 'close':
        add(')', term);
        break;
      case 'operator':
        add(CEL_OPERATORS[term.operator], term);
        break;
      case 'literal':
        add(literal(term.value), term);
        break;
      case 'operand':
        add(variableFor(term.operand, variables), term);
        break;
    }
  }

  return {
    cel,
    variables: [...variables.values()],
    userRange(from, to) {
      const inside = pieces.filter(piece => piece.from >= from && piece.to <= to);
      return { start: inside[0]?.start ?? 0, end: inside.at(-1)?.end ?? 0 };
    },
  };
}

/** CEL distinguishes whole numbers from others by the point; here every number is of one type. */
function literal(value: boolean | number | string): string {
  if (typeof value !== 'number') return JSON.stringify(value);
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function variableFor(operand: Operand, variables: Map<string, Variable>): string {
  const key = JSON.stringify(operand);
  const known = variables.get(key);
  if (known) return known.id;
  const id = `${TYPE_LETTERS[typeOf(operand)]}${variables.size}`;
  variables.set(key, { id, operand });
  return id;
}
