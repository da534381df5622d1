import { isAbsolute } from 'node:path';
import { adapterDefinition } from '../adapters/registry.ts';
import { formatProblem, type Problem } from '../core/errors.ts';
import type { SignalDefinition } from '../core/sample.ts';
import { defaultNotes, describeRule, ruleNotes } from '../rules/about-rules.ts';
import type { CompiledRule } from '../rules/program.ts';
import { referencesOf } from '../rules/references.ts';
import { type CallEstimate, estimateCalls } from './call-estimate.ts';
import type { LoadedConfig } from './load.ts';

/** What a valid config means, for a person who compares it with what he meant. It holds no secret. */
export function summary(loaded: LoadedConfig): string {
  const { gateway, l2l, sources } = loaded.config;
  const unused = unusedSignals(loaded);
  return [
    `${loaded.file} is valid`,
    ...warningLines(loaded),
    '',
    ...columns([
      [
        'gateway',
        `${gateway.name}, ${gateway.mode === 'live' ? 'mode live: calls are sent to L2L' : 'mode shadow: nothing is sent to L2L'}`,
      ],
      ['l2l', `${l2l.url}, site ${l2l.site}, ${l2l.timezone}, as user ${l2l.user}`],
      ['data', dataWords(gateway.data, loaded.dataFolder)],
      ...(gateway.clock === 'trust' ? [['clock', 'trusted whatever it says']] : []),
    ]),
    '',
    `sources: ${Object.keys(sources).length}, signals: ${loaded.signals.size}`,
    ...Object.entries(sources).flatMap(([name, source]) => sourceLines(name, source, loaded)),
    ...lookupLines(loaded),
    '',
    `rules: ${loaded.program.rules.length}`,
    ...ruleLines(loaded),
    '',
    ...budgetLines(estimateCalls(loaded.program, l2l.rate)),
    ...(unused.length > 0 ? ['', `read by no rule: ${unused.join(', ')}`] : []),
  ].join('\n');
}

function warningLines({ warnings }: LoadedConfig): string[] {
  return warnings.length === 0 ? [] : ['', ...warnings.map(warning => formatWarning(warning))];
}

function formatWarning({ place, message }: Problem): string {
  return formatProblem({ ...(place && { place }), message: `WARNING: ${message}` });
}

function dataWords(written: string, folder: string): string {
  return isAbsolute(written) ? folder : `${folder} (${written} counts from the folder the command is started in)`;
}

function sourceLines(name: string, source: LoadedConfig['config']['sources'][string], loaded: LoadedConfig): string[] {
  const words = adapterDefinition(source.protocol).describe?.(source);
  const signals = [...loaded.signals.values()].filter(signal => signal.source === name);
  const head = [name, source.protocol, words?.source ?? ''].filter(part => part !== '').join('  ');
  return [
    `  ${head}`,
    ...columns(
      signals.map(signal => signalCells(signal, words?.signals.get(signal.name))),
      4,
    ),
    ...(words?.notes ?? []).map(note => `    NOTE: ${note}`),
  ];
}

function signalCells(signal: SignalDefinition, where = ''): string[] {
  const type = { bool: 'yes/no', number: 'number', string: 'text' }[signal.type];
  return [signal.name, signal.counter ? 'counter' : signal.unit ? `${type} ${signal.unit}` : type, where];
}

function lookupLines({ lookups }: LoadedConfig): string[] {
  if (lookups.length === 0) return [];
  const cells = lookups.map(({ name, file, rows, key, hasDefault, fields, encoding }) => [
    name,
    file,
    `${rows} ${rows === 1 ? 'row' : 'rows'} by ${key}${hasDefault ? ', and a default row' : ''}: ${fields.join(', ')}`,
    encoding ?? '',
  ]);
  return ['', `lookups: ${lookups.length}`, ...columns(cells)];
}

/** One line for each rule, so that rules can be compared. Below it, what the rule does otherwise than the others. */
function ruleLines(loaded: LoadedConfig): string[] {
  const { defaults } = loaded.config;
  const rules = rulesAsWritten(loaded);
  const lines = columns(rules.map(rule => ruleCells(rule)));
  return [
    ...defaultNotes(rules, defaults).flatMap(({ kind, notes }) => [
      `  every ${kind}, if nothing else is said below:`,
      ...noteLines(notes),
    ]),
    ...rules.flatMap((rule, index) => [lines[index] ?? '', ...noteLines(ruleNotes(rule, defaults))]),
  ];
}

function noteLines(notes: readonly string[]): string[] {
  return notes.map(note => `    - ${note}`);
}

/** People look for rules in the order of the file; the program has them in the order of dependence. */
function rulesAsWritten({ program }: LoadedConfig): readonly CompiledRule[] {
  return program.rules.toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}

function ruleCells(rule: CompiledRule): string[] {
  const { what, when } = describeRule(rule);
  return [rule.name, `line ${rule.place.line}`, what, when];
}

function budgetLines({ regular, occasional, total, allowed, busiest }: CallEstimate): string[] {
  const lines = [
    `calls per hour: ${total === 0 ? noneWords(occasional, allowed) : `${round(total)}, ${shareWords(total, allowed)}`}`,
    ...columns([
      ...regular.map(({ kind, calls }) => [kind, round(calls)]),
      ...occasional.map(({ plural, most, each }) => [
        plural,
        `up to ${most} ${total === 0 ? '' : 'more '}for each ${each}`,
      ]),
    ]),
  ];
  if (allowed !== null && total > allowed) {
    lines.push(
      `WARNING: more calls than allowed, so the gateway would fall further and further behind; raise \`every:\` of ${busiest.join(', ')}, or have a higher \`rate:\` allowed`,
    );
  } else if (allowed !== null && total > allowed / 2) {
    lines.push('  little is left for dispatches and for catching up after an outage; write longer `every:` times');
  }
  return lines;
}

function noneWords(occasional: CallEstimate['occasional'], allowed: number | null): string {
  const limit = allowed === null ? 'no limit is set' : `${round(allowed)} are allowed`;
  const but = occasional.length === 0 ? '' : ` but those for ${occasional.map(({ plural }) => plural).join(' and ')}`;
  return `none${but}; ${limit}`;
}

function shareWords(total: number, allowed: number | null): string {
  if (allowed === null) return 'no limit is set';
  const share = Math.round((total / allowed) * 100);
  return `${share === 0 ? 'less than 1' : share} % of the ${round(allowed)} allowed`;
}

function unusedSignals({ program, signals }: LoadedConfig): readonly string[] {
  const used = new Set(program.rules.flatMap(rule => referencesOf(rule).signals));
  return [...signals.keys()].filter(name => !used.has(name));
}

/** Cells in columns as wide as they need to be. */
function columns(rows: readonly (readonly string[])[], indent = 2): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return rows.map(row => {
    const cells = row.map((cell, index) => cell.padEnd(widths[index] ?? 0));
    return `${' '.repeat(indent)}${cells.join('  ')}`.trimEnd();
  });
}

function round(calls: number): string {
  return String(Number(calls.toFixed(1)));
}
