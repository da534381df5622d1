import { z } from 'zod';
import type { ActionKind } from '../../actions/action.ts';
import { ACTION_KINDS, kindOf } from '../../actions/registry.ts';
import { createTimeNotation, type TimeNotation } from '../../core/time-notation.ts';

const Kind = z.enum(ACTION_KINDS as [ActionKind, ...ActionKind[]]);

/** The log of a gateway that is read by a program has ISO text. */
const Time = z.iso.datetime({ offset: true }).transform(text => Date.parse(text));

/**
 * The lines of the log that make up the live account: the event of a rule, the call that was sent, the answer of L2L.
 * Most are written at level debug, because a gateway is quiet in normal operation.
 */
const Told = z.union([
  // Each kind of event has a message of its own.
  z
    .object({ time: Time, event: z.string(), rule: z.string(), detail: z.string() })
    .transform(event => ({ ...event, msg: 'rule event' as const })),
  z.object({
    msg: z.literal('action made'),
    time: Time,
    /** The action in words. */
    does: z.string(),
    action: z.object({
      rule: z.string(),
      kind: Kind.optional(),
      /** Of production. */
      params: z.object({ line: z.string().optional(), product: z.string().nullish() }).optional(),
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
  /** Shown only to who asks for every line. */
  readonly detail?: boolean;
};

/** Follows the log of the gateway. Before the first parts of another product on a line it says so. */
export function createAccount(): (logLine: string) => readonly AccountLine[] {
  const products = new Map<string, string>();

  /** The line of the account that says which product runs now; none when it is the one before. */
  function changeOf(told: Told): readonly AccountLine[] {
    if (told.msg !== 'action made') return [];
    const { line, product } = told.action.params ?? {};
    if (line === undefined || !product) return [];
    const before = products.get(line);
    products.set(line, product);
    if (before === undefined || before === product) return [];
    const text = `product changed: ${before} → ${product}`;
    return [{ at: told.time, stage: 'rule', subject: line, text, tone: 'loud' }];
  }

  return logLine => {
    const told = toldIn(logLine);
    return told === undefined ? [] : [...changeOf(told), lineOf(told)];
  };
}

/** What a line of the gateway's log says; undefined for what does not belong to the account. */
function toldIn(logLine: string): Told | undefined {
  const parsed = Told.safeParse(jsonOf(logLine));
  return parsed.success && !isSaidByAction(parsed.data) ? parsed.data : undefined;
}

/** Dispatches are what people look for; counts and parts are many. */
const isDispatch = (kind: ActionKind | undefined) => kind !== undefined && kindOf(kind).decision.unit === 'episode';

/** What went otherwise than planned, of which a person has to know. */
const IMPORTANT_EVENTS = new Set(['product_uncertain', 'interval_parked', 'quarantined', 'removed']);

/** These come with an action that says the same and more. */
function isSaidByAction(told: Told): boolean {
  return told.msg === 'rule event' && (told.event === 'counted' || told.event === 'interval_closed');
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
      const { rule, event: kind, detail } = told;
      return {
        at,
        stage: 'rule',
        subject: rule,
        text: `${kind.replaceAll('_', ' ')}: ${detail}`,
        ...weight(IMPORTANT_EVENTS.has(kind)),
      };
    }
    case 'action made': {
      const { rule, cause, kind } = told.action;
      const seen = cause.values.map(({ signal, value }) => `${signal} = ${String(value)}`).join(', ');
      return {
        at,
        stage: 'action',
        subject: rule,
        text: `${seen} → ${told.does}`,
        tone: 'plain',
        detail: !isDispatch(kind),
      };
    }
    case 'call sent': {
      const again = told.attempt > 1 ? `, attempt ${told.attempt}` : '';
      const text = `${kindOf(told.kind).words.name} (call ${told.call}${again})`;
      return {
        at,
        stage: 'call',
        subject: targets(told.lanes),
        text,
        tone: told.attempt > 1 ? 'loud' : 'plain',
        detail: true,
      };
    }
    case 'call answered': {
      const { kind } = told.outcome;
      const isGood = kind === 'delivered' || kind === 'accepted';
      const text = `${sayAnswer(told.kind, told.outcome)} (call ${told.call})`;
      const detail = isGood && !isDispatch(told.kind);
      return { at, stage: 'L2L', subject: targets(told.lanes), text, tone: isGood ? 'good' : 'bad', detail };
    }
    case 'call looked up': {
      const text = `${sayLook(told.look)} (call ${told.call})`;
      return { at, stage: 'L2L', subject: targets(told.lanes), text, tone: 'loud' };
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
    return `${kindOf(kind).chain.role === 'ends' ? 'closed' : 'opened'} dispatch ${String(result.dispatchNumber)}`;
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
      return `looked up: nobody can say${why}; a person decides`;
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
const SHORTEST_TEXT = 60;
const ANY_WIDTH = 145;

/** What the columns of a line are, for the head of the account. */
export function legend(zone: string, verbose: boolean): string {
  const stages = [
    ['rule', 'what a rule saw in the signals', true],
    ['action', 'what follows from it and is in the journal', true],
    ['call', 'what the gateway sends to L2L', verbose],
    ['L2L', 'what L2L answers', true],
    ['demo', 'what this demo does to the plant, to L2L and to the gateway', true],
  ] as const;
  return [
    `Columns: time of the site (${zone}), stage, machine, line or rule, what happened. Stages:`,
    ...stages.flatMap(([stage, words, isShown]) => (isShown ? `  ${stage.padEnd(6)}  ${words}` : [])),
  ].join('\n');
}

/** Aligned columns: time of day with its zone, stage, subject, what. Colours only where there is a terminal. `width`: of the terminal. */
export function shownLine(
  { at, stage, subject, text, tone }: AccountLine,
  zone: string,
  isTerminal: boolean,
  width = ANY_WIDTH,
): string {
  const time = timeOfDay(at, zone);
  const head = `${time}  ${stage.padEnd(6)}  ${subject.padEnd(17)}`;
  const room = Math.max(SHORTEST_TEXT, width - head.length - 2);
  const cut = text.length > room ? `${text.slice(0, room - 1)}…` : text;
  return isTerminal ? `${DIM}${head}${RESET}  ${COLOURS[tone]}${cut}${RESET}` : `${head}  ${cut}`;
}

/** `06:01:03 MST`. */
function timeOfDay(at: number, zone: string): string {
  const notation = notations.get(zone) ?? createTimeNotation(zone);
  notations.set(zone, notation);
  return notation.people(at).split(' ').slice(1).join(' ');
}

const notations = new Map<string, TimeNotation>();
