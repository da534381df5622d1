import type { Clock } from '../../src/core/clock.ts';
import type { Call, FrozenRequest } from '../../src/core/delivery.ts';
import type { Exchange } from '../../src/l2l/exchange.ts';
import type { SandboxData } from '../../src/simulation/sandbox/records.ts';

/** One request that left the gateway, and its true effect. Times are ms since 1970. */
export interface Entry {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: string;
  /** The life of the gateway that sent it, and the time. */
  readonly life: number;
  readonly at: number;
  /** The keys of its actions. */
  readonly keys: readonly string[];
  /** When L2L carried it out; null: never, because it did not arrive or L2L refused it. */
  readonly appliedAt: number | null;
  /** The dispatch that L2L opened for it. */
  readonly dispatch: number | null;
  readonly refusal: string | null;
  /** The dispatches that were open on its machine when L2L answered; null: it asks about no machine. */
  readonly open: readonly OpenDispatch[] | null;
  /** When the gateway got the result, and whether the result leaves the effect in doubt. */
  readonly heardAt: number | null;
  readonly isDoubtful: boolean;
  /** L2L answered that the key or its user may not do this. */
  readonly isDenied: boolean;
  /** L2L has the request. */
  served(run: () => Exchange): Exchange;
  /** The gateway gets the result. */
  heard(result: Exchange): void;
}

export type OpenDispatch = {
  readonly id: number;
  readonly type: string;
  readonly isOurs: boolean;
  readonly reported: number;
};

/** All requests that left the gateway, in order. The verdict compares the journal with them. */
export interface Ledger {
  readonly posts: readonly Entry[];
  /** The reads of the open dispatches of a machine. */
  readonly looks: readonly Entry[];
  /** The reads of one dispatch by the watch for dispatches that people close. */
  readonly watched: readonly Entry[];
  /** @param request as it leaves: an absolute count is known only then */
  post(life: number, call: Call, request: FrozenRequest): Entry;
  /** @param isFeed it is a read of the watch for dispatches that people close */
  get(life: number, path: string, isFeed: boolean): Entry;
}

/** @param onDoubt the answer to an increment of this machine is lost */
export function createLedger(data: SandboxData, clock: Clock, onDoubt: (machine: string) => void): Ledger {
  const posts: Entry[] = [];
  const looks: Entry[] = [];
  const watched: Entry[] = [];

  function openOn(machinecode: string): OpenDispatch[] {
    const machine = data.machines.find(({ code }) => code === machinecode);
    return data.dispatches
      .filter(one => one.machine === machine?.id && one.closed === null && one.completed === null && !one.deleted)
      .map(({ id, createdby, reported, dispatchtype }) => {
        const type = data.dispatchtypes.find(other => other.id === dispatchtype)?.code ?? '';
        return { id, type, isOurs: createdby !== 'kim', reported };
      });
  }

  function entry(method: 'GET' | 'POST', path: string, body: string, life: number, keys: readonly string[]): Entry {
    const machine = method === 'GET' ? new URLSearchParams(path.split('?')[1]).get('machinecode') : null;
    const state = {
      method,
      path,
      body,
      life,
      at: clock.now(),
      keys,
      appliedAt: null as number | null,
      dispatch: null as number | null,
      refusal: null as string | null,
      open: null as readonly OpenDispatch[] | null,
      heardAt: null as number | null,
      isDoubtful: false,
      isDenied: false,
      served(run: () => Exchange): Exchange {
        const before = data.dispatches.length;
        const answer = run();
        if (answer.kind !== 'answered') return answer;
        const said = JSON.parse(answer.body) as { success: boolean; error?: string };
        if (data.dispatches.length > before) state.dispatch = data.dispatches.at(-1)?.id ?? null;
        // When L2L was asked to prevent duplicates, it may report success and open nothing.
        const isOpen = /dispatches\/(?:open|add)\/$/.test(path);
        if (said.success && (!isOpen || state.dispatch !== null)) state.appliedAt = clock.now();
        if (!said.success) state.refusal = said.error ?? '';
        if (machine) state.open = openOn(machine);
        return answer;
      },
      heard(result: Exchange): void {
        state.heardAt = clock.now();
        state.isDenied =
          result.kind === 'answered' &&
          (result.status === 401 || result.status === 403 || result.body.includes('permission'));
        state.isDoubtful =
          result.kind === 'failed' ? result.left : result.status >= 500 || !result.body.startsWith('{');
        const counted = path.includes('increment_cycle_count') ? new URLSearchParams(body).get('code') : null;
        if (state.isDoubtful && counted !== null) onDoubt(counted);
      },
    };
    return state;
  }

  return {
    posts,
    looks,
    watched,
    post(life, { actions }, request) {
      const keys = actions.map(({ key }) => key);
      const made = entry('POST', request.path, request.body, life, keys);
      posts.push(made);
      return made;
    },
    get(life, path, isFeed) {
      const made = entry('GET', path, '', life, []);
      const query = new URLSearchParams(path.split('?')[1]);
      if (path.includes('dispatches/?') && query.has('machinecode')) looks.push(made);
      else if (isFeed && query.has('id')) watched.push(made);
      return made;
    },
  };
}
