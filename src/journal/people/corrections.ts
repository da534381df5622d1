import type { DatabaseSync } from 'node:sqlite';
import type { CallTransition } from '../../core/commit.ts';
import type { Call } from '../../core/delivery.ts';
import type { HistoryEntry, Recode, Recoded } from '../../core/history.ts';
import { query } from '../file/database.ts';
import { insertEvent } from '../history/events.ts';
import { type EntryRow, entryOf, SELECT_ENTRY } from '../history/rows.ts';
import type { ChangeOptions } from './decisions.ts';

const MOST_NUMBERED = 10;

/** The actions that got other codes, in words. */
export type Correction = { readonly actions: readonly number[]; readonly words: string };

/** Gives actions that L2L certainly does not have the present codes of their rule, and records an event. */
export interface Corrections {
  /**
   * Corrects the actions that wait, were never sent, and stand in a lane that an unknown code held up. Resolves to what was changed when
   * that is durable. Only before the queue runs.
   */
  recodeWaiting(recode: Recode): Promise<readonly Correction[]>;
  /**
   * Corrects an open call that had no effect and has a code that L2L does not know. A rule made it from counts from before the file was
   * corrected. Its actions wait again with the new codes. Null: its rules have no other codes, and nothing was done.
   */
  recodeCall(call: Call, detail: string, recode: Recode): Promise<Correction | null>;
}

export type CorrectionOptions = ChangeOptions & {
  readonly transition: (id: number, from: readonly Call['state'][], to: CallTransition) => Promise<boolean>;
};

/** Rewrites codes in the table. A waiting action leaves its lane first, and then joins its new lane. */
export function codeWriter(db: DatabaseSync): (actions: ReadonlyMap<number, Recoded>) => void {
  const change = query(db, 'UPDATE action SET lane = ?, params = ? WHERE id = ?');
  return actions => {
    for (const [id, { lane, params }] of actions) change.run(lane, JSON.stringify(params), id);
  };
}

export function createCorrections(options: CorrectionOptions): Corrections {
  const { db, group, prospects, history, now, onGone, onWaiting } = options;
  const rewrite = codeWriter(db);
  const note = insertEvent(db);
  const readHeldUp = query<EntryRow>(
    db,
    `${SELECT_ENTRY} WHERE a.state IN ('waiting', 'in_call', 'dead', 'parked', 'shadow') AND a.state = 'waiting' AND a.lane IN (
       SELECT h.lane FROM action h JOIN call l ON l.id = h.call
       WHERE h.state IN ('waiting', 'in_call', 'dead', 'parked', 'shadow') AND h.state = 'waiting'
         AND l.state = 'released' AND l.reason = 'code') ORDER BY a.id`,
  );

  /** By episode or counter. Episodes that L2L may have do not change, and neither do counters with a count in L2L. */
  function changesOf(entries: readonly HistoryEntry[], recode: Recode, refused?: number) {
    const all = new Map<number, Recoded>();
    const corrections: Correction[] = [];
    const units = Map.groupBy(entries, entry => entry.chain ?? `action ${entry.id}`);
    for (const unit of units.values()) {
      const [first] = unit;
      if (!first) continue;
      const recoding = prospects.recode(first, unit, recode, refused);
      if (recoding.kind === 'refused' || recoding.actions.size === 0) continue;
      for (const [id, to] of recoding.actions) all.set(id, to);
      corrections.push({ actions: [...recoding.actions.keys()], words: recoding.words });
    }
    return { all, corrections };
  }

  function write(all: ReadonlyMap<number, Recoded>, corrections: readonly Correction[]): Promise<void> {
    const ids = [...all.keys()].filter(id => history.entry(id)?.state === 'waiting');
    onGone(ids);
    const { durable } = group.write(() => {
      rewrite(all);
      for (const { actions, words } of corrections) note.run(now(), 'recoded', `${numbersOf(actions)}: ${words}`);
    });
    onWaiting(ids);
    return durable;
  }

  return {
    async recodeWaiting(recode) {
      const { all, corrections } = changesOf(readHeldUp.all().map(entryOf), recode);
      if (all.size > 0) await write(all, corrections);
      return corrections;
    },

    async recodeCall({ id, actions, state }, detail, recode) {
      const entries = actions.flatMap(action => history.entry(action.id) ?? []);
      const { all, corrections } = changesOf(entries, recode, id);
      if (all.size === 0) return null;
      const at = now();
      const released = options.transition(id, [state], {
        state: 'released',
        at,
        notBefore: at,
        reason: 'code',
        detail,
      });
      const written = write(all, corrections);
      // Both changes are in one commit. When the call is not released, another person has decided about it meanwhile.
      const [isReleased] = await Promise.all([released, written]);
      const words = [...new Set(corrections.map(correction => correction.words))].join(', ');
      return isReleased ? { actions: [...all.keys()], words } : null;
    },
  };
}

/** `actions 5, 6 and 7 more`. */
function numbersOf(actions: readonly number[]): string {
  const more = actions.length - MOST_NUMBERED;
  return `actions ${actions.slice(0, MOST_NUMBERED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
