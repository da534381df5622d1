import type { Action, ActionKind, ActionParams } from '../actions/action.ts';
import type { CallResult } from '../actions/result.ts';
import type { CallBase, CallState, FrozenRequest } from './delivery.ts';
import type { DecisionPage, DecisionQuery, GatewayRuns } from './rule-decision.ts';

/** Where an action stands in the journal. */
export type StoredState =
  | 'waiting' // in no call yet
  | 'in_call' // on its way; the call says how far
  | 'delivered'
  | 'nothing' // settled: there was nothing to send
  | 'dead' // dead letter: L2L refused it, or it became too old
  | 'parked' // undecidable, or not to be sent: a person decides
  | 'dropped' // let go by a person or by the rule
  | 'shadow'; // journalled, never sent

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

/** One action as people read it, with the newest call it is or was in. */
export type HistoryEntry = Pick<
  Action,
  'key' | 'kind' | 'rule' | 'lane' | 'chain' | 'at' | 'time' | 'params' | 'cause' | 'mode'
> & {
  readonly id: number;
  /** Address and site it is meant for. */
  readonly destination: string;
  readonly state: StoredState;
  readonly detail: string | null;
  readonly result: CallResult | null;
  readonly createdAt: number;
  readonly settledAt: number | null;
  readonly notBefore: number | null;
  readonly expiresAt: number | null;
  /** The open of a close's chain is a dead letter or parked: the close waits for what becomes of that. */
  readonly held: boolean;
  /** An earlier call of it may have had effect after all. */
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

/** One attempt, look or follow-up of a call, as it ended. */
export type HistoryAttempt = {
  readonly attempt: number;
  readonly at: number;
  readonly state: CallState;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly answer: string | null;
};

/** One call with what was sent and everything that came of it, oldest attempt first. */
export type HistoryCall = {
  readonly id: number;
  readonly state: CallState;
  readonly request: FrozenRequest;
  readonly createdAt: number;
  readonly sentAt: number | null;
  /** The gateway's start in which it was built or last sent. */
  readonly epoch: number;
  readonly base: CallBase | null;
  readonly result: CallResult | null;
  readonly reason: string | null;
  readonly detail: string | null;
  /** The call before it, whose actions waited for this one. */
  readonly predecessor: number | null;
  readonly attempts: readonly HistoryAttempt[];
  /** Older attempts that are left out: a call can be tried for days. */
  readonly attemptsLeftOut: number;
};

/** An action with all its calls, newest first. */
export type HistoryRecord = HistoryEntry & { readonly calls: readonly HistoryCall[] };

/** What a person once decided about an action. */
export type HistoryDecision = {
  readonly at: number;
  readonly kind: 'retry' | 'drop';
  readonly who: string;
  readonly why: string | null;
  /** What it stood as before, in words. */
  readonly was: string;
};

/** Everything about one action. */
export type HistoryDetail = HistoryRecord & {
  /** The other actions of its episode, and those that share its call. */
  readonly others: readonly HistoryEntry[];
  /** There are more of them. */
  readonly othersLeftOut: boolean;
  readonly decisions: readonly HistoryDecision[];
  /** What `queue retry` and `queue drop` would do now. */
  readonly retry: Prospect;
  readonly drop: Prospect;
  /** What `queue retry --as-rule` would do now; null: nobody knows the rules, or there is nothing to retry. */
  readonly asRule: Prospect | null;
};

/** An action with the codes that its rule has now. */
export type Recoded = { readonly lane: string; readonly params: ActionParams[ActionKind] };
/** Reads the codes of an action from its rule anew; `why`: the rule can not give them. Pure. */
export type Recode = (entry: HistoryEntry) => Recoded | { readonly why: string };

/** What a person's word would do. `ask`: what the person has to be sure of first; null: nothing. */
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
  /** `next` of the page before; left out: from the beginning. */
  readonly after?: number;
  /** Entries at most. */
  readonly limit: number;
};

/** A page may hold fewer entries than asked for, even none, and still have a `next`: the search takes only so long at a time. */
export type HistoryPage<Entry> = {
  readonly entries: readonly Entry[];
  /** Where the next page begins; null: there is none. */
  readonly next: number | null;
};

/** Entries a page can hold. */
export const LARGEST_PAGE = 200;

/** A person's word about an action of the queue. */
export type Decision = {
  readonly kind: 'retry' | 'drop';
  readonly id: number;
  /** Login of who says so. */
  readonly who: string;
  readonly why?: string;
  /** retry of a set of production: sent as this product. */
  readonly product?: string;
  /** retry: with the codes that its rule has now. */
  readonly asRule?: boolean;
  /** The person answered what had to be asked. */
  readonly confirmed: boolean;
};

/** What came of it. `ask`: nothing was done, the person has to be sure of this first. */
export type Decided = {
  readonly kind: 'done' | 'already' | 'refused' | 'ask' | 'unknown_id';
  readonly words: string;
  /** Ids of all actions it was done to. */
  readonly ids: readonly number[];
};

/** What a running gateway says of itself to a command. */
export type AboutGateway = {
  readonly name: string;
  /** IANA name of the site's time zone. */
  readonly timezone: string;
  /** What holds calls up, in words, each with where to correct it. */
  readonly holdUps: readonly string[];
};

/** Names of rules, and codes of machines and lines. */
export type KnownNames = { readonly rules: readonly string[]; readonly machines: readonly string[] };

/** Reads the history, through the running gateway or from the file of one that does not run. */
export interface HistoryReader {
  page(wanted: HistoryQuery): Promise<HistoryPage<HistoryEntry>>;
  records(wanted: HistoryQuery): Promise<HistoryPage<HistoryRecord>>;
  action(id: number): Promise<HistoryDetail | null>;
  /** Rules with a state or a decision, and what the newest actions name. Older actions can name others. */
  names(): Promise<KnownNames>;
  /** What rules decided without an action. */
  decisions(wanted: DecisionQuery): Promise<DecisionPage>;
  /** When the gateway started from `since` to `until` (ms since 1970). */
  runs(wanted: { readonly since: number; readonly until: number }): Promise<GatewayRuns>;
}
