import { z } from 'zod';
import type { ActionKind } from '../../actions/action.ts';
import { ACTION_KINDS } from '../../actions/registry.ts';

const Kind = z.enum(ACTION_KINDS as [ActionKind, ...ActionKind[]]);

/** A log that is written for a program has its times as ISO text. */
const Time = z.iso.datetime({ offset: true }).transform(text => Date.parse(text));

/**
 * The lines of the log that the account shows: an event of a rule, a call that was sent, an answer of L2L.
 * Most have the level debug, because a gateway logs little in normal operation.
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
export type LogEntry = z.output<typeof LogEntry>;

/** A line of the gateway's log; undefined: it does not belong to the account. */
export function parseLogLine(logLine: string): LogEntry | undefined {
  const parsed = LogEntry.safeParse(jsonOf(logLine));
  return parsed.success && !isRepeatedByAction(parsed.data) ? parsed.data : undefined;
}

/** The gateway logs these events beside an action that holds the same and more. */
function isRepeatedByAction(entry: LogEntry): boolean {
  return entry.msg === 'rule event' && (entry.event === 'counted' || entry.event === 'interval_closed');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not a log line: whatever a library printed.
    return undefined;
  }
}
