import type { ActionKind } from '../../actions/action.ts';
import { kindOf } from '../../actions/registry.ts';
import type { AccountLine } from './account-line.ts';
import { answerWords, lookUpWords } from './answer-words.ts';
import { type LogEntry, parseLogLine } from './log-entry.ts';

/** Makes the account from the lines of the gateway's log, one by one. A change of the product of a line gets a line of its own. */
export function createAccount(): (logLine: string) => readonly AccountLine[] {
  const products = new Map<string, string>();

  /** The line about a new product; none when the product is the same as before, or the first. */
  function productChange(entry: LogEntry): readonly AccountLine[] {
    if (entry.msg !== 'action made') return [];
    const { line, product } = entry.action.params ?? {};
    if (line === undefined || !product) return [];
    const before = products.get(line);
    products.set(line, product);
    if (before === undefined || before === product) return [];
    const text = `product changed: ${before} → ${product}`;
    return [{ at: entry.time, stage: 'rule', subject: line, text, tone: 'loud' }];
  }

  return logLine => {
    const entry = parseLogLine(logLine);
    return entry === undefined ? [] : [...productChange(entry), lineOf(entry)];
  };
}

/** Dispatches are what people look for; counts and parts are many. */
const isDispatch = (kind: ActionKind | undefined) => kind !== undefined && kindOf(kind).decision.unit === 'episode';

/** What went otherwise than planned, of which a person has to know. */
const IMPORTANT_EVENTS = new Set(['product_uncertain', 'interval_parked', 'quarantined', 'removed']);

function lineOf(entry: LogEntry): AccountLine {
  const at = entry.time;
  switch (entry.msg) {
    case 'rule event': {
      const { rule, event: kind, detail } = entry;
      return {
        at,
        stage: 'rule',
        subject: rule,
        text: `${kind.replaceAll('_', ' ')}: ${detail}`,
        ...weight(IMPORTANT_EVENTS.has(kind)),
      };
    }
    case 'action made': {
      const { rule, cause, kind } = entry.action;
      const seen = cause.values.map(({ signal, value }) => `${signal} = ${String(value)}`).join(', ');
      return {
        at,
        stage: 'action',
        subject: rule,
        text: `${seen} → ${entry.does}`,
        tone: 'plain',
        detail: !isDispatch(kind),
      };
    }
    case 'call sent': {
      const again = entry.attempt > 1 ? `, attempt ${entry.attempt}` : '';
      const text = `${kindOf(entry.kind).words.name} (call ${entry.call}${again})`;
      return {
        at,
        stage: 'call',
        subject: targets(entry.lanes),
        text,
        tone: entry.attempt > 1 ? 'loud' : 'plain',
        detail: true,
      };
    }
    case 'call answered': {
      const { kind } = entry.outcome;
      const isGood = kind === 'delivered' || kind === 'accepted';
      const text = `${answerWords(entry.kind, entry.outcome)} (call ${entry.call})`;
      const detail = isGood && !isDispatch(entry.kind);
      return { at, stage: 'L2L', subject: targets(entry.lanes), text, tone: isGood ? 'good' : 'bad', detail };
    }
    case 'call looked up': {
      const text = `${lookUpWords(entry.look)} (call ${entry.call})`;
      return { at, stage: 'L2L', subject: targets(entry.lanes), text, tone: 'loud' };
    }
  }
}

function weight(isImportant: boolean): Pick<AccountLine, 'tone' | 'detail'> {
  return isImportant ? { tone: 'loud', detail: false } : { tone: 'plain', detail: true };
}

/** `dispatch:PRESS-01` is about PRESS-01. */
function targets(lanes: readonly string[]): string {
  return lanes.map(lane => lane.slice(lane.indexOf(':') + 1)).join(' ');
}
