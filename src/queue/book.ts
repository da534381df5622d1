import type { Call, Setback } from '../core/delivery.ts';

/** `isOwn`: it names a code of this call. */
export type Refusal = { readonly detail: string; readonly answer: string; readonly isOwn?: boolean };

/** One open call as the running process knows it: the journal's row, and which job may run it. */
export type Entry = {
  call: Call;
  /** The only job that may run it; null: none is in Redis, it is held back. */
  job: string | null;
  /** Redis has confirmed that job. */
  inRedis: boolean;
  /** Jobs made for it so far: part of their ids, so no id is ever used twice. */
  jobs: number;
  /** A run is under way: from taking the job until the outcome is durable. */
  running: boolean;
  /** Not run before (ms since 1970). */
  due: number;
  /** Times in a row it did not get on. */
  setbacks: number;
  /** What the last read about it came to, when L2L did not give it. */
  setback: Setback | null;
  /** Times it was the probe of a pause. */
  probes: number;
  /** L2L's refusal, while it is not known whether it refuses everybody. */
  refusal: Refusal | null;
  /** It had a second try after L2L refused everybody: the next refusal is its own. */
  cleared: boolean;
  /** Found active in Redis by the last sweep although nobody here runs it. */
  strayed: boolean;
};

/** The open calls: at most a few per lane, so walking through them is cheap. */
export interface Book {
  get(id: number): Entry | undefined;
  /** Adds a call, or takes over its newer row. */
  put(call: Call, due: number): Entry;
  delete(id: number): void;
  /** Oldest first. */
  all(): readonly Entry[];
  /** Calls built and never sent. */
  readonly frozen: number;
  readonly running: number;
}

export function createBook(): Book {
  const entries = new Map<number, Entry>();
  const count = (test: (entry: Entry) => boolean) => {
    let n = 0;
    for (const entry of entries.values()) if (test(entry)) n += 1;
    return n;
  };
  return {
    get: id => entries.get(id),
    put(call, due) {
      const known = entries.get(call.id);
      if (known) {
        known.call = call;
        known.due = due;
        return known;
      }
      const entry: Entry = {
        call,
        due,
        job: null,
        inRedis: false,
        jobs: 0,
        running: false,
        setbacks: call.attempt,
        setback: null,
        probes: 0,
        refusal: null,
        cleared: false,
        strayed: false,
      };
      entries.set(call.id, entry);
      return entry;
    },
    delete: id => void entries.delete(id),
    all: () => [...entries.values()].sort((a, b) => oldestAction(a) - oldestAction(b)),
    get frozen() {
      return count(entry => entry.call.state === 'frozen');
    },
    get running() {
      return count(entry => entry.running);
    },
  };
}

/** Calls are served by the age of what they send, not by when they were built. */
function oldestAction(entry: Entry): number {
  return entry.call.actions[0]?.id ?? entry.call.id;
}
