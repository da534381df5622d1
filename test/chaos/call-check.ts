import type { Call } from '../../src/core/delivery.ts';
import type { Ledger } from './ledger.ts';
import type { Notes } from './notes.ts';

/** Checks a call when its request is about to leave. Remembers the calls of every life. */
export type CallCheck = (call: Call, body: string, inFlight: ReadonlySet<string>, isMarked: boolean) => void;

/** The rules that hold for every call at every moment, whatever faults there are. */
export function createCallCheck({ problem }: Notes, { posts }: Pick<Ledger, 'posts'>): CallCheck {
  const bodies = new Map<number, string>();
  const sent = new Set<number>();
  /** By lane: the youngest action that was sent. */
  const sentUpTo = new Map<string, number>();

  /** The close of an open that L2L blocked. Both stepped aside, and the lane went on. */
  const isBehindBlocked = (key: string) =>
    key.endsWith(':close') &&
    posts.some(({ keys, refusal }) => isBlocked(refusal) && keys.includes(key.replace(/:close$/, ':open')));

  return (call, body, inFlight, isMarked) => {
    for (const lane of call.lanes) if (inFlight.has(lane)) problem(`two calls of ${lane} in flight`);
    const known = bodies.get(call.id);
    if (known !== undefined && known !== body) problem(`call ${call.id} changed its body from ${known} to ${body}`);
    bodies.set(call.id, body);
    if (!isMarked) problem(`call ${call.id} is sent without its durable mark`);
    // An open that is sent as finished takes its close with it, ahead of the actions in between.
    const inOrder = call.kind === 'open_dispatch' ? call.actions.slice(0, 1) : call.actions;
    for (const { id } of call.actions.slice(inOrder.length)) sent.add(id);
    for (const { id, key, lane } of inOrder) {
      const before = sentUpTo.get(lane) ?? 0;
      if (id < before && !sent.has(id) && !isBehindBlocked(key))
        problem(`${key} is sent for the first time after a later one of ${lane}`);
      sent.add(id);
      sentUpTo.set(lane, Math.max(before, id));
    }
  };
}

/** L2L opens no such dispatch while another one is open on the machine. */
export function isBlocked(refusal: string | null): boolean {
  return refusal?.includes('open critical Dispatch') === true;
}
