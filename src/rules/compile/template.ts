import type { Place } from '../../core/errors.ts';
import { didYouMean } from '../../core/nearest.ts';
import type { SignalDefinition, Value } from '../../core/sample.ts';
import type { TextProblem } from '../expression/tokens.ts';
import type { LookupTable } from '../lookup.ts';
import type { CodeTemplate, Template } from '../program.ts';

/** What the parts of a template may name. */
export type TemplateNames = {
  readonly signals: ReadonlyMap<string, SignalDefinition>;
  readonly lookups: ReadonlyMap<string, LookupTable>;
};

/** A plain text that the writer most likely meant to be filled in. */
const SINGLE_BRACES = /(?<!\{)\{([^{}]*)\}(?!\})/;
const WORD = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*/g;

type LastGood = (signal: string) => Value | undefined;
type Filled = { readonly text: string } | { readonly missing: string };
type Part = {
  readonly fill: (lastGood: LastGood) => Filled;
  /** The texts that can stand here; null: any value of a signal. */
  readonly texts: readonly string[] | null;
  /** Where one of the texts is written, if not in the template itself. */
  readonly placeOf?: (text: string) => Place | undefined;
};

/** At most so many codes are listed: a code of several lookups has as many as their rows multiplied. */
const MOST_CODES = 1000;

const MISSING = 'unknown';
const PART = /\{\{([\s\S]*?)\}\}/g;
const NAME = '[A-Za-z_][A-Za-z0-9_]*(?:\\.[A-Za-z0-9_]+)*';
const SIGNAL_PART = new RegExp(`^${NAME}$`);
const LOOKUP_PART = new RegExp(
  `^([A-Za-z_][A-Za-z0-9_]*)\\s*\\[\\s*(${NAME})\\s*\\]\\s*\\.\\s*([A-Za-z_][A-Za-z0-9_]*)$`,
);

/** Compiles a text with `{{ signal }}` and `{{ lookup[signal].field }}` parts. A part without a value prints as `unknown`. */
export function compileTemplate(
  text: string,
  names: TemplateNames,
): { readonly template: Template } | { readonly problems: readonly TextProblem[] } {
  const compiled = compileParts(text, names);
  if ('problems' in compiled) return compiled;
  const { parts, signals } = compiled;
  const render = (lastGood: LastGood) => {
    let rendered = '';
    for (const part of parts) {
      const filled = part.fill(lastGood);
      rendered += 'text' in filled ? filled.text : MISSING;
    }
    return rendered;
  };
  return { template: { text, signals, render } };
}

/** Compiles a text that has to give a code. When a part has no value, there is no code, and it returns the reason. */
export function compileCode(
  text: string,
  names: TemplateNames,
): { readonly code: CodeTemplate } | { readonly problems: readonly TextProblem[] } {
  const compiled = compileParts(text, names);
  if ('problems' in compiled) return compiled;
  const { parts, signals } = compiled;
  const resolve = (lastGood: LastGood) => {
    let code = '';
    for (const part of parts) {
      const filled = part.fill(lastGood);
      if ('missing' in filled) return filled;
      code += filled.text;
    }
    return code.trim() === '' ? { missing: `\`${text}\` came to an empty text` } : { code: code.trim() };
  };
  const [only, ...others] = parts;
  const placeOf = others.length === 0 ? only?.placeOf : undefined;
  return { code: { text, signals, codes: codesOf(parts), ...(placeOf && { placeOf }), resolve } };
}

function codesOf(parts: readonly Part[]): readonly string[] | null {
  let codes = [''];
  for (const { texts } of parts) {
    if (texts === null || codes.length * texts.length > MOST_CODES) return null;
    codes = codes.flatMap(code => texts.map(text => code + text));
  }
  return [...new Set(codes.map(code => code.trim()))].filter(code => code !== '');
}

/**
 * The part to write instead, when a code looks as if it was meant to be filled in: it has brackets, or the name of a signal or a
 * lookup in it. undefined: it is a code.
 */
export function meantAsPart(text: string, { signals, lookups }: TemplateNames): string | undefined {
  const whole = text.trim();
  const namesSignal = (whole.match(WORD) ?? []).some(
    word => signals.has(word) && (word.includes('.') || word === whole),
  );
  const namesLookup = lookups.has(/^[^[.\s]*/.exec(whole)?.[0] ?? '');
  if (!namesSignal && !namesLookup && !/[[\]]/.test(whole)) return undefined;
  return `{{ ${whole.replace(/^\{\s*|\s*\}$/g, '')} }}`;
}

function compileParts(
  text: string,
  names: TemplateNames,
):
  | { readonly parts: readonly Part[]; readonly signals: readonly string[] }
  | { readonly problems: readonly TextProblem[] } {
  const parts: Part[] = [];
  const signals = new Set<string>();
  const problems: TextProblem[] = [];
  let at = 0;

  const addText = (end: number) => {
    const plain = text.slice(at, end);
    const stray = plain.search(/\{\{|\}\}/);
    if (stray !== -1) problems.push({ offset: at + stray, message: strayBraces(plain.slice(stray, stray + 2)) });
    const single = SINGLE_BRACES.exec(plain);
    const name = single?.[1]?.trim() ?? '';
    if (single && names.signals.has(name.split(/[[\]]/)[1]?.trim() ?? name)) {
      problems.push({ offset: at + single.index, message: `\`${single[0]}\` is plain text; write \`{{ ${name} }}\`` });
    }
    if (plain !== '') parts.push({ fill: () => ({ text: plain }), texts: [plain] });
  };

  for (const match of text.matchAll(PART)) {
    addText(match.index);
    at = match.index + match[0].length;
    const inside = match[1] ?? '';
    const compiled = compilePart(inside.trim(), names);
    if ('problem' in compiled) {
      problems.push({ offset: match.index + 2 + inside.length - inside.trimStart().length, message: compiled.problem });
    } else {
      parts.push(compiled.part);
      signals.add(compiled.signal);
    }
  }
  addText(text.length);
  return problems.length > 0 ? { problems } : { parts, signals: [...signals] };
}

type CompiledPart = { readonly part: Part; readonly signal: string } | { readonly problem: string };

function compilePart(inside: string, { signals, lookups }: TemplateNames): CompiledPart {
  if (inside.startsWith('cause.')) return { problem: '`cause` is not built yet; write `{{ lookup[signal].field }}`' };
  if (SIGNAL_PART.test(inside)) {
    const problem = unknownSignal(inside, signals);
    if (problem) return { problem };
    return { signal: inside, part: { fill: lastGood => print(inside, lastGood), texts: null } };
  }
  const [, lookup, signal, field] = LOOKUP_PART.exec(inside) ?? [];
  if (lookup === undefined || signal === undefined || field === undefined) {
    return {
      problem: `\`${inside}\` is neither a signal nor a lookup; write \`{{ signal }}\` or \`{{ lookup[signal].field }}\``,
    };
  }
  const table = lookups.get(lookup);
  if (!table) return { problem: `unknown lookup \`${lookup}\`${didYouMean(lookup, lookups.keys())}` };
  const problem =
    unknownSignal(signal, signals) ?? wrongKey(table, signal, signals.get(signal)) ?? unknownField(table, field);
  if (problem) return { problem };
  const fill = (lastGood: LastGood) => lookUp(table, signal, field, lastGood);
  const placeOf = (text: string) => {
    const line = table.lineOf(field, text);
    return line === undefined ? undefined : { file: table.file, line, column: 1 };
  };
  return { signal, part: { fill, texts: table.texts(field), placeOf } };
}

function unknownSignal(name: string, signals: TemplateNames['signals']): string | undefined {
  return signals.has(name) ? undefined : `unknown signal \`${name}\`${didYouMean(name, signals.keys())}`;
}

function wrongKey(table: LookupTable, name: string, signal: SignalDefinition | undefined): string | undefined {
  const wanted = table.key === 'text' ? 'string' : 'number';
  if (signal === undefined || signal.type === wanted) return undefined;
  const is = { bool: 'yes/no', number: 'a number', string: 'a text' }[signal.type];
  return `\`${name}\` is ${is}, the key of lookup \`${table.name}\` is ${table.key === 'text' ? 'a text' : 'a number'}`;
}

function unknownField({ name, fields }: LookupTable, field: string): string | undefined {
  if (fields.includes(field)) return undefined;
  const meant = didYouMean(field, fields);
  return `lookup \`${name}\` has no field \`${field}\`${meant || `; its fields are ${fields.join(', ')}`}`;
}

function print(signal: string, lastGood: LastGood): Filled {
  const value = lastGood(signal);
  return value === undefined ? neverGood(signal) : { text: printValue(value) };
}

function lookUp(table: LookupTable, signal: string, field: string, lastGood: LastGood): Filled {
  const value = lastGood(signal);
  if (value === undefined) return neverGood(signal);
  const text = table.find(value)?.get(field);
  return text === undefined
    ? { missing: `lookup ${table.name} has no row for ${signal} = ${printValue(value)}` }
    : { text };
}

function neverGood(signal: string): Filled {
  return { missing: `${signal} never had a good value` };
}

function strayBraces(braces: string): string {
  return braces === '{{' ? '`{{` has no closing `}}`' : '`}}` has no opening `{{`';
}

const SIGNIFICANT = 6;

/**
 * A value for a text that people read: whole numbers whole, others to six significant digits (which hides the noise of 32-bit
 * floats) but never fewer than their whole part has; no exponent.
 */
export function printValue(value: Value): string {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !Number.isFinite(value)) return String(value);
  const wholeDigits = Math.ceil(Math.log10(Math.max(1, Math.abs(value))));
  const maximumSignificantDigits = Math.min(21, Math.max(SIGNIFICANT, wholeDigits));
  return new Intl.NumberFormat('en-US', { maximumSignificantDigits, useGrouping: false }).format(value);
}
