import type { Call, CallState, FrozenRequest, Reason, StoredAction } from '../../core/delivery.ts';

/** The rows of the tables as TypeScript types, and the conversion in both directions. */
export type ActionRow = {
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
  not_before: number | null;
  expires_at: number | null;
  on_unknown: string | null;
  guarded: number | null;
  refused_since: number | null;
};

export const ACTION_COLUMNS =
  'id, key, kind, rule, lane, chain, at, time, params, cause, mode, not_before, expires_at, on_unknown, guarded, refused_since';

export function actionOf(row: ActionRow): StoredAction {
  const { not_before: notBefore, expires_at: expiresAt, on_unknown: onUnknown, guarded, ...rest } = row;
  const { refused_since: refusedSince, ...plain } = rest;
  // The row was written from an Action by this module; kind and params belong together.
  return {
    ...plain,
    params: JSON.parse(row.params),
    cause: JSON.parse(row.cause),
    ...(notBefore !== null && { notBefore }),
    ...(expiresAt !== null && { expiresAt }),
    ...(onUnknown !== null && { onUnknown }),
    ...(guarded !== null && { guarded: guarded === 1 }),
    ...(refusedSince !== null && { refusedSince }),
  } as StoredAction;
}

/** SQL: a set that is parked only because it has no product code [C7]. */
export const IS_UNNAMED = "(state = 'parked' AND detail = json_extract(params, '$.unknownProduct.why'))";

export type CallRow = {
  id: number;
  kind: string;
  path: string;
  body: string;
  state: string;
  attempt: number;
  looks: number;
  not_before: number;
  created_at: number;
  sent_at: number | null;
  base: string | null;
  result: string | null;
  reason: string | null;
  detail: string | null;
};

export const CALL_COLUMNS =
  'id, kind, path, body, state, attempt, looks, not_before, created_at, sent_at, base, result, reason, detail';

export function callOf(row: CallRow, actions: readonly StoredAction[]): Call {
  const request: FrozenRequest = { method: 'POST', path: row.path, body: row.body };
  return {
    id: row.id,
    kind: row.kind as Call['kind'],
    lanes: lanesOf(actions),
    actions,
    request,
    state: row.state as CallState,
    attempt: row.attempt,
    looks: row.looks,
    notBefore: row.not_before,
    createdAt: row.created_at,
    sentAt: row.sent_at,
    base: parseOrNull(row.base),
    result: parseOrNull(row.result),
    reason: row.reason as Reason | null,
    detail: row.detail,
  };
}

export function lanesOf(actions: readonly StoredAction[]): readonly string[] {
  return [...new Set(actions.map(action => action.lane))];
}

export function jsonOrNull(value: object | null | undefined): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

export function parseOrNull<T>(text: string | null): T | null {
  return text === null ? null : JSON.parse(text);
}
