import type { Value } from './sample.ts';

/** One signal as it was when an action was made. */
export type CauseValue = {
  readonly signal: string;
  readonly value: string | number | boolean | null;
  readonly quality: string;
  readonly at: number | null;
};

/** Why an action was made: the rule, where it stands in the config, what it saw. */
export type Cause = {
  readonly rule: string;
  /** `file:line` of the rule. */
  readonly where: string;
  readonly text: string;
  readonly values: readonly CauseValue[];
};

export type OpenDispatchParams = {
  readonly machine: string;
  readonly type: string;
  readonly trade?: string;
  readonly reason?: string;
  readonly description: string;
  /** When the condition began (ms since 1970). */
  readonly reported: number;
  /**
   * leave: a person's open dispatch stands for ours and is never closed by us. adopt: it becomes the episode's own. open: ours is
   * opened beside it.
   */
  readonly ifFoundOpen: 'leave' | 'adopt' | 'open';
  /** The episode was over before L2L could be told: as an open and a close, as one finished dispatch, or not at all. */
  readonly ifMissed?: 'open_and_close' | 'add' | 'nothing';
};

export type CloseDispatchParams = {
  readonly machine: string;
  readonly type: string;
  /** When the condition ended (ms since 1970). */
  readonly completed: number;
  /** note: a comment says that it is over, people close it. leave: L2L is told nothing. */
  readonly how: 'close' | 'complete' | 'note' | 'leave';
  /** Also ends a dispatch that a person had opened and the episode adopted. */
  readonly closeAdopted?: boolean;
};

export type IncrementCyclesParams = {
  readonly machine: string;
  readonly count: number;
  readonly from: number;
  readonly to: number;
};

export type SetCyclesParams = {
  readonly machine: string;
  /** Cycles since the rule first saw its counter. L2L's count at first sight is added before sending: never a raw PLC value. */
  readonly movement: number;
  readonly at: number;
};

/** Why the product of a set is not known, and what the signals that name it showed: as JSON, by signal. */
export type UnknownProduct = { readonly why: string; readonly seen: Readonly<Record<string, string>> };

export type RecordDetailsParams = {
  readonly line: string;
  readonly start: number;
  readonly end: number;
  /** Good parts; at most two decimals. */
  readonly actual: number;
  readonly scrap: number;
  /** null: L2L finds the product itself (product_autodetect). */
  readonly product: string | null;
  /** Then it is parked from the start, until somebody names the product: never told under a wrong one. */
  readonly unknownProduct?: UnknownProduct;
  readonly operatorCount?: number;
  /** The interval spans a time in which nothing was seen. */
  readonly blind?: boolean;
  /** Why the product is uncertain: another one ran after that time than before it. */
  readonly uncertainProduct?: string;
};

/** The kinds of thing L2L can be told, each with what has to be known for it. */
export type ActionParams = {
  readonly open_dispatch: OpenDispatchParams;
  readonly close_dispatch: CloseDispatchParams;
  readonly increment_cycles: IncrementCyclesParams;
  readonly set_cycles: SetCyclesParams;
  readonly record_details: RecordDetailsParams;
};

export type ActionKind = keyof ActionParams;

/** Shadow: journalled, never sent. Fixed for an episode when it begins. */
export type Mode = 'live' | 'shadow';

/** What L2L must be told, resolved: nothing of it is looked up in the config again. */
export type Action = {
  readonly [K in ActionKind]: {
    /** Deterministic: rule, episode or interval, kind. Unique in the journal, never contains "now". */
    readonly key: string;
    readonly kind: K;
    readonly rule: string;
    /** The order key: `dispatch:MACHINE`, `cycles:MACHINE` or `production:LINE`. */
    readonly lane: string;
    /**
     * The episode (`rule#number@reported`) whose actions depend on each other. For set_cycles the rule's counter as first seen
     * (`rule#sight@ms`): its first delivered call fixes the anchor. null for increments and production.
     */
    readonly chain: string | null;
    /** Event time of what caused it (ms since 1970). */
    readonly at: number;
    /** Whether `at` is the source's or the receipt's time. */
    readonly time: 'source' | 'received';
    readonly params: ActionParams[K];
    readonly cause: Cause;
    readonly mode: Mode;
    /** Not begun to be told after this (ms since 1970): a dead letter then, with what depends on it. Left out: told however late. */
    readonly expiresAt?: number;
    /** When it can't be told whether L2L took it. Left out: parked for a person. */
    readonly onUnknown?: 'repeat' | 'drop';
  };
}[ActionKind];

/** JSON-safe form of a value, for causes, pages and logs. */
export function plainValue(value: Value | null): string | number | boolean | null {
  return typeof value === 'bigint' ? value.toString() : value;
}
