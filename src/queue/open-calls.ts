import type { Call } from '../core/delivery.ts';
import { type OpenCall, openCall } from './open-call.ts';

/** The open calls: at most a few per lane, so walking through them is cheap. */
export interface OpenCalls {
  get(id: number): OpenCall | undefined;
  /** The open call with this row. A call that is not known yet is added, and may run from `due`. */
  add(call: Call, due: number): OpenCall;
  delete(id: number): void;
  /** The open calls, oldest first. */
  all(): readonly OpenCall[];
  /** How many calls are built and were never sent. */
  readonly frozen: number;
  readonly running: number;
}

export function createOpenCalls(): OpenCalls {
  const calls = new Map<number, OpenCall>();
  const count = (test: (call: OpenCall) => boolean) => {
    let n = 0;
    for (const call of calls.values()) if (test(call)) n += 1;
    return n;
  };
  return {
    get: id => calls.get(id),
    add(call, due) {
      const added = calls.get(call.id) ?? openCall(call, due);
      calls.set(call.id, added);
      return added;
    },
    delete: id => void calls.delete(id),
    all: () => [...calls.values()].sort((a, b) => oldestAction(a) - oldestAction(b)),
    get frozen() {
      return count(({ call }) => call.state === 'frozen');
    },
    get running() {
      return count(({ isRunning }) => isRunning);
    },
  };
}

/** Calls are ordered by the age of their actions, not by the time when they were built. */
function oldestAction({ call }: OpenCall): number {
  return call.actions[0]?.id ?? call.id;
}
