import type { Destination } from '../actions/kind.ts';
import { actionWords } from '../actions/words.ts';
import type { CallJournal } from '../core/call-journal.ts';
import { type Delivery, NO_CHAIN, type StoredAction } from '../core/delivery.ts';
import { errorMessage } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { createHeldActions } from './held-actions.ts';
import type { OpenCall } from './open-call.ts';
import type { OpenCalls } from './open-calls.ts';
import type { Emit } from './queue-event.ts';
import { type Turns, takeTurns } from './turns.ts';
import { isTooOld } from './verdicts.ts';

export type SchedulerOptions = {
  readonly journal: CallJournal;
  readonly delivery: Delivery;
  /** The destination whose actions the scheduler looks at. */
  readonly destination: Destination;
  readonly calls: OpenCalls;
  readonly now: () => number;
  readonly log: Logger;
  /** How many calls are built ahead. A later action can be merged only into a call that is not built yet. */
  readonly mostFrozen: number;
  readonly emit: Emit;
};

/**
 * Turns the first actions of the lanes into calls, as late as the budget allows. An action that is not due yet steps aside, and its lane
 * goes on. The next pass looks at it again; there is a pass after every sweep.
 */
export interface Scheduler {
  /** Builds calls while there is room, at most `most`. */
  fill(most?: number): readonly OpenCall[];
  /** Asks again about the held actions of these chains, because they changed. Left out: about all held actions, because time passed. */
  forgetHeld(chains?: ReadonlySet<string>): void;
  /** Actions that waited for their episode when they were last asked about. */
  readonly held: number;
}

const TOO_OLD = 'an action was too old to be sent: it waits for a person';
/** How many lanes one pass looks at. When more lanes wait, the oldest come first. */
const MOST_HEADS = 1000;

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { journal, delivery, calls, log, emit } = options;
  const counter = { value: 0 };
  const held = createHeldActions();
  /** Lanes whose call could not be built. None of their actions overtakes it. The next sweep tries again. */
  const failed = new Set<string>();

  function waiting(lane: string, most: number): readonly StoredAction[] {
    const now = options.now();
    for (let limit = most + held.countIn(lane); ; limit *= 2) {
      const all = journal.waiting(lane, limit);
      const free = all.filter(action => (action.notBefore ?? 0) <= now && !held.has(action));
      if (free.length >= most || all.length < limit) return free.slice(0, most);
    }
  }

  function hold(action: StoredAction, why: string): void {
    held.add(action);
    log.debug({ action: action.key, lane: action.lane, why }, 'action waits for its episode');
  }

  /** The lane's next actions that may share a call: of one kind and one chain, oldest first. */
  function run(lane: string, first: StoredAction, most: number): readonly StoredAction[] {
    const actions = waiting(lane, most);
    const end = actions.findIndex(action => action.kind !== first.kind || action.chain !== first.chain);
    return end < 0 ? actions : actions.slice(0, end);
  }

  /** Oldest first over all lanes: several actions of a lane, in their order, and every lane gets its share. */
  function runAcross(heads: readonly StoredAction[], first: StoredAction, most: number): readonly StoredAction[] {
    const lanes = new Set([first.lane]);
    for (const head of heads) if (head.kind === first.kind && !failed.has(head.lane)) lanes.add(head.lane);
    return [...lanes]
      .filter(lane => lane === first.lane || waiting(lane, 1)[0]?.kind === first.kind)
      .flatMap(lane => run(lane, first, most))
      .sort((a, b) => a.id - b.id)
      .slice(0, most);
  }

  function freezeLane(lane: string, heads: readonly StoredAction[], turns: Turns): OpenCall | undefined {
    for (;;) {
      const first = waiting(lane, 1)[0];
      if (!first) return undefined;
      const frozen = freezeFirst(first, heads);
      if (frozen.kind === 'held') {
        hold(first, frozen.why);
        continue;
      }
      if (frozen.kind === 'nothing') {
        const { actions, why } = frozen;
        const done = { kind: 'nothing', actions, result: null, detail: why } as const;
        end(journal.settleNothing(actions, why).then(() => emit({ kind: 'done', done })));
      } else if (isLate(first)) {
        log.error({ actions: [first.id], what: actionWords(first), rule: first.rule }, TOO_OLD);
        end(journal.giveUp([first], 'too old: max_age had passed before L2L could take it'));
      } else {
        const call = journal.freeze(frozen.actions, frozen.request, options.now());
        for (const other of call.lanes) turns.skip(other);
        return calls.add(call, call.notBefore);
      }
      if (first.chain !== null) held.free(new Set([first.chain]));
      // The journal did not take it. To ask again at once would never end.
      if (waiting(lane, 1)[0]?.id === first.id) {
        failed.add(lane);
        return undefined;
      }
    }
  }

  /** The request for the first action of a lane, and the other actions that it sends. */
  function freezeFirst(first: StoredAction, heads: readonly StoredAction[]) {
    const { acrossLanes, maxActions } = delivery.policy(first.kind);
    const together = acrossLanes ? runAcross(heads, first, maxActions) : run(first.lane, first, maxActions);
    // An action that is too old may still need no call at all, so the delivery is asked. No other action goes with it.
    const actions = isLate(first) ? [first] : together.filter(action => !isLate(action));
    const frozen = delivery.freeze(actions, first.chain === null ? NO_CHAIN : journal.chain(first.chain));
    return { ...frozen, actions: frozen.kind === 'held' ? actions : [...actions, ...(frozen.and ?? [])] };
  }

  function isLate(action: StoredAction): boolean {
    return isTooOld(action, options.now());
  }

  function end(ended: Promise<void>): void {
    ended.catch(cause => {
      // The commit was rolled back: the actions wait again, and no call was sent for them.
      log.warn(
        { error: errorMessage(cause) },
        'the end of an action that needs no call could not be written; it is tried again',
      );
    });
  }

  return {
    fill(most = Number.POSITIVE_INFINITY) {
      let room = Math.min(most, options.mostFrozen - calls.frozen);
      const built: OpenCall[] = [];
      if (room <= 0) return built;
      const heads = journal.waitingHeads(MOST_HEADS, options.destination);
      const turns = takeTurns(heads, kind => delivery.policy(kind), counter);
      while (room > 0) {
        const head = turns.next();
        if (!head) break;
        if (failed.has(head.lane)) continue;
        try {
          const open = freezeLane(head.lane, heads, turns);
          if (!open) continue;
          built.push(open);
          room -= 1;
        } catch (cause) {
          failed.add(head.lane);
          log.error(
            { lane: head.lane, action: head.key, error: errorMessage(cause) },
            'a call could not be built; it is tried again',
          );
        }
      }
      return built;
    },
    forgetHeld(chains) {
      if (chains) return held.free(chains);
      held.clear();
      failed.clear();
    },
    get held() {
      return held.count;
    },
  };
}
