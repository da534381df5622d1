import type { Call, Follow, Setback } from '../core/delivery.ts';
import { errorMessage } from '../core/errors.ts';
import type { Evidence } from './breaker.ts';
import { callFacts } from './call-facts.ts';
import { createFollowPace } from './follow-pace.ts';
import type { JobData } from './jobs.ts';
import type { OpenCall } from './open-call.ts';
import type { OpenCalls } from './open-calls.ts';
import { circumstances, noteFailedRead, type RunParts, report, tryRead } from './run-parts.ts';
import { createSender } from './sender.ts';
import { abandoned, afterFollow, afterLook, evidenceOfSetback, repeatUnknown } from './verdicts.ts';

/** Runs a job. Resolves when its request has ended, whatever the result. Never rejects. */
export type RunJob = (jobId: string, data: JobData) => Promise<void>;

/** BullMQ's delays are whole milliseconds of another clock. */
const EARLY = 50;
/** A follow-up may read for each of its lines. While as many as may be are under way, the next one waits for so long (ms). */
const FULL = 2000;

export type WorkerParts = RunParts & {
  readonly calls: OpenCalls;
  /** Calls per millisecond; null: no limit. */
  readonly rate: number | null;
  /** Calls that run at the same time. */
  readonly concurrency: number;
};

/** The job only asks for a run. The journal's compare-and-set decides whether anything is sent [S2]. */
export function createWorker(parts: WorkerParts): RunJob {
  const { calls, journal, delivery, outcomes, clock, log, words, signal } = parts;
  const pace = createFollowPace(parts.rate);
  const mostFollowing = Math.max(1, Math.floor(parts.concurrency / 2));
  let following = 0;
  const send = createSender(parts);

  /** When this call is followed up, if that is not now; else 0. A pause lets one call through, and that one does not wait. */
  function laterFollow({ call }: OpenCall): number {
    const now = clock.now();
    if (parts.breaker.pause !== null) return 0;
    return following >= mostFollowing ? now + FULL : pace.slotFor(call.id, now);
  }

  async function look(open: OpenCall): Promise<void> {
    const { call } = open;
    const found = await tryRead(() => delivery.look(call, signal));
    open.wasRead();
    if (found.kind === 'failed') noteFailedRead(parts, open, found.outcome);
    const doubts = found.kind === 'undecided' ? journal.doubts(call.id) : 0;
    const to = afterLook(call, found, circumstances(parts, open), doubts);
    if (to.state === 'parked') log.error({ ...callFacts(call), detail: to.detail }, words.parked);
    if (to.state === 'dropped') log.warn({ ...callFacts(call), detail: to.detail }, words.dropped);
    if (found.kind === 'undecided' && to.state === 'released')
      log.warn({ ...callFacts(call), detail: to.detail }, words.repeated);
    outcomes.write(open, ['unknown'], to);
    report(parts, evidenceOfRead(call, found));
  }

  async function follow(open: OpenCall): Promise<void> {
    const { call } = open;
    following += 1;
    const found = await tryRead(() => delivery.follow(call, signal));
    following -= 1;
    open.wasRead();
    const logEach = (details: ReadonlyMap<string, string> | undefined, message: string) => {
      for (const action of call.actions) {
        const detail = details?.get(action.key);
        if (detail !== undefined) log.error({ ...callFacts(call, [action]), detail }, message);
      }
    };
    const refused = newlyRefused(call, found);
    const { failed, again } = parts.refusedParts.end(call, refused, journal.doubts(call.id) > 0);
    logEach(failed, words.refusedPart);
    if (found.kind === 'final') {
      logEach(found.parked, words.parked);
      outcomes.finish(open, { ...found, failed, again });
    } else {
      if (found.kind === 'failed') noteFailedRead(parts, open, found.outcome);
      const to = {
        ...afterFollow(call, found, circumstances(parts, open)),
        ...(refused.size > 0 && { failed, again }),
      };
      if (to.state === 'parked') log.error({ ...callFacts(call), detail: to.detail }, words.parked);
      outcomes.write(open, ['accepted'], to);
    }
    report(parts, evidenceOfRead(call, found));
  }

  async function step(open: OpenCall): Promise<void> {
    switch (open.call.state) {
      case 'frozen':
      case 'retry':
        return open.refusal ? parts.refusals.own(open) : send(open);
      case 'unknown': {
        if (!delivery.mayRepeat(open.call)) return look(open);
        if (!(await outcomes.move(open, ['unknown'], repeatUnknown(open.call, clock.now())))) {
          return outcomes.reload(open);
        }
        open.advance(journal.call(open.call.id) ?? open.call);
        return send(open);
      }
      case 'accepted':
        return follow(open);
      case 'sending':
        return outcomes.write(open, ['sending'], abandoned(circumstances(parts, open)));
      default:
        return outcomes.reload(open);
    }
  }

  return async (jobId, data) => {
    const open = calls.get(data.call);
    // This job is a duplicate, or a failover brought it back, or it lost its lock while its first run goes on.
    if (!open || open.job !== jobId || signal.aborted) return;
    if (open.due - clock.now() > EARLY || !parts.admits(open)) return outcomes.putBack(open);
    const later = open.call.state === 'accepted' ? laterFollow(open) : 0;
    if (later > 0) {
      open.postpone(later);
      return outcomes.putBack(open);
    }
    open.begin();
    try {
      await step(open);
    } catch (cause) {
      if (!signal.aborted) log.error({ call: data.call, error: errorMessage(cause) }, UNEXPECTED);
      outcomes.reload(open);
    }
    parts.emit({ kind: 'run_ended', call: data.call });
  };
}

const UNEXPECTED = 'a run ended unexpectedly; the journal decides how its call goes on';

function newlyRefused({ ended }: Call, found: Follow | { readonly kind: 'failed' }): ReadonlyMap<string, string> {
  if (found.kind !== 'final' && found.kind !== 'pending') return new Map();
  return new Map([...(found.failed ?? [])].filter(([key]) => !ended?.has(key)));
}

/** A look-up that decides nothing needs no answer of L2L, so it gives no evidence about the destination. */
function evidenceOfRead(
  call: Call,
  found: { readonly kind: string } | { kind: 'failed'; outcome: Setback },
): Evidence | null {
  if ('outcome' in found) return evidenceOfSetback(call, found.outcome);
  return found.kind === 'undecided' ? null : { kind: 'answered' };
}
