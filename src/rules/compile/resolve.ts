import type { Place, Problem } from '../../core/errors.ts';
import { formatDuration } from '../../core/fields.ts';
import { didYouMean } from '../../core/nearest.ts';
import type { SignalDefinition } from '../../core/sample.ts';
import { compileCondition } from '../expression/condition.ts';
import type { Names } from '../expression/names.ts';
import type { TextProblem } from '../expression/tokens.ts';
import type { CodeTemplate, Condition, Template } from '../program.ts';
import { compileCode, compileTemplate, meantAsPart, type TemplateNames } from './template.ts';

/** Keys from the top of the config down to one value. */
export type ConfigPath = readonly string[];

/** Where a value stands; `offset` counts characters inside a text. */
export type PlaceOf = (path: ConfigPath, offset?: number) => Place;

/**
 * Turns the texts of rules into what the engine uses. Each method notes what is wrong, with its place, and then returns undefined:
 * so `check` finds everything at once.
 */
export interface Resolver {
  readonly problems: readonly Problem[];
  placeOf: PlaceOf;
  refuse(path: ConfigPath, message: string, offset?: number): undefined;
  condition(path: ConfigPath, text: string): Condition | undefined;
  text(path: ConfigPath, text: string): Template | undefined;
  code(path: ConfigPath, text: string): CodeTemplate | undefined;
  /** A code in which nothing is filled in. */
  fixed(path: ConfigPath, text: string): void;
  counter(path: ConfigPath, name: string): SignalDefinition | undefined;
  number(path: ConfigPath, name: string): SignalDefinition | undefined;
  /** An interval on the clock. */
  interval(path: ConfigPath, every: number): void;
}

const DAY = 86_400_000;
const SHORTEST_INTERVAL = 1000;

/** `names`: what the rules may name. */
export function createResolver(names: Names & TemplateNames, placeOf: PlaceOf): Resolver {
  const { signals } = names;
  const problems: Problem[] = [];

  function refuse(path: ConfigPath, message: string, offset?: number): undefined {
    problems.push({ place: placeOf(path, offset), message: `${path.slice(1).join('.')}: ${message}` });
  }

  function refuseAll(path: ConfigPath, found: readonly TextProblem[]): undefined {
    for (const { message, offset } of found) refuse(path, message, offset);
  }

  function number(path: ConfigPath, name: string): SignalDefinition | undefined {
    const signal = signals.get(name);
    if (!signal) return refuse(path, `unknown signal \`${name}\`${didYouMean(name, signals.keys())}`);
    if (signal.type === 'number') return signal;
    return refuse(path, `\`${name}\` is ${signal.type === 'bool' ? 'yes/no' : 'a text'}; a number is needed here`);
  }

  return {
    problems,
    placeOf,
    refuse,
    number,
    condition(path, text) {
      const compiled = compileCondition(text, names, placeOf(path));
      return 'condition' in compiled ? compiled.condition : refuseAll(path, compiled.problems);
    },
    text(path, text) {
      const compiled = compileTemplate(text, names);
      return 'template' in compiled ? compiled.template : refuseAll(path, compiled.problems);
    },
    code(path, text) {
      const meant = text.includes('{{') ? undefined : meantAsPart(text, names);
      if (meant !== undefined) {
        const key = path.at(-1) ?? 'code';
        const what = `"${text}" is plain text and would become a ${key} of this name in L2L`;
        return refuse(path, `${what}; write "${meant}"`);
      }
      const compiled = compileCode(text, names);
      return 'code' in compiled ? compiled.code : refuseAll(path, compiled.problems);
    },
    fixed(path, text) {
      if (!/\{\{|\$\(/.test(text)) return;
      refuse(path, 'nothing is filled in here; `{{ }}` works in reason, description and product');
    },
    counter(path, name) {
      const signal = number(path, name);
      if (signal === undefined || signal.counter) return signal;
      const advice = 'add counter: { wraps: full, max_rate: 60/min } to the signal';
      return refuse(path, `\`${name}\` is not declared as a counter; ${advice}`);
    },
    interval(path, every) {
      if (every < SHORTEST_INTERVAL) {
        refuse(path, `the shortest interval is ${formatDuration(SHORTEST_INTERVAL)}, not ${formatDuration(every)}`);
        return;
      }
      if (DAY % every === 0) return;
      refuse(path, `${formatDuration(every)} does not divide a day into equal parts; write such as 5m, 15m or 1h`);
    },
  };
}
