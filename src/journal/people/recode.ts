import { kindOf } from '../../actions/registry.ts';
import type { HistoryEntry, Recode, Recoded } from '../../core/history.ts';

/** The changes that result when the codes of actions are read again from their rules: the changed actions with their new codes. */
export type Recoding =
  | { readonly kind: 'recoded'; readonly actions: ReadonlyMap<number, Recoded>; readonly words: string }
  | { readonly kind: 'refused'; readonly why: string };

/** The facts about a unit that its actions do not contain. */
type Facts = {
  /** L2L got a count of the same counter, and the count goes on from the machine's count at that time. */
  readonly hasAnchor: boolean;
  /** A call without effect that is not sent again, so its actions may get other codes. Left out: there is none. */
  readonly refused?: number | undefined;
};

/**
 * The present codes of the rules for actions that are decided together: an episode, or a call. They apply only to actions that L2L
 * certainly does not have: a dispatch that is open, or may be open, does not change. Pure.
 */
export function recodeUnit(unit: readonly HistoryEntry[], recode: Recode, { hasAnchor, refused }: Facts): Recoding {
  const open = unit.find(({ kind }) => kindOf(kind).chain.role === 'opens');
  if (open && isDone(open)) return { kind: 'refused', why: ITS_OPEN };
  if (open && (open.state === 'parked' || open.guarded)) return { kind: 'refused', why: IN_DOUBT };
  const changed = new Map<number, Recoded>();
  const words = new Set<string>();
  for (const entry of unit) {
    if (isDone(entry) || (entry.state === 'in_call' && entry.call?.id !== refused)) continue;
    if (entry.state === 'parked' && !kindOf(entry.kind).decision.product) return { kind: 'refused', why: IN_DOUBT };
    const recoded = recode(entry);
    if ('why' in recoded) return { kind: 'refused', why: recoded.why };
    const differences = changesOf(entry, recoded);
    if (differences.length === 0) continue;
    if (hasAnchor && kindOf(entry.kind).chain.role === 'anchors') return { kind: 'refused', why: ANCHORED };
    changed.set(entry.id, recoded);
    for (const difference of differences) words.add(difference);
  }
  return { kind: 'recoded', actions: changed, words: [...words].join(', ') };
}

/** `machine PRESS-99 -> PRESS-09`, in the order of the action's own fields. */
function changesOf({ lane, params }: HistoryEntry, to: Recoded): readonly string[] {
  const before = params as Readonly<Record<string, unknown>>;
  const after = to.params as Readonly<Record<string, unknown>>;
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changes = names
    .filter(name => before[name] !== after[name] && JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map(name => `${name} ${before[name] ?? 'none'} -> ${after[name] ?? 'none'}`);
  return changes.length === 0 && lane !== to.lane ? [`lane ${lane} -> ${to.lane}`] : changes;
}

/** The entry with its new codes. */
export function recoded(entry: HistoryEntry, actions: ReadonlyMap<number, Recoded>): HistoryEntry {
  const to = actions.get(entry.id);
  return to ? { ...entry, ...to } : entry;
}

function isDone({ state }: HistoryEntry): boolean {
  return state === 'delivered' || state === 'dropped' || state === 'shadow';
}

const ITS_OPEN =
  'its dispatch was opened with its former codes, so it has to end with these: retry it without --as-rule';
const IN_DOUBT = 'L2L may have it with its former codes: look there first, then retry it without --as-rule, or drop it';
const ANCHORED =
  'L2L has a count of this counter on the former machine, and this count goes on from it: retry it without --as-rule, or drop it';
