import { kindOf } from '../actions/registry.ts';
import type { Call, Outcome, Setback } from '../core/delivery.ts';
import { errorMessage } from '../core/errors.ts';
import { callFacts } from './call-facts.ts';
import type { OpenCall } from './open-call.ts';
import { circumstances, noteFailedRead, type RunParts, report, tryRead } from './run-parts.ts';
import {
  afterSend,
  evidenceOfSend,
  evidenceOfSetback,
  isOutdated,
  isTooOld,
  needsPreparing,
  notSent,
  overtaken,
  sentAnew,
  setback,
} from './verdicts.ts';

/** When a close was built, the journal was asked for other holders of its dispatch. For this long (ms) that is not asked again. */
const FRESH = 1000;

/** Sends a call that is `frozen` or `retry`, as long as the journal's compare-and-set allows it. */
export type Send = (open: OpenCall) => Promise<void>;

export function createSender(parts: RunParts): Send {
  const { journal, delivery, breaker, outcomes, refusals, clock, timings, signal } = parts;

  async function send(open: OpenCall, isAdmitted = false): Promise<void> {
    const { call } = open;
    const why = overtakenBy(parts, call);
    if (why !== null) return outcomes.write(open, ['frozen', 'retry'], overtaken(call, clock.now(), why));
    const standstills = parts.standstills();
    let { base } = call;
    if (needsPreparing(call, clock.now())) {
      const prepared = await tryRead(() => delivery.prepare(call, signal));
      if (prepared.kind === 'failed') return setBack(open, prepared.outcome);
      if (prepared.kind === 'again') {
        outcomes.write(open, ['frozen', 'retry'], sentAnew(prepared.detail, clock.now()));
        return report(parts, { kind: 'answered' });
      }
      if (prepared.kind === 'done') {
        const outcome: Outcome = { kind: 'delivered', result: prepared.result, answer: '' };
        outcomes.write(open, ['frozen', 'retry'], afterSend(outcome, circumstances(parts, open)));
        return report(parts, { kind: 'answered' });
      }
      base = prepared.base;
    }
    // A pause or a stop may have begun meanwhile. After a standstill or a long wait, L2L is read again.
    const asked = clock.now();
    const admitted = isAdmitted || (await delivery.admit(signal));
    if (!admitted || !parts.admits(open) || parts.standstills() !== standstills) return outcomes.putBack(open);
    if (clock.now() - asked > timings.longestWait) return send(open, true);
    // The read, too, may have waited for the budget: for minutes, when a 429 asked for a pause.
    const since = overtakenBy(parts, call);
    if (since !== null) return outcomes.write(open, ['frozen', 'retry'], overtaken(call, clock.now(), since));
    let sending: Call | null;
    try {
      sending = await journal.markSending(call.id, call.attempt, base, clock.now());
    } catch (cause) {
      report(parts, { kind: 'journal_failed', detail: errorMessage(cause) });
      return outcomes.reload(open);
    }
    if (!sending) return outcomes.reload(open);
    if (breaker.pause?.cause === 'journal') report(parts, { kind: 'written' });
    open.advance(sending);
    // The disk may have taken long for the mark, or the process stood still. Then the run of the call begins anew.
    const marked = clock.now();
    if (!parts.admits(open) || isOutdated(sending, marked)) return outcomes.write(open, ['sending'], notSent(marked));
    conclude(open, await attempt(parts, sending));
  }

  function conclude(open: OpenCall, outcome: Outcome): void {
    const { call } = open;
    if (outcome.kind === 'delivered' || outcome.kind === 'accepted') {
      open.progress();
      refusals.taken(open);
    } else {
      open.setBack(null);
      logSetback(parts, call, outcome);
    }
    parts.laneLog.note(call, outcome);
    if (outcome.kind === 'rejected') {
      refusals.suspect(open, outcome);
      // A refusal that names a code of this call is about this call alone, whatever happens to other calls.
      if (outcome.isOwn || (open.isCleared && !breaker.refusesAll)) {
        refusals.own(open);
        report(parts, { kind: 'answered' });
        return;
      }
    }
    outcomes.write(open, ['sending'], afterSend(outcome, circumstances(parts, open)));
    report(parts, evidenceOfSend(call, outcome));
  }

  /** A read failed before anything was sent. */
  async function setBack(open: OpenCall, outcome: Setback): Promise<void> {
    // Only a call that was never sent gets other codes: an earlier attempt may be found in L2L under the former code.
    const isUnknown = outcome.reason === 'code' && open.call.attempt === 0;
    if (isUnknown && (await outcomes.correct(open, outcome.detail))) return report(parts, { kind: 'answered' });
    noteFailedRead(parts, open, outcome);
    const at = circumstances(parts, open);
    outcomes.write(open, ['frozen', 'retry'], { state: 'retry', at: at.now, ...setback(outcome, at) });
    report(parts, evidenceOfSetback(open.call, outcome));
  }

  return open => send(open);
}

/** Why this call is not sent: it is too old by now, its episode ended before the open could leave, or its dispatch has another holder. */
function overtakenBy({ journal, delivery, clock }: RunParts, call: Call): string | null {
  const { kind, actions, lanes, attempt, createdAt } = call;
  const now = clock.now();
  if (actions.some(action => isTooOld(action, now))) return 'too old by now';
  const chain = actions[0]?.chain ?? null;
  const { role } = kindOf(kind).chain;
  const isFresh = role === 'ends' && attempt === 0 && now - createdAt < FRESH;
  // The end of an episode waits behind its open.
  const isLast = role === 'opens' && lanes.every(lane => journal.waiting(lane, 1).length === 0);
  if (chain === null || isFresh || isLast) return null;
  const again = delivery.freeze(actions, journal.chain(chain));
  const isOther = again.kind === 'nothing' || (again.kind === 'request' && again.and !== undefined);
  return isOther ? 'its episode went on meanwhile' : null;
}

async function attempt({ delivery, signal }: RunParts, call: Call): Promise<Outcome> {
  try {
    return await delivery.send(call, signal);
  } catch (cause) {
    // The delivery has a defect: nobody can say whether the request left.
    return { kind: 'unknown', reason: 'unreadable', detail: errorMessage(cause) };
  }
}

function logSetback(
  { log, words }: RunParts,
  call: Call,
  outcome: Exclude<Outcome, { kind: 'delivered' | 'accepted' }>,
) {
  const { detail } = outcome;
  // A blocked call is tried every minute from now on, perhaps for hours.
  const isNewlyBlocked =
    outcome.kind === 'again' && outcome.reason === 'blocked' && call.actions.every(action => !action.notBefore);
  if (outcome.kind === 'unknown' && outcome.reason !== 'stopped')
    log.warn({ ...callFacts(call), detail }, words.doubtful);
  else if (isNewlyBlocked) log.warn({ ...callFacts(call), detail }, words.blocked);
  else log.debug({ ...callFacts(call), outcome: outcome.kind, detail }, 'call not delivered');
}
