import { z } from 'zod';
import type { ActionKind } from '../../core/action.ts';
import { KIND_WORDS } from '../../core/action-words.ts';

const Kind = z.custom<ActionKind>(kind => typeof kind === 'string' && Object.hasOwn(KIND_WORDS, kind));

/** The log of a gateway that is read by a program has ISO text. */
const Time = z.iso.datetime({ offset: true }).transform(text => Date.parse(text));

/**
 * The lines of the gateway's log that make up the live account: what a rule saw and did, what L2L was told, what L2L answered.
 * Most are written at level debug, because a gateway is quiet in normal operation.
 */
const Told = z.discriminatedUnion('msg', [
  z.object({
    msg: z.literal('rule event'),
    time: Time,
    event: z.object({ rule: z.string(), kind: z.string(), detail: z.string() }),
  }),
  z.object({
    msg: z.literal('action made'),
    time: Time,
    /** The action in words. */
    does: z.string(),
    action: z.object({
      rule: z.string(),
      cause: z.object({ values: z.array(z.object({ signal: z.string(), value: z.unknown() })) }),
    }),
  }),
  z.object({
    msg: z.literal('call sent'),
    time: Time,
    call: z.number(),
    kind: Kind,
    lanes: z.array(z.string()),
    attempt: z.number(),
  }),
  z.object({
    msg: z.literal('call answered'),
    time: Time,
    call: z.number(),
    kind: Kind,
    lanes: z.array(z.string()),
    outcome: z.object({
      kind: z.enum(['delivered', 'accepted', 'unknown', 'retry', 'rejected', 'halt']),
      detail: z.string().optional(),
      result: z.record(z.string(), z.unknown()).optional(),
    }),
  }),
  z.object({
    msg: z.literal('call looked up'),
    time: Time,
    call: z.number(),
    lanes: z.array(z.string()),
    look: z.object({
      kind: z.enum(['applied', 'absent', 'undecided', 'failed']),
      detail: z.string().optional(),
      outcome: z.object({ detail: z.string() }).optional(),
    }),
  }),
]);
type Told = z.output<typeof Told>;

export type Tone = 'plain' | 'good' | 'bad' | 'loud';

/** One line of the account. `stage` is where on the road from the signal to L2L's answer it happened. */
export type AccountLine = {
  /** ms since 1970. */
  readonly at: number;
  readonly stage: 'rule' | 'action' | 'call' | 'L2L' | 'demo';
  readonly subject: string;
  readonly text: string;
  readonly tone: Tone;
};

/** A line of the gateway's log as a line of the account; undefined for what does not belong to it. */
export function accountLine(logLine: string): AccountLine | undefined {
  const parsed = Told.safeParse(jsonOf(logLine));
  return parsed.success && !isSaidByAction(parsed.data) ? lineOf(parsed.data) : undefined;
}

/** These come with an action that says the same and more. */
function isSaidByAction(told: Told): boolean {
  return told.msg === 'rule event' && (told.event.kind === 'counted' || told.event.kind === 'interval_closed');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not a log line: whatever a library printed.
    return undefined;
  }
}

function lineOf(told: Told): AccountLine {
  const at = told.time;
  switch (told.msg) {
    case 'rule event': {
      const { rule, kind, detail } = told.event;
      return { at, stage: 'rule', subject: rule, text: `${kind.replaceAll('_', ' ')}: ${detail}`, tone: 'plain' };
    }
    case 'action made': {
      const { rule, cause } = told.action;
      const seen = cause.values.map(({ signal, value }) => `${signal} = ${String(value)}`).join(', ');
      return { at, stage: 'action', subject: rule, text: `${seen} → ${told.does}`, tone: 'plain' };
    }
    case 'call sent': {
      const again = told.attempt > 1 ? `, attempt ${told.attempt}` : '';
      const text = `${KIND_WORDS[told.kind]} (call ${told.call}${again})`;
      return { at, stage: 'call', subject: targets(told.lanes), text, tone: told.attempt > 1 ? 'loud' : 'plain' };
    }
    case 'call answered': {
      const { kind } = told.outcome;
      const isGood = kind === 'delivered' || kind === 'accepted';
      const text = `${sayAnswer(told.kind, told.outcome)} (call ${told.call})`;
      return { at, stage: 'L2L', subject: targets(told.lanes), text, tone: isGood ? 'good' : 'bad' };
    }
    case 'call looked up': {
      const text = `${sayLook(told.look)} (call ${told.call})`;
      return { at, stage: 'L2L', subject: targets(told.lanes), text, tone: 'loud' };
    }
  }
}

/** `dispatch:PRESS-01` is about PRESS-01. */
function targets(lanes: readonly string[]): string {
  return lanes.map(lane => lane.slice(lane.indexOf(':') + 1)).join(' ');
}

type Answer = Extract<Told, { msg: 'call answered' }>['outcome'];

/** What L2L's answer to a call of this kind means. */
function sayAnswer(kind: ActionKind, { kind: what, detail = '', result = {} }: Answer): string {
  switch (what) {
    case 'delivered':
      return sayResult(kind, result);
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

function sayResult(kind: ActionKind, result: Readonly<Record<string, unknown>>): string {
  if (result.foundOpen !== undefined) return `left dispatch ${String(result.foundOpen)}, which a person opened`;
  if (result.nothing !== undefined) return `nothing to do: ${String(result.nothing)}`;
  if (result.dispatchNumber !== undefined) {
    return `${kind === 'close_dispatch' ? 'closed' : 'opened'} dispatch ${String(result.dispatchNumber)}`;
  }
  if (result.cycleCount !== undefined) return `count is ${String(result.cycleCount)}`;
  return 'done';
}

type Look = Extract<Told, { msg: 'call looked up' }>['look'];

function sayLook({ kind, detail, outcome }: Look): string {
  const why = detail ? ` (${detail})` : '';
  switch (kind) {
    case 'applied':
      return `looked up: it was applied${why}`;
    case 'absent':
      return `looked up: it was not applied${why}`;
    case 'undecided':
      return `looked up: it can't be told${why}; a person decides`;
    case 'failed':
      return `could not be looked up (${outcome?.detail ?? 'no answer'}): asked later`;
  }
}

const COLOURS: Readonly<Record<Tone, string>> = {
  plain: '',
  good: '\u001b[32m',
  bad: '\u001b[31m',
  loud: '\u001b[33m',
};
const DIM = '\u001b[2m';
const RESET = '\u001b[0m';
const TEXT_SHOWN = 110;

/** Aligned columns: time of day, stage, subject, what. Colours only where there is a terminal. */
export function shownLine({ at, stage, subject, text, tone }: AccountLine, zone: string, isTerminal: boolean): string {
  const time = new Date(at).toLocaleTimeString('en-GB', { timeZone: zone, hourCycle: 'h23' });
  const cut = text.length > TEXT_SHOWN ? `${text.slice(0, TEXT_SHOWN - 1)}…` : text;
  const head = `${time}  ${stage.padEnd(6)}  ${subject.padEnd(17)}`;
  return isTerminal ? `${DIM}${head}${RESET}  ${COLOURS[tone]}${cut}${RESET}` : `${head}  ${cut}`;
}
