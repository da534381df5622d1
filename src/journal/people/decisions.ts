import type { DatabaseSync } from 'node:sqlite';
import { kindOf } from '../../actions/registry.ts';
import type {
  Decided,
  Decision,
  HistoryDecision,
  HistoryDetail,
  HistoryEntry,
  Prospect,
  Recode,
  Recoded,
} from '../../core/history.ts';
import { anchors, isInterval, isOfEpisode } from '../calls/kinds.ts';
import { query } from '../file/database.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { insertEvent } from '../history/events.ts';
import type { History } from '../history/history.ts';
import { type EntryRow, entryOf, SELECT_ENTRY } from '../history/rows.ts';
import { type Case, isOpen, type Judged, judgeDrop, judgeRetry, refused, standingWords } from './decision-rules.ts';
import { type Recoding, recoded, recodeUnit } from './recode.ts';

/** What a person may decide about an action, and everything known that bears on it. Reads only. */
export interface Prospects {
  /** @param recode the rules as they are now; left out: nobody knows them */
  detail(id: number, recode?: Recode): HistoryDetail | undefined;
  judge(decision: Pick<Decision, 'kind' | 'product' | 'asRule'>, target: HistoryEntry, recode?: Recode): JudgedAsRule;
  /** The codes that what is decided together gets from its rules now. `refused`: an open call that had no effect. */
  recode(target: HistoryEntry, unit: readonly HistoryEntry[], recode: Recode, refused?: number): Recoding;
}

/** `recoded`: the actions that get other codes, by id; `changes`: these in words. */
export type JudgedAsRule = Judged & { readonly recoded?: ReadonlyMap<number, Recoded>; readonly changes?: string };

/** Other actions of an episode or a call that are shown; a merged call has up to a thousand. */
const MOST_OTHERS = 50;

/** `destination`: where this gateway sends; null: nobody says. */
export function createProspects(db: DatabaseSync, history: History, destination: string | null): Prospects {
  const readEpisode = query<EntryRow>(
    db,
    `${SELECT_ENTRY} WHERE a.chain = ? AND a.destination = ? AND ${isOfEpisode('a.kind')} ORDER BY a.id`,
  );
  const readMerged = query<EntryRow>(db, `${SELECT_ENTRY} WHERE a.call = ? AND a.state = ? ORDER BY a.id`);
  const readNewerCount = query<EntryRow>(
    db,
    `${SELECT_ENTRY} WHERE a.chain = ? AND ${anchors('a.kind')} AND a.id > ? AND a.destination = ?
       AND a.state IN ('delivered', 'in_call', 'waiting') ORDER BY a.id LIMIT 1`,
  );
  const overlaps = `${isInterval('a.kind')} AND a.lane = ? AND a.destination = ? AND a.id > ?
    AND json_extract(a.params, '$.start') < ? AND json_extract(a.params, '$.end') > ?`;
  const readOverlapOpen = query<EntryRow>(
    db,
    `${SELECT_ENTRY} WHERE a.state IN ('waiting', 'in_call', 'dead', 'parked', 'shadow')
       AND a.state IN ('waiting', 'in_call') AND ${overlaps} LIMIT 1`,
  );
  // By the time of settling: since this one was stuck, which the index finds without a walk through all history.
  const readOverlapDelivered = query<EntryRow>(
    db,
    `${SELECT_ENTRY} WHERE a.settled_at >= ? AND a.state IN ('delivered', 'nothing', 'dropped') AND a.state = 'delivered' AND ${overlaps} LIMIT 1`,
  );
  const readDecisions = query<{ at: number; kind: HistoryDecision['kind']; detail: string }>(
    db,
    `SELECT at, kind, detail FROM event WHERE CASE WHEN kind IN ('retry', 'drop') THEN
       EXISTS (SELECT 1 FROM json_each(detail, '$.actions') WHERE value = ?) END ORDER BY id`,
  );

  const readAnchor = query<{ id: number }>(
    db,
    `SELECT id FROM action WHERE chain = ? AND ${anchors('kind')} AND state = 'delivered' LIMIT 1`,
  );

  function unitOf(target: HistoryEntry): readonly HistoryEntry[] {
    const { kind, chain, state, call } = target;
    const { unit } = kindOf(kind).decision;
    if (chain !== null && unit === 'episode') return readEpisode.all(chain, target.destination).map(entryOf);
    // What was merged has one answer and, when that is missing, one doubt.
    if (unit === 'call' && call && (state === 'dead' || state === 'parked'))
      return readMerged.all(call.id, state).map(entryOf);
    return [target];
  }

  function newerThan(target: HistoryEntry, unit: readonly HistoryEntry[]): HistoryEntry | null {
    const { kind, chain, destination: to } = target;
    const last = Math.max(...unit.map(({ id }) => id));
    let row: EntryRow | undefined;
    const { superseded } = kindOf(kind).decision;
    if (superseded === 'newer') row = readNewerCount.get(chain, last, to);
    if (superseded === 'overlap') {
      const { start, end } = target.params as Extract<HistoryEntry['params'], { start: number }>;
      const where = [target.lane, to, target.id, end, start] as const;
      row = readOverlapOpen.get(...where) ?? readOverlapDelivered.get(target.settledAt ?? target.createdAt, ...where);
    }
    return row ? entryOf(row) : null;
  }

  function judge(
    { kind, product, asRule }: Pick<Decision, 'kind' | 'product' | 'asRule'>,
    target: HistoryEntry,
    recode?: Recode,
  ): JudgedAsRule {
    const unit = unitOf(target);
    if (kind !== 'retry' || !asRule) return judgeUnit(kind, product, target, unit);
    const plain = judgeUnit(kind, product, target, unit);
    if (plain.kind !== 'done') return plain;
    if (!recode) return refused('the rules are known to a running gateway only');
    const recoding = recodeOf(target, unit, recode);
    if (recoding.kind === 'refused') return refused(recoding.why);
    const { actions, words } = recoding;
    if (actions.size === 0) return { ...plain, words: `${plain.words}; its rule gives the same codes` };
    const judged = judgeUnit(
      kind,
      product,
      recoded(target, actions),
      unit.map(member => recoded(member, actions)),
    );
    return judged.kind === 'done'
      ? { ...judged, words: `${judged.words}; ${words}`, recoded: actions, changes: words }
      : judged;
  }

  function recodeOf(target: HistoryEntry, unit: readonly HistoryEntry[], recode: Recode, refused?: number): Recoding {
    const episode =
      target.chain === null || kindOf(target.kind).decision.unit !== 'episode'
        ? unit
        : readEpisode.all(target.chain, target.destination).map(entryOf);
    return recodeUnit(episode, recode, { hasAnchor: readAnchor.get(target.chain) !== undefined, refused });
  }

  function judgeUnit(
    kind: Decision['kind'],
    product: string | undefined,
    target: HistoryEntry,
    unit: readonly HistoryEntry[],
  ): Judged {
    const newer = kind === 'retry' ? newerThan(target, unit) : null;
    const facts: Case = { target, unit, destination, newer, product: product ?? null };
    return kind === 'retry' ? judgeRetry(facts) : judgeDrop(facts);
  }

  return {
    judge,
    recode: recodeOf,
    detail(id, recode) {
      const entry = history.entry(id);
      if (!entry) return undefined;
      const retry = judge({ kind: 'retry' }, entry);
      const others = history.others(entry, MOST_OTHERS + 1);
      return {
        ...history.record(entry),
        others: others.slice(0, MOST_OTHERS),
        othersLeftOut: others.length > MOST_OTHERS,
        decisions: readDecisions.all(id).map(({ at, kind, detail }) => {
          const { who, why, was, others = {} } = JSON.parse(detail) as Noted;
          return { at, kind, who, why: why ?? null, was: others[id] ?? was };
        }),
        retry: prospectOf(retry),
        drop: prospectOf(judge({ kind: 'drop' }, entry)),
        asRule:
          recode && retry.kind === 'done' ? prospectOf(judge({ kind: 'retry', asRule: true }, entry, recode)) : null,
      };
    },
  };
}

function prospectOf({ kind, words, ask }: Judged): Prospect {
  return { kind, words, ask };
}

/** An event row's detail. */
type Noted = {
  readonly actions: readonly number[];
  readonly who: string;
  readonly why?: string;
  /** What the named action was. */
  readonly was: string;
  /** What the other half of its episode was, by id; an older journal has none. */
  readonly others?: Readonly<Record<string, string>>;
};

/** Carries out what a person decided about a dead letter or a parked call. */
export interface Decisions extends Prospects {
  /** One episode or call in one transaction; resolves when that is durable. Done twice it says that it is done. */
  decide(decision: Decision, recode?: Recode): Promise<Decided>;
}

/** What everybody needs who changes actions that are stored already. */
export type ChangeOptions = {
  readonly db: DatabaseSync;
  readonly group: GroupCommit;
  readonly prospects: Prospects;
  readonly history: History;
  readonly now: () => number;
  /** The waiting actions in memory follow what is written here. */
  readonly onWaiting: (ids: readonly number[]) => void;
  readonly onGone: (ids: readonly number[]) => void;
};

export type DecisionOptions = ChangeOptions & {
  /** Rewrites codes in the table. */
  readonly rewrite: (actions: ReadonlyMap<number, Recoded>) => void;
};

export function createDecisions(options: DecisionOptions): Decisions {
  const { db, group, prospects, history, now } = options;
  // Asked for by a person, so no age is too old, no wait is left, its times are as good as they will be, and no doubt about it counts.
  const retry = query(
    db,
    `UPDATE action SET state = 'waiting', detail = NULL, settled_at = NULL, not_before = NULL, expires_at = NULL,
       untimed = NULL, doubts = 0, guarded = COALESCE(?, guarded), params = CASE WHEN ? THEN json_set(params, '$.ifMissed', 'add') ELSE params END
     WHERE id = ? AND state = ?`,
  );
  const name = query(
    db,
    "UPDATE action SET params = json_set(json_remove(params, '$.unknownProduct'), '$.product', ?) WHERE id = ?",
  );
  const drop = query(db, "UPDATE action SET state = 'dropped', detail = ?, settled_at = ? WHERE id = ? AND state = ?");
  const note = insertEvent(db);

  /** Read before anything is changed. What was merged stands as its target does. */
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
