import type { DatabaseSync } from 'node:sqlite';
import { kindOf } from '../../actions/registry.ts';
import type { Decided, Decision, HistoryEntry, Recode, Recoded } from '../../core/history.ts';
import { query } from '../file/database.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { insertEvent } from '../history/events.ts';
import type { History } from '../history/history.ts';
import { isOpen, standingWords } from './decision-rules.ts';
import type { JudgedAsRule, Noted, Prospects } from './prospects.ts';

/** Carries out a person's decision about a dead letter or a parked action [J11]. */
export interface Decisions extends Prospects {
  /**
   * Changes one episode or call in one transaction. Resolves when that is durable. A repeated decision reports that it was already done.
   */
  decide(decision: Decision, recode?: Recode): Promise<Decided>;
}

/** The parts for a change of stored actions. */
export type ChangeOptions = {
  readonly db: DatabaseSync;
  readonly group: GroupCommit;
  readonly prospects: Prospects;
  readonly history: History;
  readonly now: () => number;
  /** The waiting actions in memory, which follow these writes. */
  readonly onWaiting: (ids: readonly number[]) => void;
  readonly onGone: (ids: readonly number[]) => void;
};

export type DecisionOptions = ChangeOptions & {
  /** Rewrites codes in the table. */
  readonly rewrite: (actions: ReadonlyMap<number, Recoded>) => void;
};

export function createDecisions(options: DecisionOptions): Decisions {
  const { db, group, prospects, history, now } = options;
  // A person asks for the send. So no age is too old, no wait is left, its times count as good, and earlier doubts do not count.
  const retry = query(
    db,
    `UPDATE action SET state = 'waiting', detail = NULL, settled_at = NULL, not_before = NULL, expires_at = NULL,
       refused_since = NULL, untimed = NULL, doubts = 0, guarded = COALESCE(?, guarded), params = CASE WHEN ? THEN json_set(params, '$.ifMissed', 'add') ELSE params END
     WHERE id = ? AND state = ?`,
  );
  const name = query(
    db,
    "UPDATE action SET params = json_set(json_remove(params, '$.unknownProduct'), '$.product', ?) WHERE id = ?",
  );
  const drop = query(db, "UPDATE action SET state = 'dropped', detail = ?, settled_at = ? WHERE id = ? AND state = ?");
  const note = insertEvent(db);

  /** These states are read before any change. Merged actions have the state of their target. */
  function standings(target: HistoryEntry, moves: JudgedAsRule['moves']): Pick<Noted, 'was' | 'others'> {
    if (kindOf(target.kind).decision.unit !== 'episode') return { was: standingWords(target) };
    const members = [target, ...moves.flatMap(({ id }) => (id === target.id ? [] : (history.entry(id) ?? [])))];
    const open = members.find(isOpen);
    const [was = '', ...rest] = members.map(member => standingWords(member, open));
    if (rest.length === 0) return { was };
    return { was, others: Object.fromEntries(rest.map((words, index) => [members[index + 1]?.id, words])) };
  }

  function carryOut(
    decision: Decision,
    target: HistoryEntry,
    { moves, recoded = new Map(), changes }: JudgedAsRule,
  ): void {
    const { who, product } = decision;
    const stood = standings(target, moves);
    options.rewrite(recoded);
    const why = [product && `as product ${product}`, changes && `as its rule says now: ${changes}`, decision.why]
      .filter(Boolean)
      .join('; ');
    const detail = `dropped by ${who}${why ? `: ${why}` : ''}`;
    for (const { id, from, to, guarded, finished } of moves) {
      const changed =
        to === 'waiting'
          ? retry.run(guarded ? 1 : null, finished ? 1 : 0, id, from)
          : drop.run(detail, now(), id, from);
      if (changed !== 1) throw new Error(`action ${id} is not ${from} in the journal`);
      if (product !== undefined) name.run(product, id);
    }
    const noted: Noted = { actions: moves.map(({ id }) => id), who, ...(why && { why }), ...stood };
    note.run(now(), decision.kind, JSON.stringify(noted));
  }

  return {
    ...prospects,
    async decide(decision, recode) {
      const target = history.entry(decision.id);
      if (!target) return { kind: 'unknown_id', words: `the journal has no action ${decision.id}`, ids: [] };
      const judged = prospects.judge(decision, target, recode);
      if (judged.kind !== 'done') return { kind: judged.kind, words: judged.words, ids: [] };
      if (judged.ask !== null && !decision.confirmed) {
        return { kind: 'ask', words: `${judged.doubt}; ${judged.ask}`, ids: [] };
      }
      const waiting = [...(judged.recoded?.keys() ?? [])].filter(id => history.entry(id)?.state === 'waiting');
      options.onGone(waiting);
      const { durable } = group.write(() => carryOut(decision, target, judged));
      const gone = judged.moves.filter(({ to, from }) => to === 'dropped' && from === 'waiting');
      options.onGone(gone.map(({ id }) => id));
      options.onWaiting([...waiting, ...judged.moves.filter(({ to }) => to === 'waiting').map(({ id }) => id)]);
      await durable;
      return { kind: 'done', words: judged.words, ids: judged.moves.map(({ id }) => id) };
    },
  };
}
