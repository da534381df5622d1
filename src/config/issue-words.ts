import type { z } from 'zod';
import { isPlainAddress } from '../core/address.ts';
import type { Place, Problem } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { isBelow, namesOf, unknownKeys } from './key-problems.ts';
import { label } from './label.ts';
import { type Path, textOf, type YamlFile } from './yaml-file.ts';

type Issue = z.core.$ZodIssue;

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'keys with values below it',
  record: 'names with values below it',
  array: 'a list',
};

/**
 * Zod's error map: what was expected, in plain words. Used where a schema has no words of its own. For unknown keys the message
 * carries the keys that are valid there, because the finished issue does not.
 */
export function plainWords(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${TYPES[String(issue.expected)] ?? String(issue.expected)}`;
    case 'invalid_value':
      return `expected ${oneOf((issue.values as readonly unknown[]).map(String))}`;
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array'
        ? 'must not be empty'
        : `expected ${issue.inclusive ? 'at least' : 'more than'} ${String(issue.minimum)}`;
    case 'too_big':
      return issue.origin === 'string'
        ? `expected at most ${String(issue.maximum)} characters`
        : issue.origin === 'array'
          ? `expected at most ${String(issue.maximum)} entries`
          : `expected ${issue.inclusive ? 'at most' : 'less than'} ${String(issue.maximum)}`;
    case 'not_multiple_of':
      return `expected a multiple of ${String(issue.divisor)}`;
    case 'invalid_format':
      return issue.format === 'url'
        ? 'expected an address such as https://acme.leading2lean.com'
        : 'is not written in the right form';
    case 'unrecognized_keys':
      return validKeys(issue.inst).join(',');
    default:
      return 'is not valid here';
  }
}

function validKeys(schema: unknown): readonly string[] {
  const shape = (schema as { _zod?: { def?: { shape?: Record<string, z.ZodType> } } } | undefined)?._zod?.def?.shape;
  if (!shape) return [];
  // No advice names a key that is not built yet.
  return Object.keys(shape).filter(key => shape[key]?.meta()?.notBuilt !== true);
}

/** Every issue with its full path, those inside unions and keys included. */
export function flatIssues(issues: readonly Issue[], base: Path = []): Issue[] {
  return issues.flatMap(issue => {
    const path = [...base, ...issue.path];
    const inner = issue.code === 'invalid_union' ? issue.errors.flat() : [];
    return [{ ...issue, path }, ...flatIssues(inner, path)];
  });
}

/** A problem whose words hold no value of a reference: nothing in it is masked, even when a word is such a value by chance. */
export type PlainProblem = Problem & { readonly plain: true };

/** Replaces a message that might repeat the value of a reference. */
export const DOES_NOT_FIT = 'what this stands for does not fit here';

export type IssueContext = {
  readonly yaml: YamlFile;
  /** Where in the file the parsed data begin. */
  readonly base: Path;
  /** Whether this path has a problem already. */
  readonly quiet: (path: Path) => boolean;
  /** The values of the references at this path, which no message repeats; undefined: there are none. */
  readonly hidden: (path: Path) => string | undefined;
};

/** Zod's issues as problems: the place, what is written there, what was expected, the nearest valid name. */
export function problemsOf(issues: readonly Issue[], context: IssueContext): Problem[] {
  const named = namesOf(issues, context);
  const unknown = unknownKeys(issues, context);
  const problems = issues.flatMap(issue => {
    const path = [...context.base, ...issue.path];
    const isAnswered = unknown.answers(path, issue) || named.some(({ path: name }) => isBelow(path, name));
    return isAnswered || context.quiet(path) ? [] : describe(issue, path, context);
  });
  return inOrder([...problems, ...named.map(({ problem }) => problem), ...unknown.problems]);
}

/** Problems of one file from top to bottom, as one works through them. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const line = ({ place }: Problem) => place?.line ?? 0;
  const column = ({ place }: Problem) => place?.column ?? 0;
  return problems.toSorted((a, b) => line(a) - line(b) || column(a) - column(b));
}

function describe(issue: Issue, path: Path, context: IssueContext): Problem[] {
  const { yaml } = context;
  switch (issue.code) {
    case 'unrecognized_keys':
      return [];
    case 'invalid_key': {
      const words = issue.issues[0]?.message ?? issue.message;
      return [
        { place: yaml.keyPlaceOf(path), message: `${label(path.slice(0, -1))}"${String(path.at(-1))}" – ${words}` },
      ];
    }
    case 'invalid_union':
      return union(issue, path, context);
    default: {
      // No screen and no log repeats a secret that is in the file.
      const secret = issue.code === 'custom' && issue.params?.secret === true && yaml.has(path);
      const referred = issue.code === 'custom' && context.hidden(path) !== undefined && issue.params?.referred;
      if (typeof referred === 'string') return [aboutReference(referred, path, context)];
      if (secret) return [{ place: yaml.placeOf(path), message: `${label(path)}${issue.message}` }];
      // Some checks are about the name of a reference, not about its value.
      const aboutKey = issue.code === 'custom' && issue.params?.key === true;
      if (aboutKey) {
        const message = `${label(path)}${issue.message}${lineOfOther(issue.params?.other, issue.params?.below === 'sources' ? ['sources'] : [], yaml)}`;
        return [{ place: yaml.keyPlaceOf(path), message }];
      }
      return [problem(yaml.placeOf(path), path, wordsFor(issue, path, context), context)];
    }
  }
}

/** ` (line 12)`: the line of the other one of two things. `above`: the path from the top of the file to the beginning of its path. */
function lineOfOther(other: unknown, above: Path, yaml: YamlFile): string {
  return Array.isArray(other) ? ` (line ${yaml.keyPlaceOf([...above, ...(other as string[])]).line})` : '';
}

/** The words of a schema about the value of a reference, with the name of the reference and never with the value. */
function aboutReference(referred: string, path: Path, { yaml }: IssueContext): PlainProblem {
  const node = yaml.scalar(path);
  const name = /^\$\{(.*)\}$/.exec(node ? textOf(node) : '')?.[1];
  const what = name === undefined ? 'what this stands for' : `what ${name} holds`;
  return { place: yaml.placeOf(path), message: `${label(path)}${what} ${referred}`, plain: true };
}

/** `label: "what is written" – what was expected`. */
function problem(place: Place, path: Path, words: string, { yaml }: IssueContext): Problem {
  const name = String(path.at(-1) ?? '');
  if (yaml.empty) return { place, message: 'the file is empty' };
  if (!yaml.has(path)) return { place, message: `${label(path.slice(0, -1))}${name} is missing – ${words}` };
  const node = yaml.scalar(path);
  if (node && textOf(node) === '') return { place, message: `${label(path)}nothing is written – ${words}` };
  if (node?.value === null) {
    const meant = `YAML's word for nothing; put it in quotes if it is meant as text, or take the key out`;
    return { place, message: `${label(path)}"${textOf(node)}" is ${meant} – ${words}` };
  }
  const written = node && quoted(textOf(node));
  // The sentence of a schema may quote the text already.
  const repeated = written === undefined || words.includes(written);
  return { place, message: `${label(path)}${repeated ? '' : `${written} – `}${words}` };
}

/** The text as written, shortened. Of an address that may hold a password, even a wrong one, only the beginning. */
function quoted(text: string): string {
  const [, scheme] = /^((?:rediss?|mqtts?|https?|wss?|opc\.tcp):\/)/i.exec(text) ?? [];
  const isAddress = scheme !== undefined || text.includes('://') || text.includes('@');
  const shown = isAddress && !isPlainAddress(text) ? `${scheme ?? ''}/***` : text;
  return shown.length > 80 ? `"${shown.slice(0, 77)}…"` : `"${shown}"`;
}

function wordsFor(issue: Issue, path: Path, context: IssueContext): string {
  // The sentence of a check may quote a part of the value, and this value came from the environment or a file.
  const hidden = context.hidden(path);
  if (hidden !== undefined && (issue.code === 'custom' || issue.message.includes(hidden))) return DOES_NOT_FIT;
  const node = context.yaml.scalar(path);
  const inQuotes = node?.type === 'QUOTE_DOUBLE' || node?.type === 'QUOTE_SINGLE';
  if (issue.code === 'invalid_type' && issue.expected === 'number' && inQuotes && Number.isFinite(Number(node.value))) {
    return `${issue.message}; take the quotes away`;
  }
  const digits = node && wholeNumberIn(textOf(node));
  if (issue.code === 'invalid_type' && issue.expected === 'number' && digits)
    return `${issue.message}; write ${digits}`;
  if (issue.code !== 'invalid_value') return issue.message;
  // The schema's own words already say what was meant.
  if (node && issue.message.includes(quoted(textOf(node)))) return issue.message;
  const near = node && nearest(textOf(node), issue.values.map(String));
  return near ? `did you mean ${near}? (${issue.message})` : issue.message;
}

/** A whole number without the signs between its thousands; undefined: the text is no such number. */
function wholeNumberIn(text: string): string | undefined {
  return /^[+-]?\d{1,3}(?:[_' ]\d{3})+$/.test(text) ? text.replace(/[_' ]/g, '') : undefined;
}

/** The problems of the branch of a union that the writer meant: the one that takes the type of the value. */
function union(issue: z.core.$ZodIssueInvalidUnion, path: Path, context: IssueContext): Problem[] {
  const { yaml } = context;
  if (issue.discriminator !== undefined) {
    const options = ('options' in issue ? (issue.options ?? []) : []).map(String);
    const node = yaml.scalar(path);
    const near = node && nearest(textOf(node), options);
    const words = near ? `did you mean ${near}? (${oneOf(options)})` : `expected ${oneOf(options)}`;
    return [problem(yaml.placeOf(path), path, words, context)];
  }
  const own = issue.message !== plainWords({ code: 'invalid_union' } as z.core.$ZodRawIssue);
  const meant = issue.errors.filter(
    errors => !errors.some(inner => inner.path.length === 0 && inner.code === 'invalid_type'),
  );
  const closest = meant.toSorted((a, b) => a.length - b.length)[0];
  if (closest?.some(inner => inner.path.length > 0 || inner.code === 'unrecognized_keys')) {
    return problemsOf(closest, { ...context, base: path });
  }
  if (own) return [problem(yaml.placeOf(path), path, issue.message, context)];
  const expected = [...new Set((closest ? [closest] : issue.errors).flat().map(inner => inner.message))];
  const words = expected.map((text, index) => (index === 0 ? text : text.replace(/^expected /, ''))).join(', or ');
  return [problem(yaml.placeOf(path), path, words, context)];
}

function oneOf(options: readonly string[]): string {
  if (options.length <= 1) return options[0] ?? 'nothing';
  return `one of ${options.join(', ')}`;
}
