import type { DatabaseSync } from 'node:sqlite';
import type {
  Decision,
  HistoryDecision,
  HistoryDetail,
  HistoryEntry,
  Prospect,
  Recode,
  Recoded,
} from '../../core/history.ts';
import { query } from '../file/database.ts';
import type { History } from '../history/history.ts';
import { type Case, type Judged, judgeDrop, judgeRetry, refused } from './decision-rules.ts';
import { type Recoding, recoded, recodeUnit } from './recode.ts';
import { createRelatives } from './relatives.ts';

/** The possible decisions about an action, with all facts that matter for them. Read-only. */
export interface Prospects {
  /** @param recode the present rules; left out: they are unknown */
  detail(id: number, recode?: Recode): HistoryDetail | undefined;
  judge(decision: Pick<Decision, 'kind' | 'product' | 'asRule'>, target: HistoryEntry, recode?: Recode): JudgedAsRule;
  /** The codes that the actions of the unit get from their rules now. `refused`: an open call that had no effect. */
  recode(target: HistoryEntry, unit: readonly HistoryEntry[], recode: Recode, refused?: number): Recoding;
}

/** `recoded`: the actions that get other codes, by id; `changes`: these in words. */
export type JudgedAsRule = Judged & { readonly recoded?: ReadonlyMap<number, Recoded>; readonly changes?: string };

/** How many other actions of an episode or a call are shown; a merged call has up to a thousand. */
const MOST_OTHERS = 50;

/** `destination`: where this gateway sends; null: unknown. */
export function createProspects(db: DatabaseSync, history: History, destination: string | null): Prospects {
  const relatives = createRelatives(db);
  const readDecisions = query<{ at: number; kind: HistoryDecision['kind']; detail: string }>(
    db,
    `SELECT at, kind, detail FROM event WHERE CASE WHEN kind IN ('retry', 'drop') THEN
       EXISTS (SELECT 1 FROM json_each(detail, '$.actions') WHERE value = ?) END ORDER BY id`,
  );

  function judge(
    { kind, product, asRule }: Pick<Decision, 'kind' | 'product' | 'asRule'>,
    target: HistoryEntry,
    recode?: Recode,
  ): JudgedAsRule {
    const unit = relatives.unitOf(target);
    if (kind !== 'retry' || !asRule) return judgeUnit(kind, product, target, unit);
    const plain = judgeUnit(kind, product, target, unit);
    if (plain.kind !== 'done') return plain;
    if (!recode) return refused('only a running gateway knows the rules');
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
    const episode = relatives.episodeOf(target) ?? unit;
    return recodeUnit(episode, recode, { hasAnchor: relatives.hasAnchor(target), refused });
  }

  function judgeUnit(
    kind: Decision['kind'],
    product: string | undefined,
    target: HistoryEntry,
    unit: readonly HistoryEntry[],
  ): Judged {
    const newer = kind === 'retry' ? relatives.newerThan(target, unit) : null;
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

/** The detail of an event's row. */
export type Noted = {
  readonly actions: readonly number[];
  readonly who: string;
  readonly why?: string;
  /** The state of the named action. */
  readonly was: string;
  /** The states of the other actions of its episode, by id. An older journal has none. */
  readonly others?: Readonly<Record<string, string>>;
};
