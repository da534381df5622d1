import type { StoredAction } from '../core/delivery.ts';

/**
 * The actions whose episode waits for its open or for a person's decision. They are outside the order of their lane: its next
 * episode goes on.
 */
export interface HeldActions {
  add(action: StoredAction): void;
  has(action: StoredAction): boolean;
  countIn(lane: string): number;
  /** The actions of these chains may go now. */
  free(chains: ReadonlySet<string>): void;
  /** All actions may go now. */
  clear(): void;
  readonly count: number;
}

export function createHeldActions(): HeldActions {
  /** By lane the ids of the actions, each with its chain. */
  const lanes = new Map<string, Map<number, string | null>>();
  return {
    add({ id, lane, chain }) {
      const held = lanes.get(lane) ?? new Map<number, string | null>();
      held.set(id, chain);
      lanes.set(lane, held);
    },
    has: ({ id, lane }) => lanes.get(lane)?.has(id) === true,
    countIn: lane => lanes.get(lane)?.size ?? 0,
    free(chains) {
      for (const held of lanes.values()) {
        for (const [id, chain] of held) if (chain !== null && chains.has(chain)) held.delete(id);
      }
    },
    clear: () => lanes.clear(),
    get count() {
      return [...lanes.values()].reduce((sum, held) => sum + held.size, 0);
    },
  };
}
