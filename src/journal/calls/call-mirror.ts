import type { Call, CallState } from '../../core/delivery.ts';
import type { CallReader } from './call-reader.ts';
import { createLanes, type Lanes } from './lanes.ts';

/** Open calls, their lanes, and the waiting actions in memory. They equal the file with the open transaction [J3]. */
export interface CallMirror {
  /** Each `reload` makes a new object. */
  readonly lanes: Lanes;
  /** Undefined: no open call has this number. */
  open(id: number): Call | undefined;
  openCalls(): Iterable<Call>;
  /** The call that holds the lane: no other action of the lane may be sent before that call has ended [P5]. */
  holderOf(lane: string): number | undefined;
  readonly heldLanes: Pick<ReadonlySet<string>, 'has'>;
  /** Takes over a call as it is now. */
  remember(call: Call): void;
  /** Reads everything again, after a transaction was rolled back. */
  reload(): void;
}

const HOLDS_LANES: ReadonlySet<CallState> = new Set(['frozen', 'sending', 'retry', 'unknown']);
const IS_OPEN: ReadonlySet<CallState> = new Set([...HOLDS_LANES, 'accepted']);

export function createCallMirror(reader: CallReader): CallMirror {
  const open = new Map<number, Call>();
  const holders = new Map<string, number>();
  let lanes = createLanes(reader.action);

  function remember(call: Call): void {
    if (IS_OPEN.has(call.state)) open.set(call.id, call);
    else open.delete(call.id);
    for (const lane of call.lanes) {
      if (HOLDS_LANES.has(call.state)) holders.set(lane, call.id);
      else if (holders.get(lane) === call.id) holders.delete(lane);
    }
  }

  function reload(): void {
    lanes = createLanes(reader.action);
    for (const { id, lane, kind } of reader.waiting()) lanes.addId(lane, id, kind);
    open.clear();
    holders.clear();
    for (const call of reader.openCalls()) remember(call);
  }

  reload();
  return {
    get lanes() {
      return lanes;
    },
    open: id => open.get(id),
    openCalls: () => open.values(),
    holderOf: lane => holders.get(lane),
    heldLanes: holders,
    remember,
    reload,
  };
}
