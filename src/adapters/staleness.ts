import type { SignalDefinition } from '../core/sample.ts';

/** A signal that was silent for too long, and the time at which its limit passed. */
export type Stale = { readonly signal: string; readonly at: number; readonly staleAfter: number };

/** Which signals of one source have been silent for too long. No clock and no timer inside; times are ms since 1970. */
export interface Staleness {
  /** Notes a receipt. True: the signal is waited for only from now on, so `next` may be sooner than before. */
  received(signal: string, at: number): boolean;
  /** From now on signals that never came are waited for. */
  connected(at: number): void;
  /** Signals that became stale up to `now`, in order of time. Each is reported once, until it sends again. */
  due(now: number): readonly Stale[];
  /** When the next one may become stale; null: none. */
  next(): number | null;
}

/** `known`: when restored values were last received. */
export function createStaleness(signals: readonly SignalDefinition[], known: ReadonlyMap<string, number>): Staleness {
  const limits = new Map<string, number>();
  for (const { name, staleAfter } of signals) if (staleAfter !== undefined) limits.set(name, staleAfter);
  /** Last receipt of every signal with a limit that is not stale. */
  const fresh = new Map<string, number>();
  const stale = new Set<string>();
  for (const name of limits.keys()) {
    const at = known.get(name);
    if (at !== undefined) fresh.set(name, at);
  }

  return {
    received(signal, at) {
      if (!limits.has(signal)) return false;
      const anew = !fresh.has(signal);
      stale.delete(signal);
      fresh.set(signal, at);
      return anew;
    },
    connected(at) {
      for (const name of limits.keys()) if (!fresh.has(name) && !stale.has(name)) fresh.set(name, at);
    },
    due(now) {
      const found: Stale[] = [];
      for (const [signal, at] of fresh) {
        const staleAfter = limits.get(signal) ?? 0;
        if (at + staleAfter <= now) found.push({ signal, at: at + staleAfter, staleAfter });
      }
      for (const { signal } of found) {
        fresh.delete(signal);
        stale.add(signal);
      }
      return found.sort((a, b) => a.at - b.at);
    },
    next() {
      let next: number | null = null;
      for (const [signal, at] of fresh) {
        const due = at + (limits.get(signal) ?? 0);
        if (next === null || due < next) next = due;
      }
      return next;
    },
  };
}
