/** The timers of the rules, one for each rule, in a heap: a timer that starts again costs O(log n) and leaves nothing behind. */
export interface Timers {
  /** Earliest due time (ms since 1970); Infinity: no timer runs. */
  next(): number;
  /** The rule that is due next; the lower index when two are due at once. undefined: no timer runs. */
  first(): number | undefined;
  /** Sets or moves a rule's due time; Infinity takes it out. */
  set(rule: number, due: number): void;
}

/** `rules`: how many there are. A rule is named by its index. */
export function createTimers(rules: number): Timers {
  const due = new Float64Array(rules).fill(Infinity);
  const heap = new Int32Array(rules);
  const place = new Int32Array(rules).fill(-1);
  let size = 0;

  const ruleAt = (index: number) => heap[index] ?? -1;
  const dueOf = (rule: number) => due[rule] ?? Infinity;
  const before = (a: number, b: number) => dueOf(a) < dueOf(b) || (dueOf(a) === dueOf(b) && a < b);

  function put(rule: number, index: number): void {
    heap[index] = rule;
    place[rule] = index;
  }

  function rise(rule: number, from: number): number {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = ruleAt(parent);
      if (!before(rule, above)) break;
      put(above, index);
      index = parent;
    }
    put(rule, index);
    return index;
  }

  function sink(rule: number, from: number): void {
    let index = from;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= size) break;
      if (child + 1 < size && before(ruleAt(child + 1), ruleAt(child))) child++;
      const below = ruleAt(child);
      if (!before(below, rule)) break;
      put(below, index);
      index = child;
    }
    put(rule, index);
  }

  function remove(rule: number, index: number): void {
    place[rule] = -1;
    size--;
    if (index === size) return;
    const last = ruleAt(size);
    sink(last, rise(last, index));
  }

  return {
    next: () => (size === 0 ? Infinity : dueOf(ruleAt(0))),
    first: () => (size === 0 ? undefined : ruleAt(0)),
    set(rule, at) {
      if (dueOf(rule) === at) return;
      const index = place[rule] ?? -1;
      due[rule] = at;
      if (at === Infinity) {
        if (index >= 0) remove(rule, index);
      } else if (index < 0) {
        rise(rule, size++);
      } else {
        sink(rule, rise(rule, index));
      }
    },
  };
}
