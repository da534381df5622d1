import { z } from 'zod';
import type { ActionKind } from '../../actions/action.ts';
import { ACTION_KINDS } from '../../actions/registry.ts';

const Kind = z.enum(ACTION_KINDS as [ActionKind, ...ActionKind[]]);

/** A log for a program has its times as ISO text. */
const Time = z.iso.datetime({ offset: true }).transform(text => Date.parse(text));

/**
 * The log lines that the account shows: an event of a rule, a call that was sent, an answer of L2L. Most of them have the level debug,
 * because a gateway logs little in normal operation.
 */
const LogEntry = z.union([
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
      /** A field of production. */
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
export type LogEntry = z.output<typeof LogEntry>;

/** A log line of the gateway; undefined: it does not belong to the account. */
export function parseLogLine(logLine: string): LogEntry | undefined {
  const parsed = LogEntry.safeParse(jsonOf(logLine));
  return parsed.success && !isRepeatedByAction(parsed.data) ? parsed.data : undefined;
}

/** For these events the gateway logs an action too, with the same content and more. */
function isRepeatedByAction(entry: LogEntry): boolean {
  return entry.msg === 'rule event' && (entry.event === 'counted' || entry.event === 'interval_closed');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not a log line: a library printed it.
    return undefined;
  }
}
