import type { CallPolicy, StoredAction } from '../core/delivery.ts';

/** Every fifth call goes to the oldest action of any kind, so that a flood of one kind can't starve another. */
const OLDEST_EVERY = 5;

/** Decides which lane's first action comes next. */
export interface Turns {
  /** The next first action, or undefined when all were taken. */
  next(): StoredAction | undefined;
  /** The first action of this lane is in the call of another lane. */
  skip(lane: string): void;
}

/**
 * Orders by priority, then by age. `counter` goes on from pass to pass, so that in every five slots of all passes one goes to the oldest
 * action [S14].
 */
export function takeTurns(
  heads: readonly StoredAction[],
  policy: (kind: StoredAction['kind']) => CallPolicy,
  counter: { value: number },
): Turns {
  const byAge = heads.toSorted((a, b) => a.id - b.id);
  const byPriority = byAge.toSorted((a, b) => policy(a.kind).priority - policy(b.kind).priority);
  const taken = new Set<string>();
  let nextAge = 0;
  let nextPriority = 0;
  return {
    next() {
      counter.value += 1;
      const oldest = counter.value % OLDEST_EVERY === 0;
      const list = oldest ? byAge : byPriority;
      let at = oldest ? nextAge : nextPriority;
      let head = list[at];
      while (head && taken.has(head.lane)) head = list[++at];
      if (oldest) nextAge = at;
      else nextPriority = at;
      if (head) taken.add(head.lane);
      return head;
    },
    skip: lane => void taken.add(lane),
  };
}
