import type { ActionKind, ActionParams } from './registry.ts';

export type { ActionKind, ActionParams } from './registry.ts';
export type OpenDispatchParams = ActionParams['open_dispatch'];
export type CloseDispatchParams = ActionParams['close_dispatch'];
export type RecordDetailsParams = ActionParams['record_details'];

/** One signal as it was when an action was made. */
export type CauseValue = {
  readonly signal: string;
  readonly value: string | number | boolean | null;
  readonly quality: string;
  readonly at: number | null;
};

/** Why an action was made: the rule, its place in the config, and the values of its signals. */
export type Cause = {
  readonly rule: string;
  /** `file:line` of the rule. */
  readonly where: string;
  readonly text: string;
  readonly values: readonly CauseValue[];
};

/** shadow: recorded in the journal, never sent. An episode keeps the mode in which it began. */
export type Mode = 'live' | 'shadow';

/** One thing for L2L. Nothing of it is looked up in the config again. */
export type Action = {
  readonly [K in ActionKind]: {
    /** Rule, episode or interval, and kind. Unique in the journal. It never contains the current time, so a repeat has the same key. */
    readonly key: string;
    readonly kind: K;
    readonly rule: string;
    /** The order key, as the kind says: `dispatch:MACHINE`, `cycles:MACHINE` or `production:LINE`. */
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
    /** It may be sent for the first time until then (ms since 1970). After that it is a dead letter, with what depends on it. Left out: no limit. */
    readonly expiresAt?: number;
    /** What happens when nobody can say whether L2L took it. Left out: it is parked. */
    readonly onUnknown?: 'repeat' | 'drop';
  };
}[ActionKind];
