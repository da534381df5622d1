import type { HistoryAttempt, HistoryCall, HistoryEntry } from '../../core/history.ts';
import { ends, isParkedBefore, joins, opens } from '../calls/kinds.ts';
import { parseOrNull } from '../calls/rows.ts';

/** The rows of the history as TypeScript types. */
export type EntryRow = {
  id: number;
  key: string;
  kind: string;
  rule: string;
  lane: string;
  chain: string | null;
  at: number;
  time: string;
  params: string;
  cause: string;
  mode: string;
  destination: string;
  state: string;
  detail: string | null;
  result: string | null;
  created_at: number;
  settled_at: number | null;
  not_before: number | null;
  expires_at: number | null;
  guarded: number | null;
  open_state: string | null;
  call_id: number | null;
  call_state: string;
  call_attempt: number;
  call_not_before: number;
  call_created_at: number;
  call_sent_at: number | null;
  call_detail: string | null;
};

/** The SELECT of `action a`, up to the WHERE. */
export const SELECT_ENTRY = `
  SELECT a.id, a.key, a.kind, a.rule, a.lane, a.chain, a.at, a.time, a.params, a.cause, a.mode, a.destination, a.state, a.detail,
    a.result, a.created_at, a.settled_at, a.not_before, a.expires_at, a.guarded,
    CASE WHEN ${ends('a.kind')} AND a.state = 'waiting' THEN
      (SELECT o.state FROM action o WHERE o.chain = a.chain AND ${opens('o.kind')} LIMIT 1)
    WHEN ${joins('a.kind')} AND a.state = 'waiting' THEN (SELECT o.state FROM action o WHERE ${isParkedBefore('o', 'a')} LIMIT 1)
    END AS open_state,
    c.id AS call_id, c.state AS call_state, c.attempt AS call_attempt, c.not_before AS call_not_before,
    c.created_at AS call_created_at, c.sent_at AS call_sent_at, c.detail AS call_detail
  FROM action a LEFT JOIN call c ON c.id = a.call`;

export function entryOf(row: EntryRow): HistoryEntry {
  // This room wrote the row from an Action, so kind and params belong together.
  return {
    id: row.id,
    key: row.key,
    kind: row.kind,
    rule: row.rule,
    lane: row.lane,
    chain: row.chain,
    at: row.at,
    time: row.time,
    params: JSON.parse(row.params),
    cause: JSON.parse(row.cause),
    mode: row.mode,
    destination: row.destination,
    state: row.state,
    detail: row.detail,
    result: parseOrNull(row.result),
    createdAt: row.created_at,
    settledAt: row.settled_at,
    notBefore: row.not_before,
    expiresAt: row.expires_at,
    guarded: row.guarded === 1,
    held: row.open_state === 'dead' || row.open_state === 'parked',
    call:
      row.call_id === null
        ? null
        : {
            id: row.call_id,
            state: row.call_state,
            attempt: row.call_attempt,
            notBefore: row.call_not_before,
            createdAt: row.call_created_at,
            sentAt: row.call_sent_at,
            detail: row.call_detail,
          },
  } as HistoryEntry;
}

export type HistoryCallRow = {
  id: number;
  path: string;
  body: string;
  state: string;
  created_at: number;
  sent_at: number | null;
  epoch: number;
  base: string | null;
  result: string | null;
  reason: string | null;
  detail: string | null;
  predecessor: number | null;
};

export const SELECT_HISTORY_CALL =
  'SELECT id, path, body, state, created_at, sent_at, epoch, base, result, reason, detail, predecessor FROM call';

export function historyCallOf(
  row: HistoryCallRow,
  attempts: readonly HistoryAttempt[],
  attemptsLeftOut: number,
): HistoryCall {
  return {
    id: row.id,
    state: row.state as HistoryCall['state'],
    request: { method: 'POST', path: row.path, body: row.body },
    createdAt: row.created_at,
    sentAt: row.sent_at,
    epoch: row.epoch,
    base: parseOrNull(row.base),
    result: parseOrNull(row.result),
    reason: row.reason,
    detail: row.detail,
    predecessor: row.predecessor,
    attempts,
    attemptsLeftOut,
  };
}
