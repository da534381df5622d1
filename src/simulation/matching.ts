/** One thing that truly happened, and when it was noticed at the earliest and at the latest (ms since 1970). */
export type Happening = { readonly earliest: number; readonly latest: number };

/** What was sent to L2L at once: so many things noticed from `from` on, before `to`. */
export type DeliveredEpisode = { readonly from: number; readonly to: number; readonly count: number };

/**
 * Gives each happening a place in what was sent to L2L, so that a loss and a double do not cancel each other out: who finds no place
 * is lost, a place for nobody is doubled. The first that happened goes first, which places as many as can be placed as long as
 * who happens later is also noticed later.
 */
export function match(
  happenings: readonly Happening[],
  delivered: readonly DeliveredEpisode[],
): { readonly lost: number; readonly doubled: number } {
  const waiting = happenings.toSorted((a, b) => a.earliest - b.earliest);
  let next = 0;
  let lost = 0;
  let doubled = 0;
  const is = (fits: (one: Happening) => boolean) => {
    const one = waiting[next];
    return one !== undefined && fits(one);
  };
  for (const { from, to, count } of delivered.toSorted((a, b) => a.from - b.from)) {
    for (; is(({ latest }) => latest < from); next += 1) lost += 1;
    let free = count;
    for (; free > 0 && is(({ earliest }) => earliest < to); next += 1) free -= 1;
    doubled += Math.max(0, free);
  }
  return { lost: lost + waiting.length - next, doubled };
}

/** What was sent after something that happened later. */
export function late<T extends { readonly at: number }>(delivered: readonly T[]): T[] {
  return delivered.filter(({ at }, index) => at < (delivered[index - 1]?.at ?? Number.NEGATIVE_INFINITY));
}

export function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
