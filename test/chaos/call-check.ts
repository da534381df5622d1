import type { Call } from '../../src/core/delivery.ts';
import type { Notes } from './notes.ts';

/** Looks at a call when its request is about to leave; remembers what every life sent. */
export type CallCheck = (call: Call, body: string, inFlight: ReadonlySet<string>, isMarked: boolean) => void;

/** What has to be so of every call at every moment, whatever goes wrong around it. */
export function createCallCheck({ problem }: Notes): CallCheck {
  const bodies = new Map<number, string>();
  const sent = new Set<number>();
  /** The youngest action sent, by lane. */
  const sentUpTo = new Map<string, number>();

  return (call, body, inFlight, isMarked) => {
    for (const lane of call.lanes) if (inFlight.has(lane)) problem(`two calls of ${lane} in flight`);
    const known = bodies.get(call.id);
    if (known !== undefined && known !== body) problem(`call ${call.id} changed its body from ${known} to ${body}`);
    bodies.set(call.id, body);
    if (!isMarked) problem(`call ${call.id} is sent without its durable mark`);
    for (const { id, key, lane } of call.actions) {
      const before = sentUpTo.get(lane) ?? 0;
      if (id < before && !sent.has(id)) problem(`${key} is sent for the first time after a later one of ${lane}`);
      sent.add(id);
      sentUpTo.set(lane, Math.max(before, id));
    }
  };
}
