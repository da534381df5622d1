import { type Write, writtenAction, writtenOrNull, writtenResult } from '../../actions/written-times.ts';
import type { HistoryCall, HistoryDetail, HistoryEntry, HistoryRecord } from '../../core/history.ts';
import type { RuleDecision } from '../../core/rule-decision.ts';
import type { TimeNotation } from '../../core/time-notation.ts';
import { stateWord } from './words.ts';

/** An action as one line of JSON, with what is known beside it. Its times are ISO text with the site's offset. */
export function toLine(
  entry: HistoryEntry | HistoryRecord | HistoryDetail,
  { iso }: Pick<TimeNotation, 'iso'>,
): string {
  return JSON.stringify({
    ...entryJson(entry, iso),
    ...('calls' in entry && { calls: entry.calls.map(call => callJson(call, iso)) }),
    ...('decisions' in entry && {
      others: entry.others.map(other => entryJson(other, iso)),
      decisions: entry.decisions.map(decision => ({ ...decision, at: iso(decision.at) })),
    }),
  });
}

/** An action among what a rule decided; `type` says what its line stands for when it is not simply there. */
export function actionLine(entry: HistoryEntry, { iso }: Pick<TimeNotation, 'iso'>, type?: string): string {
  return JSON.stringify({ ...(type !== undefined && { type }), ...entryJson(entry, iso) });
}

/** What a rule decided as one line of JSON. */
export function decisionLine(decision: RuleDecision, { iso }: Pick<TimeNotation, 'iso'>, type = 'decision'): string {
  const { rule, at, kind, text, values, count, until } = decision;
  return JSON.stringify({
    type,
    rule,
    at: iso(at),
    kind,
    text,
    values: values.map(value => ({ ...value, at: writtenOrNull(value.at, iso) })),
    count,
    until: writtenOrNull(until, iso),
  });
}

function entryJson(entry: HistoryEntry, iso: Write<string>) {
  const { createdAt, settledAt, notBefore, expiresAt, result, call } = entry;
  return {
    ...entry,
    ...writtenAction(entry, iso),
    stands: stateWord(entry),
    createdAt: iso(createdAt),
    settledAt: writtenOrNull(settledAt, iso),
    notBefore: writtenOrNull(notBefore, iso),
    expiresAt: writtenOrNull(expiresAt, iso),
    result: result && writtenResult(result, iso),
    call: call && {
      ...call,
      notBefore: iso(call.notBefore),
      createdAt: iso(call.createdAt),
      sentAt: writtenOrNull(call.sentAt, iso),
    },
  };
}

function callJson(call: HistoryCall, iso: Write<string>) {
  return {
    ...call,
    createdAt: iso(call.createdAt),
    sentAt: writtenOrNull(call.sentAt, iso),
    base: call.base && { ...call.base, at: iso(call.base.at) },
    result: call.result && writtenResult(call.result, iso),
    attempts: call.attempts.map(attempt => ({ ...attempt, at: iso(attempt.at) })),
  };
}
