import type { Action, ActionKind, ActionParams } from '../actions/action.ts';
import type { CallResult } from '../actions/result.ts';
import type { CallBase, CallState, FrozenRequest } from './delivery.ts';
import type { DecisionPage, DecisionQuery, GatewayRuns } from './rule-decision.ts';

/** The state of an action in the journal. */
export type StoredState =
  | 'waiting' // it is in no call yet
  | 'in_call' // the state of the call says how far it is
  | 'delivered'
  | 'nothing' // it ended: there was nothing to send
  | 'dead' // dead letter: L2L refused it, or it became too old
  | 'parked' // undecidable, or not allowed to be sent: a person decides
  | 'dropped' // a person or the rule decided not to send it
  | 'shadow'; // recorded, never sent

export const STORED_STATES = [
  'waiting',
  'in_call',
  'delivered',
  'nothing',
  'dead',
  'parked',
  'dropped',
  'shadow',
] as const satisfies readonly StoredState[];

/** One action for people, with the newest call that it is or was in. */
export type HistoryEntry = Pick<
  Action,
  'key' | 'kind' | 'rule' | 'lane' | 'chain' | 'at' | 'time' | 'params' | 'cause' | 'mode'
> & {
  readonly id: number;
  /** The address and the site to which it is sent. */
  readonly destination: string;
  readonly state: StoredState;
  readonly detail: string | null;
  readonly result: CallResult | null;
  readonly createdAt: number;
  readonly settledAt: number | null;
  readonly notBefore: number | null;
  readonly expiresAt: number | null;
  /** An open that is a dead letter or parked comes first. The close waits until a person has decided about it. */
  readonly held: boolean;
  /** An earlier call of the action may have had effect. */
  readonly guarded: boolean;
  readonly call: {
    readonly id: number;
    readonly state: CallState;
    readonly attempt: number;
    readonly notBefore: number;
    readonly createdAt: number;
    readonly sentAt: number | null;
    readonly detail: string | null;
  } | null;
};

/** One attempt, look-up or follow-up of a call, with its end. */
export type HistoryAttempt = {
  readonly attempt: number;
  readonly at: number;
  readonly state: CallState;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly answer: string | null;
};

/** One call with its request and all its attempts, oldest first. */
export type HistoryCall = {
  readonly id: number;
  readonly state: CallState;
  readonly request: FrozenRequest;
  readonly createdAt: number;
  readonly sentAt: number | null;
  /** The number of the gateway's start in which the call was built or last sent. */
  readonly epoch: number;
  readonly base: CallBase | null;
  readonly result: CallResult | null;
  readonly reason: string | null;
  readonly detail: string | null;
  /** The call before it, which released the actions. */
  readonly predecessor: number | null;
  readonly attempts: readonly HistoryAttempt[];
  /** How many older attempts are left out: a call can be repeated for days. */
  readonly attemptsLeftOut: number;
};

/** An action with all its calls, newest first. */
export type HistoryRecord = HistoryEntry & { readonly calls: readonly HistoryCall[] };

/** A past decision of a person about an action. */
export type HistoryDecision = {
  readonly at: number;
  readonly kind: 'retry' | 'drop';
  readonly who: string;
  readonly why: string | null;
  /** The state of the action before the decision, in words. */
  readonly was: string;
};

/** Everything about one action. */
export type HistoryDetail = HistoryRecord & {
  /** The other actions of its episode, and those that share its call. */
  readonly others: readonly HistoryEntry[];
  /** Whether there are more of them. */
  readonly othersLeftOut: boolean;
  readonly decisions: readonly HistoryDecision[];
  /** What `queue retry` and `queue drop` would do now. */
  readonly retry: Prospect;
  readonly drop: Prospect;
  /** What `queue retry --as-rule` would do now; null: the rules are not known, or there is nothing to retry. */
  readonly asRule: Prospect | null;
};

/** An action with the codes that its rule has now. */
export type Recoded = { readonly lane: string; readonly params: ActionParams[ActionKind] };
/** Reads the codes of an action again from its rule; `why`: the reason why the rule has none. Pure. */
export type Recode = (entry: HistoryEntry) => Recoded | { readonly why: string };

/** What a person's decision would do. `ask`: what the person has to confirm first; null: nothing. */
export type Prospect = {
  readonly kind: 'done' | 'already' | 'refused';
  readonly words: string;
  readonly ask: string | null;
};

export type HistoryQuery = {
  /** Left out: all. */
  readonly states?: readonly StoredState[];
  readonly rule?: string;
  /** Code of a machine or line. */
  readonly machine?: string;
  readonly kind?: ActionKind;
  /** Event time (ms since 1970), both inclusive. */
  readonly since?: number;
  readonly until?: number;
  readonly newestFirst?: boolean;
  /** `next` of the previous page; left out: from the beginning. */
  readonly after?: number;
  /** The most entries on the page. */
  readonly limit: number;
};

/** A page can have fewer entries than asked for, or none, and still have a `next`, because each search has a time limit. */
export type HistoryPage<Entry> = {
  readonly entries: readonly Entry[];
  /** Where the next page begins; null: this is the last page. */
  readonly next: number | null;
};

/** The most entries that a page can have. */
export const LARGEST_PAGE = 200;

/** A decision of a person about an action of the queue. */
export type Decision = {
  readonly kind: 'retry' | 'drop';
  readonly id: number;
  /** Login of the person. */
  readonly who: string;
  readonly why?: string;
  /** For the retry of a set of production: the product to send. */
  readonly product?: string;
  /** For a retry: send with the codes that the rule has now. */
  readonly asRule?: boolean;
  /** The person has confirmed the question. */
  readonly confirmed: boolean;
};

/** The result of a decision. `ask`: nothing was done, and the person has to confirm this first. */
export type Decided = {
  readonly kind: 'done' | 'already' | 'refused' | 'ask' | 'unknown_id';
  readonly words: string;
  /** The ids of all actions that the decision changed. */
  readonly ids: readonly number[];
};

/** The answer of a running gateway about itself, for a command. */
export type AboutGateway = {
  readonly name: string;
  /** IANA name of the site's time zone. */
  readonly timezone: string;
  /** The causes that hold calls up, in words, each with the place of the correction. */
  readonly holdUps: readonly string[];
};

/** Names of rules, and codes of machines and lines. */
export type KnownNames = { readonly rules: readonly string[]; readonly machines: readonly string[] };

/** Reads the history through the running gateway, or from the file when none runs. */
export interface HistoryReader {
  page(wanted: HistoryQuery): Promise<HistoryPage<HistoryEntry>>;
  records(wanted: HistoryQuery): Promise<HistoryPage<HistoryRecord>>;
  action(id: number): Promise<HistoryDetail | null>;
  /** Rules with a state or a decision, and the names in the newest actions. Older actions can have others. */
  names(): Promise<KnownNames>;
  /** Decisions of rules without an action. */
  decisions(wanted: DecisionQuery): Promise<DecisionPage>;
  /** The starts of the gateway from `since` to `until` (ms since 1970). */
  runs(wanted: { readonly since: number; readonly until: number }): Promise<GatewayRuns>;
}
