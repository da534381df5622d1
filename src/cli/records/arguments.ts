import { parseArgs } from 'node:util';
import type { ActionKind } from '../../actions/action.ts';
import { ACTION_KINDS } from '../../actions/registry.ts';
import type { NamedGateway } from '../../core/command-line.ts';
import type { HistoryQuery } from '../../core/history.ts';
import { didYouMean } from '../../core/nearest.ts';
import { UsageError } from '../command.ts';
import type { Times } from './times.ts';
import { wrap } from './wrap.ts';

/** Of a help text, in characters. */
const WIDTH = 80;

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;
/** Every option of the two commands; each subcommand names those it takes. */
const OPTIONS = {
  data: TEXT,
  state: TEXT,
  rule: TEXT,
  machine: TEXT,
  kind: TEXT,
  since: TEXT,
  until: TEXT,
  limit: TEXT,
  why: TEXT,
  product: TEXT,
  json: FLAG,
  all: FLAG,
  yes: FLAG,
  'as-rule': FLAG,
} as const;

type Option = keyof typeof OPTIONS;
type Values = { readonly [Name in Option]?: (typeof OPTIONS)[Name] extends typeof FLAG ? boolean : string };

export type Arguments = { readonly gateway: NamedGateway; readonly ids: readonly number[]; readonly values: Values };

/** Words of digits are ids, another word is the config. Throws a UsageError, or what parseArgs throws. */
export function readArguments(
  args: readonly string[],
  takes: readonly Option[],
  ids: 'none' | 'one' | 'many',
): Arguments {
  const options = Object.fromEntries((['data', ...takes] as const).map(name => [name, OPTIONS[name]]));
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const numbers = positionals.filter(word => /^\d+$/.test(word)).map(Number);
  const files = positionals.filter(word => !/^\d+$/.test(word));
  if (files.length > 1) throw new UsageError(`one config at a time, not ${files.length}: ${files.join(', ')}`);
  if (ids === 'none' && numbers.length > 0) throw new UsageError(`no number is expected here: ${numbers.join(', ')}`);
  if (ids === 'one' && numbers.length !== 1)
    throw new UsageError('write the number of one action, as the list shows it');
  const [file] = files;
  const { data } = values as Values;
  return {
    gateway: { ...(file !== undefined && { file }), ...(data !== undefined && { data }) },
    ids: numbers,
    values: values as Values,
  };
}

/** The part of a query that options say. Throws a UsageError for a time or kind that is none, and for an end before its beginning. */
export function queryOf(values: Values, times: Times): Omit<HistoryQuery, 'limit'> {
  const { rule, machine, kind } = values;
  const { since, until } = spanOf(values, times);
  return {
    ...(rule !== undefined && { rule }),
    ...(machine !== undefined && { machine }),
    ...(kind !== undefined && { kind: kindOf(kind) }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
}

function spanOf({ since, until }: Values, times: Times): Pick<HistoryQuery, 'since' | 'until'> {
  const from = since === undefined ? undefined : timeOf('--since', since, times, times.first(since));
  const to = until === undefined ? undefined : timeOf('--until', until, times, times.last(until, from));
  if (from !== undefined && to !== undefined && to < from) {
    throw new UsageError(
      `--until ${until} (${times.people(to)}) is before --since ${since} (${times.people(from)}): write the earlier time with --since`,
    );
  }
  return { ...(from !== undefined && { since: from }), ...(to !== undefined && { until: to }) };
}

/** How many rows a list shows. */
export function limitOf({ limit }: Values, otherwise: number): number {
  if (limit === undefined) return otherwise;
  if (!/^[1-9]\d{0,6}$/.test(limit)) throw new UsageError(`--limit ${limit}: write how many rows, such as 200`);
  return Number(limit);
}

/** The kinds as lines of a help text, for a column that begins at `indent`. */
export function kindList(indent: number): string {
  const lines = wrap(ACTION_KINDS.join(', '), WIDTH - indent, 0);
  return lines.join(`\n${' '.repeat(indent)}`);
}

function kindOf(text: string): ActionKind {
  if (ACTION_KINDS.includes(text as ActionKind)) return text as ActionKind;
  throw new UsageError(`--kind ${text}: the kinds are ${ACTION_KINDS.join(', ')}${didYouMean(text, ACTION_KINDS)}`);
}

function timeOf(option: string, text: string, times: Times, at: number | undefined): number {
  if (at !== undefined) return at;
  throw new UsageError(
    `${option} ${text}: write a time (of ${times.zone}) such as "2026-03-02 06:00:00", 2026-03-02 or 06:00, or a time as the lists and exports show it, or 2h for two hours ago`,
  );
}
