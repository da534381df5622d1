import type { Clock } from '../core/clock.ts';
import type { SentAgain } from '../core/commit.ts';
import type { Call } from '../core/delivery.ts';
import type { MayBeHeldUp } from './held-up.ts';
import type { LaneLog } from './lane-log.ts';
import { repeatedFor, type Timings } from './verdicts.ts';

/** What becomes of the parts of a batch that L2L refused. */
export type PartsEnd = {
  /** Dead letters, or parked if L2L may have them. */
  readonly failed: ReadonlyMap<string, string>;
  readonly again: ReadonlyMap<string, SentAgain>;
};

/** Refused parts of accepted batches. A refused part was not applied, so it is sent again for as long as a refused call. */
export interface RefusedParts {
  /**
   * Decides about these parts of a call, by key with L2L's reasons. `isDoubted`: a call before this one may have applied them, so a
   * refusal may be the answer to a second one.
   */
  end(call: Call, refused: ReadonlyMap<string, string>, isDoubted: boolean): PartsEnd;
  /** The parts that wait now. A restart forgets them until L2L refuses them again. */
  waiting(): readonly MayBeHeldUp[];
}

/** After its wait a part is in a call, or L2L refuses it again within this time (ms). */
const STAYS_LISTED = 60_000;

export function createRefusedParts(clock: Clock, timings: Timings, laneLog: LaneLog): RefusedParts {
  const listed = new Map<string, MayBeHeldUp>();

  return {
    end(call, refused, isDoubted) {
      const end = endOfParts(call, refused, isDoubted, clock.now(), timings);
      for (const action of call.actions) {
        const to = end.again.get(action.key);
        if (!to) continue;
        const part = {
          ...call,
          actions: [action],
          lanes: [action.lane],
          reason: 'refused',
          detail: to.detail,
        } as const;
        laneLog.refused(part, part);
        listed.set(action.key, { call: part, due: to.notBefore, setback: null, isRefused: true });
      }
      return end;
    },
    waiting() {
      for (const [key, { due }] of listed) if (clock.now() - due > STAYS_LISTED) listed.delete(key);
      return [...listed.values()];
    },
  };
}

function endOfParts(
  call: Call,
  refused: ReadonlyMap<string, string>,
  isDoubted: boolean,
  now: number,
  timings: Timings,
): PartsEnd {
  const failed = new Map<string, string>();
  const again = new Map<string, SentAgain>();
  for (const { key, refusedSince = now } of call.actions) {
    const detail = refused.get(key);
    if (detail === undefined) continue;
    const end = refusedSince + timings.giveUpAfter;
    // It waits as long as it has been refused, so the waits double.
    const wait = Math.min(timings.longestMend, Math.max(timings.firstMend, now - refusedSince));
    if (isDoubted || now >= end) failed.set(key, detail);
    else again.set(key, { notBefore: Math.min(now + wait, end), detail: `${detail}${repeatedFor(timings)}` });
  }
  return { failed, again };
}
