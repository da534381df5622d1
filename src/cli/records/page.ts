import { actionWords } from '../../actions/words.ts';
import { trueTime, writtenParams, writtenResult } from '../../actions/written-times.ts';
import type { HistoryCall, HistoryDetail, HistoryEntry, Prospect } from '../../core/history.ts';
import type { Source } from './source.ts';
import { oneLine } from './table.ts';
import type { Times } from './times.ts';
import { callWord, stateWord, stateWords } from './words.ts';
import { wrap } from './wrap.ts';

const LABEL = 11;

/** Everything about one action, for a person. A line longer than `columns` continues on the next one; left out: it stays whole. Pure. */
export function page(
  action: HistoryDetail,
  { times, commandLine }: Pick<Source, 'times' | 'commandLine'>,
  columns?: number,
): readonly string[] {
  return [
    ...lines(action, times).flatMap(line => wrapped(line, columns)),
    ...prospects(action).flatMap(({ words, of }) => [
      '',
      // A command stays whole: it is copied.
      commandLine(words),
      ...prospectLines(of).flatMap(line => wrapped(line, columns)),
    ]),
  ];
}

/** The text continues beyond its label, or two characters in. */
function wrapped(line: string, columns: number | undefined): readonly string[] {
  const first = line.search(/\S/);
  return wrap(line, columns, first === 2 ? LABEL + 3 : Math.max(first, 0) + 2);
}

/** A source without a clock of its own: the gateway's time when the value came. */
const RECEIVED = ', by the clock of the gateway when the value came';

function lines(action: HistoryDetail, times: Times): readonly string[] {
  const { cause } = action;
  return [
    `${action.id}  ${oneLine(actionWords(action))}`,
    '',
    ...field('state', stateWords(action)),
    ...field('why', action.detail),
    ...field('since', action.settledAt === null ? null : times.people(action.settledAt)),
    ...(action.state === 'waiting' ? waits(action, times) : []),
    ...field('true time', `${times.people(trueTime(action))}${action.time === 'received' ? RECEIVED : ''}`),
    ...field('made', times.people(action.at)),
    ...field('recorded', times.people(action.createdAt)),
    ...field('rule', `${cause.rule}  ${cause.where}`),
    ...field('cause', cause.text),
    ...cause.values.flatMap(({ signal, value, quality, at }) =>
      field('', `${signal} = ${value ?? 'unknown'} (${quality}${at === null ? '' : `, ${times.people(at)}`})`),
    ),
    ...params(action, times),
    ...field('lane', action.lane),
    ...field('episode', action.chain),
    ...field('meant for', `${action.destination}${action.mode === 'shadow' ? ', in shadow mode: not sent' : ''}`),
    ...result(action, times),
    ...(action.calls.length === 0
      ? ['', 'calls: none yet']
      : action.calls.flatMap(call => ['', ...callLines(call, times)])),
    ...others(action),
    ...action.decisions.flatMap(({ at, kind, who, why, was }) => [
      '',
      `${kind === 'retry' ? 'retried' : 'dropped'} by ${oneLine(who)}, ${times.people(at)}`,
      ...field('why', why),
      ...field('it was', was),
    ]),
  ];
}

function waits({ notBefore, expiresAt }: HistoryEntry, times: Times): readonly string[] {
  return [
    ...field('not before', notBefore === null ? null : times.people(notBefore)),
    ...field('too old', expiresAt === null ? null : `after ${times.people(expiresAt)}`),
  ];
}

function field(label: string, text: string | null): readonly string[] {
  return text === null || text === '' ? [] : [`  ${label.padEnd(LABEL)} ${oneLine(text)}`];
}

function params(action: HistoryEntry, times: Times): readonly string[] {
  return Object.entries(writtenParams(action, times.people)).flatMap(([name, value], index) => {
    // The line "why" of the action has it.
    if (name === 'unknownProduct') return [];
    const text = String(value ?? productWords(action.params));
    return field(index === 0 ? 'sends' : '', `${asInConfig(name)}: ${text}`);
  });
}

/** A set without a product code. */
function productWords(params: HistoryEntry['params']): string {
  return 'unknownProduct' in params ? 'not known' : 'the one L2L finds';
}

/** `ifFoundOpen` as people wrote it: `if_found_open`. */
function asInConfig(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}

function result({ result }: HistoryEntry, times: Times): readonly string[] {
  if (!result) return [];
  const parts = Object.entries(writtenResult(result, times.people)).map(
    ([name, value]) => `${asInConfig(name)} ${value}`,
  );
  return field('L2L gave', parts.join(', '));
}

function callLines(call: HistoryCall, times: Times): readonly string[] {
  const { request, base } = call;
  const after = call.predecessor === null ? '' : `, after call ${call.predecessor}`;
  return [
    `call ${call.id}  ${callWord(call.state)}${after}`,
    ...field('built', `${times.people(call.createdAt)}, in start ${call.epoch} of the gateway`),
    ...field('last sent', call.sentAt === null ? 'never' : times.people(call.sentAt)),
    ...field(
      'before it',
      base?.cycleCount === undefined ? null : `count ${base.cycleCount}, read ${times.people(base.at)}`,
    ),
    ...field('request', `${request.method} ${request.path}`),
    ...bodyLines(request.body).flatMap(line => field('', line)),
    ...(call.attemptsLeftOut > 0 ? field('attempts', `${call.attemptsLeftOut} older ones are left out`) : []),
    ...attempts(call, times),
  ];
}

/** A form body by its fields; a body that is none as it stands. */
function bodyLines(body: string): readonly string[] {
  if (body === '') return ['(no body)'];
  const fields = [...new URLSearchParams(body)];
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields.flatMap(([name, value]) => {
    const sets = recordSets(value);
    return sets ? [`${name.padEnd(width)} =`, ...sets.map(set => `  ${set}`)] : [`${name.padEnd(width)} = ${value}`];
  });
}

/** A batch of record sets is a JSON list in one field: a line a set. */
function recordSets(value: string): readonly string[] | null {
  if (!value.startsWith('[')) return null;
  try {
    const list: unknown = JSON.parse(value);
    return Array.isArray(list) ? list.map(set => JSON.stringify(set)) : null;
  } catch {
    return null; // A text that begins with a bracket is shown as it stands.
  }
}

function attempts({ attempts }: HistoryCall, times: Times): readonly string[] {
  const begun = new Set<number>([0]);
  return attempts.flatMap(({ attempt, at, state, reason, detail, answer }) => {
    // The first word on an attempt is its outcome. What comes after it, or before the first one, was read in L2L, but for a refusal
    // that is final only when L2L takes other calls meanwhile.
    const later = state === 'rejected' ? 'then' : 'look';
    const what = begun.has(attempt) ? later : `attempt ${attempt}`;
    begun.add(attempt);
    // A refusal is final only when L2L takes other calls meanwhile.
    const word = state === 'retry' && reason === 'refused' ? 'refused for now' : callWord(state);
    const words = [word, reason && !word.startsWith(reason) && `(${reason})`, detail].filter(part => part).join(' ');
    return [...field(what, `${times.people(at)}  ${words}`), ...(answer ? field('', `answer ${answer}`) : [])];
  });
}

function others({ others, othersLeftOut, chain }: HistoryDetail): readonly string[] {
  if (others.length === 0) return [];
  return [
    '',
    chain === null || others.some(other => other.chain !== chain) ? 'in the same call' : 'of the same episode',
    ...others.map(other => `  ${other.id}  ${stateWord(other)}  ${oneLine(actionWords(other))}`),
    ...(othersLeftOut ? ['  and more'] : []),
  ];
}

/** What a person may decide now: the words of each command, and what it would do. Empty: nothing is to be decided. */
function prospects(detail: HistoryDetail): readonly { words: string; of: Prospect }[] {
  const { id, retry, asRule, drop } = detail;
  if (isRepeated(detail)) {
    return [
      { words: `queue retry ${id}`, of: effect('it is sent now') },
      { words: `queue retry ${id} --as-rule`, of: effect('it is sent now, with the codes that its rule has now') },
      { words: `queue drop ${id}`, of: effect('it is dropped, nothing is sent to L2L') },
    ];
  }
  if (retry.kind !== 'done' && drop.kind !== 'done') return [];
  return [
    { words: `queue retry ${id}`, of: retry },
    ...(asRule === null ? [] : [{ words: `queue retry ${id} --as-rule`, of: asRule }]),
    { words: `queue drop ${id}`, of: drop },
  ];
}

/** L2L refused it, and the gateway sends it again. A person may decide before the gateway gives up. */
function isRepeated({ state, calls: [call] }: HistoryDetail): boolean {
  return state === 'in_call' && call?.state === 'retry' && (call.reason === 'refused' || call.reason === 'code');
}

function effect(words: string): Prospect {
  return { kind: 'done', words, ask: null };
}

function prospectLines({ kind, words, ask }: Prospect): readonly string[] {
  if (kind !== 'done') return field('refused', words);
  return [...field('effect', words), ...field('asks first', ask)];
}
