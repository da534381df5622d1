import { actionWords } from '../actions/words.ts';
import type { CallJournal } from '../core/call-journal.ts';
import { type Delivery, NO_CHAIN, type StoredAction } from '../core/delivery.ts';
import type { Done } from '../core/done.ts';
import { errorMessage } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Book, Entry } from './book.ts';
import { type Turns, takeTurns } from './turns.ts';
import { isTooOld } from './verdicts.ts';

export type SchedulerOptions = {
  readonly journal: CallJournal;
  readonly delivery: Delivery;
  readonly book: Book;
  readonly now: () => number;
  readonly log: Logger;
  /** Calls that are built and not sent yet: what comes later can still be merged into what was not built. */
  readonly mostFrozen: number;
  /** It is durable that nothing is sent for these actions. Left out: nobody asks. */
  readonly onDone?: (done: Done) => void;
};

/**
 * Turns the heads of the lanes into calls, as late as the budget allows. An action that is not due yet stands aside, and its lane
 * goes on; nothing wakes for it but the next pass, of which there is one with every sweep.
 */
export interface Scheduler {
  /** Builds calls while there is room, at most `most`. */
  fill(most?: number): readonly Entry[];
  /** What was held is asked about again: these chains changed, or without any, time passed. */
  forgetHeld(chains?: ReadonlySet<string>): void;
  /** Actions that waited for their episode when they were last asked about. */
  readonly held: number;
}

const TOO_OLD = 'an action was too old to be sent: it waits for a person';
/** Lanes looked at in one pass; with more waiting than that the order among them is by age. */
const MOST_HEADS = 1000;

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { journal, delivery, book, log } = options;
  const counter = { value: 0 };
  /**
   * By lane the actions whose episode waits for its open or for a person's word, each with its chain. They stand outside the
   * order: the lane's next episode goes on.
   */
  const held = new Map<string, Map<number, string | null>>();
  /** Lanes whose call could not be built. Nothing of theirs overtakes it; tried again at the next sweep. */
  const failed = new Set<string>();

  function waiting(lane: string, most: number): readonly StoredAction[] {
    const aside = held.get(lane);
    const now = options.now();
    for (let limit = most + (aside?.size ?? 0); ; limit *= 2) {
      const all = journal.waiting(lane, limit);
      const free = all.filter(({ id, notBefore = 0 }) => notBefore <= now && !aside?.has(id));
      if (free.length >= most || all.length < limit) return free.slice(0, most);
    }
  }

  function hold(action: StoredAction, why: string): void {
    const aside = held.get(action.lane) ?? new Map<number, string | null>();
    aside.set(action.id, action.chain);
    held.set(action.lane, aside);
    log.debug({ action: action.key, lane: action.lane, why }, 'action waits for its episode');
  }

  /** The lane's next actions that may share a call: of one kind and one chain, oldest first. */
  function run(lane: string, first: StoredAction, most: number): readonly StoredAction[] {
    const actions = waiting(lane, most);
    const end = actions.findIndex(action => action.kind !== first.kind || action.chain !== first.chain);
    return end < 0 ? actions : actions.slice(0, end);
  }

  /** Oldest first over all lanes: several of a lane, in their order, and every lane gets its share. */
  function runAcross(heads: readonly StoredAction[], first: StoredAction, most: number): readonly StoredAction[] {
    const lanes = new Set([first.lane]);
    for (const head of heads) if (head.kind === first.kind && !failed.has(head.lane)) lanes.add(head.lane);
    return [...lanes]
      .filter(lane => lane === first.lane || waiting(lane, 1)[0]?.kind === first.kind)
      .flatMap(lane => run(lane, first, most))
      .sort((a, b) => a.id - b.id)
      .slice(0, most);
  }

  function freezeLane(lane: string, heads: readonly StoredAction[], turns: Turns): Entry | undefined {
    for (;;) {
      const first = waiting(lane, 1)[0];
      if (!first) return undefined;
      const frozen = freezeFirst(first, heads);
      if (frozen.kind === 'held') {
        hold(first, frozen.why);
        continue;
      }
      if (frozen.kind === 'nothing') {
        const done: Done = { kind: 'nothing', actions: frozen.actions, result: null, detail: frozen.why };
        settle(journal.settleNothing(frozen.actions, frozen.why).then(() => options.onDone?.(done)));
      } else if (isLate(first)) {
        log.error({ actions: [first.id], what: actionWords(first), rule: first.rule }, TOO_OLD);
        settle(journal.giveUp([first], 'too old: max_age had passed before L2L could take it'));
      } else {
        const call = journal.freeze(frozen.actions, frozen.request, options.now());
        for (const other of call.lanes) turns.skip(other);
        return book.put(call, call.notBefore);
      }
      if (first.chain !== null) forget(new Set([first.chain]));
      // The journal did not take it: asking again at once would go on for ever.
      if (waiting(lane, 1)[0]?.id === first.id) {
        failed.add(lane);
        return undefined;
      }
    }
  }

  /** What was held for one of these chains may be settled now. */
  function forget(chains: ReadonlySet<string>): void {
    for (const aside of held.values()) {
      for (const [id, chain] of aside) if (chain !== null && chains.has(chain)) aside.delete(id);
    }
  }

  /** What is to be sent for the first of a lane, and with it for others. */
  function freezeFirst(first: StoredAction, heads: readonly StoredAction[]) {
    const { acrossLanes, maxActions } = delivery.policy(first.kind);
    const together = acrossLanes ? runAcross(heads, first, maxActions) : run(first.lane, first, maxActions);
    // One that is too old may be nothing to send all the same; it takes no other one with it.
    const actions = isLate(first) ? [first] : together.filter(action => !isLate(action));
    const frozen = delivery.freeze(actions, first.chain === null ? NO_CHAIN : journal.chain(first.chain));
    return { ...frozen, actions: frozen.kind === 'held' ? actions : [...actions, ...(frozen.and ?? [])] };
  }

  function isLate(action: StoredAction): boolean {
    return isTooOld(action, options.now());
  }

  function settle(settled: Promise<void>): void {
    settled.catch(cause => {
      // Not durable: the actions wait again after the rollback, and nothing was sent for them.
      log.warn({ error: errorMessage(cause) }, 'an action without a call could not be settled; it is tried again');
    });
  }

  return {
    fill(most = Number.POSITIVE_INFINITY) {
      let room = Math.min(most, options.mostFrozen - book.frozen);
      const built: Entry[] = [];
      if (room <= 0) return built;
      const heads = journal.waitingHeads(MOST_HEADS);
      const turns = takeTurns(heads, kind => delivery.policy(kind), counter);
      while (room > 0) {
        const head = turns.next();
        if (!head) break;
        if (failed.has(head.lane)) continue;
        try {
          const entry = freezeLane(head.lane, heads, turns);
          if (!entry) continue;
          built.push(entry);
          room -= 1;
        } catch (cause) {
          failed.add(head.lane);
          log.error(
            { lane: head.lane, action: head.key, error: errorMessage(cause) },
            'a call could not be built; tried again',
          );
        }
      }
      return built;
    },
    forgetHeld(chains) {
      if (chains) return forget(chains);
      held.clear();
      failed.clear();
    },
    get held() {
      return [...held.values()].reduce((sum, aside) => sum + aside.size, 0);
    },
  };
}
