import type { ActionKind } from '../../actions/action.ts';
import { kindOf } from '../../actions/registry.ts';
import type { LogEntry } from './log-entry.ts';

type Answer = Extract<LogEntry, { msg: 'call answered' }>['outcome'];

/** What L2L's answer to a call of this kind means. */
export function answerWords(kind: ActionKind, { kind: what, detail = '', result = {} }: Answer): string {
  switch (what) {
    case 'delivered':
      return resultWords(kind, result);
    case 'accepted':
      return `taken, L2L works on it${result.batchId === undefined ? '' : `: batch ${String(result.batchId)}`}`;
    case 'unknown':
      return `no answer (${/^HTTP \d+/.exec(detail)?.[0] ?? detail}): asked later`;
    case 'retry':
      return `not taken (${detail}): again later`;
    case 'rejected':
      return `refused: ${detail}`;
    case 'halt':
      return `all calls wait: ${detail}`;
  }
}

function resultWords(kind: ActionKind, result: Readonly<Record<string, unknown>>): string {
  if (result.foundOpen !== undefined) return `left dispatch ${String(result.foundOpen)}, which a person opened`;
  if (result.nothing !== undefined) return `nothing to do: ${String(result.nothing)}`;
  if (result.dispatchNumber !== undefined) {
    return `${kindOf(kind).chain.role === 'ends' ? 'closed' : 'opened'} dispatch ${String(result.dispatchNumber)}`;
  }
  if (result.cycleCount !== undefined) return `count is ${String(result.cycleCount)}`;
  return 'done';
}

type LookUp = Extract<LogEntry, { msg: 'call looked up' }>['look'];

export function lookUpWords({ kind, detail, outcome }: LookUp): string {
  const why = detail ? ` (${detail})` : '';
  switch (kind) {
    case 'applied':
      return `looked up: it was applied${why}`;
    case 'absent':
      return `looked up: it was not applied${why}`;
    case 'undecided':
      return `looked up: not clear whether it was applied${why}; a person decides`;
    case 'failed':
      return `could not be looked up (${outcome?.detail ?? 'no answer'}): asked later`;
  }
}
