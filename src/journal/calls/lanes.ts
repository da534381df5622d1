import type { ActionKind } from '../../actions/action.ts';
import type { Destination } from '../../actions/kind.ts';
import { kindOf } from '../../actions/registry.ts';
import type { LaneCount } from '../../core/call-journal.ts';
import type { StoredAction } from '../../core/delivery.ts';

/** Most actions that stay parsed in memory. The others are read from the table again when their turn comes [J10]. */
const MOST_PARSED = 20_000;

/**
 * The waiting actions of each lane in memory. The next action costs the same with ten or a hundred thousand waiting actions.
 * It mirrors the `waiting` rows of the action table. It is built from them at the start, and again after a failed commit.
 */
export interface Lanes {
  add(action: StoredAction): void;
  /** Adds an action with its id alone. Its row is read from the table when its turn comes. */
  addId(lane: string, id: number, kind: ActionKind): void;
  /** Removes actions from their lane, because they are in a call or have ended. */
  remove(actions: readonly StoredAction[]): void;
  /** Puts actions of a call that was never sent back to their place. */
  putBack(actions: readonly StoredAction[]): void;
  waiting(lane: string, limit: number): readonly StoredAction[];
  /** Head of every lane that is not in `except`, oldest first. */
  heads(except: Pick<ReadonlySet<string>, 'has'>, limit: number, destination?: Destination): readonly StoredAction[];
  readonly count: number;
  counts(): Iterable<LaneCount>;
}

/** The ids of its waiting actions, oldest first. All of them go to one destination. */
type Lane = { readonly destination: Destination; readonly ids: number[] };

export function createLanes(read: (id: number) => StoredAction): Lanes {
  const lanes = new Map<string, Lane>();
  const parsed = new Map<number, StoredAction>();
  const kinds = new Map<string, LaneCount>();
  let count = 0;

  function reckon(lane: string, kind: ActionKind, more: 1 | -1): void {
    count += more;
    const name = `${kind} ${lane}`;
    const waiting = (kinds.get(name)?.waiting ?? 0) + more;
    if (waiting > 0) kinds.set(name, { lane, kind, waiting });
    else kinds.delete(name);
  }

  function get(id: number): StoredAction {
    const known = parsed.get(id);
    if (known) return known;
    const action = read(id);
    if (parsed.size < MOST_PARSED) parsed.set(id, action);
    return action;
  }

  function addId(lane: string, id: number, kind: ActionKind): void {
    const known = lanes.get(lane);
    if (known) known.ids.push(id);
    else lanes.set(lane, { destination: kindOf(kind).destination, ids: [id] });
    reckon(lane, kind, 1);
  }

  return {
    addId,
    add(action) {
      addId(action.lane, action.id, action.kind);
      if (parsed.size < MOST_PARSED) parsed.set(action.id, action);
    },
    remove(actions) {
      for (const action of actions) {
        const ids = lanes.get(action.lane)?.ids;
        const at = ids?.indexOf(action.id) ?? -1;
        if (!ids || at < 0) continue;
        ids.splice(at, 1);
        parsed.delete(action.id);
        reckon(action.lane, action.kind, -1);
        if (ids.length === 0) lanes.delete(action.lane);
      }
    },
    putBack(actions) {
      for (const action of actions) {
        addId(action.lane, action.id, action.kind);
        if (parsed.has(action.id) || parsed.size < MOST_PARSED) parsed.set(action.id, action);
        lanes.get(action.lane)?.ids.sort((a, b) => a - b);
      }
    },
    waiting: (lane, limit) => (lanes.get(lane)?.ids ?? []).slice(0, limit).map(get),
    heads(except, limit, only) {
      const heads: number[] = [];
      for (const [lane, { destination, ids }] of lanes) {
        if (only !== undefined && destination !== only) continue;
        if (!except.has(lane) && ids[0] !== undefined) heads.push(ids[0]);
      }
      heads.sort((a, b) => a - b);
      return heads.slice(0, limit).map(get);
    },
    get count() {
      return count;
    },
    counts: () => kinds.values(),
  };
}
