import type { HistoryEntry, HistoryQuery, HistoryReader } from '../../core/history.ts';
import type { GatewayRuns, GatewayStart, RuleDecision } from '../../core/rule-decision.ts';
import { collect } from './list.ts';

/** What became of one rule in a time, oldest first. */
export type RuleStory = {
  readonly rule: string;
  readonly since: number | null;
  readonly until: number | null;
  readonly entries: readonly StoryEntry[];
  /** What stood when that time began; null: it was not asked for, or nothing is recorded. */
  readonly before: Standing | null;
  /** When the gateway did not run, as far as that touches the time. */
  readonly off: readonly GatewayStart[];
  /** The gateway does not run now and was last alive then. */
  readonly stoppedAt: number | null;
  /** When the journal was read: nothing later is known. */
  readonly now: number;
  /** There is older than what is shown. */
  readonly more: boolean;
};

export type StoryEntry =
  | { readonly kind: 'decision'; readonly at: number; readonly decision: RuleDecision }
  | { readonly kind: 'action'; readonly at: number; readonly action: HistoryEntry }
  | { readonly kind: 'start'; readonly at: number; readonly start: GatewayStart };

export type Standing = {
  readonly last: Exclude<StoryEntry, { kind: 'start' }>;
  /** The gateway started since then, and the rule has recorded nothing after the start. */
  readonly startedSince: number | null;
};

export type StoryQuery = Pick<HistoryQuery, 'since' | 'until'> & { readonly rule: string; readonly limit: number };

/** Just before an instant (ms). */
const BEFORE = 0.001;
/** A gateway that was alive so short a time ago (ms) may still run: it records no more often that it is alive. */
const ALIVE = 10_000;
/** A start that took no longer than this (ms) left no time out. */
const SHORT = 5000;

export async function readRuleStory(
  reader: HistoryReader,
  { rule, since, until, limit }: StoryQuery,
  now: number,
  signal: AbortSignal,
): Promise<RuleStory> {
  const span = { rule, ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
  const [decisions, actions] = [
    await newestDecisions(reader, span, limit, signal),
    await collect(reader, { ...span, newestFirst: true }, limit, signal),
  ];
  const all: StoryEntry[] = [
    ...decisions.map((decision): StoryEntry => ({ kind: 'decision', at: decision.at, decision })),
    ...actions.entries.map((action): StoryEntry => ({ kind: 'action', at: action.at, action })),
  ];
  const entries = all.sort(inOrder).slice(-limit);
  const from = since ?? entries[0]?.at ?? now;
  const runs = await reader.runs({ since: from, until: now });
  const last = since === undefined ? null : await lastBefore(reader, rule, since, signal);
  const starts = runs.starts.filter(({ startedAt }) => startedAt >= from && startedAt <= (until ?? Infinity));
  return {
    rule,
    since: since ?? null,
    until: until ?? null,
    entries: [...entries, ...starts.map((start): StoryEntry => ({ kind: 'start', at: start.startedAt, start }))].sort(
      inOrder,
    ),
    before: last && { last, startedSince: startBetween(runs, last.at, from) },
    off: runs.starts.filter(start => touches(start, from, until ?? Infinity)),
    stoppedAt: runs.stoppedAt !== null && now - runs.stoppedAt > ALIVE ? runs.stoppedAt : null,
    now,
    more: all.length > limit || actions.more,
  };
}

/** A decision comes before what it leads to. */
function inOrder(a: StoryEntry, b: StoryEntry): number {
  const rank = { start: 0, decision: 1, action: 2 } as const;
  return a.at - b.at || rank[a.kind] - rank[b.kind];
}

async function newestDecisions(
  reader: HistoryReader,
  span: Omit<StoryQuery, 'limit'>,
  limit: number,
  signal: AbortSignal,
): Promise<readonly RuleDecision[]> {
  const found: RuleDecision[] = [];
  let after: Awaited<ReturnType<HistoryReader['decisions']>>['next'] = null;
  do {
    const wanted = { ...span, newestFirst: true, ...(after && { after }), limit: limit + 1 - found.length };
    const page = await reader.decisions(wanted);
    found.push(...page.entries);
    after = page.next;
  } while (after !== null && found.length <= limit && !signal.aborted);
  return found;
}

async function lastBefore(
  reader: HistoryReader,
  rule: string,
  since: number,
  signal: AbortSignal,
): Promise<Standing['last'] | null> {
  const span = { rule, until: since - BEFORE, newestFirst: true };
  const [decision] = (await reader.decisions({ ...span, limit: 1 })).entries;
  const [action] = (await collect(reader, span, 1, signal)).entries;
  if (action && (!decision || action.at >= decision.at)) return { kind: 'action', at: action.at, action };
  return decision ? { kind: 'decision', at: decision.at, decision } : null;
}

function startBetween({ starts }: GatewayRuns, after: number, until: number): number | null {
  return starts.findLast(({ startedAt }) => startedAt > after && startedAt < until)?.startedAt ?? null;
}

/** The gateway was off before this start for a while that touches the time. */
function touches({ startedAt, lastAliveAt }: GatewayStart, from: number, to: number): boolean {
  return lastAliveAt !== null && startedAt - lastAliveAt > SHORT && startedAt >= from && lastAliveAt <= to;
}
