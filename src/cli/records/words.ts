import { foundOpen, foundOpenWords, WHOSE_WORDS } from '../../actions/found-open.ts';
import { kindOf } from '../../actions/registry.ts';
import { CALL_WORDS } from '../../core/call-words.ts';
import type { CallState } from '../../core/delivery.ts';
import type { HistoryEntry } from '../../core/history.ts';

/** Where an action stands, in one word of the lists; of an open that found a dispatch open, its number. */
export function stateWord({ kind, state, held, notBefore, call, result }: HistoryEntry): string {
  const { role } = kindOf(kind).chain;
  if (state === 'delivered' && (role === 'opens' || role === 'joins')) {
    const found = foundOpen(kind, result);
    if (found) return foundOpenWords(found);
    if (result?.nothing !== undefined) return 'nothing';
  }
  if (state === 'in_call') return call ? CALL_WORDS[call.state] : 'on its way';
  if (state !== 'waiting') return state;
  if (held) return 'held';
  return notBefore === null ? 'waiting' : 'blocked';
}

export function callWord(state: CallState): string {
  return CALL_WORDS[state];
}

/** Where an action stands and what that means. */
export function stateWords(entry: HistoryEntry): string {
  const word = stateWord(entry);
  const found = entry.state === 'delivered' ? foundOpen(entry.kind, entry.result) : null;
  const meaning = found ? WHOSE_WORDS[found.whose] : MEANINGS[word];
  return meaning ? `${word}: ${meaning}` : word;
}

const MEANINGS: Readonly<Partial<Record<string, string>>> = {
  waiting: 'it has its place in its lane and goes when its turn comes',
  held: 'it waits for an open that is a dead letter or parked; a person decides about that one',
  blocked: 'it stands outside its lane until L2L can take it',
  ready: 'its request is built and goes next',
  sending: 'its request is on its way',
  retrying: 'L2L certainly does not have it; it is sent again',
  'in doubt': 'L2L may have it; it is looked up before anything is repeated',
  accepted: 'L2L took it and works on it',
  delivered: 'L2L has it',
  nothing: 'there was nothing to send',
  dead: 'a dead letter; nothing more happens by itself',
  parked: 'nobody can say whether L2L has it, or it may not be sent, or its product is not known; a person decides',
  dropped: 'dropped',
  shadow: 'made in shadow mode; nothing is sent',
};

/** Since when it stands as it does. */
export function standsSince({ state, settledAt, createdAt, call }: HistoryEntry): number {
  if (state === 'in_call') return call?.sentAt ?? call?.createdAt ?? createdAt;
  return settledAt ?? createdAt;
}

/** Why it stands where it stands, else why it was made. */
export function reasonWords({ state, detail, call, cause }: HistoryEntry): string {
  const reason = state === 'in_call' || state === 'waiting' ? call?.detail : detail;
  return reason || cause.text;
}
