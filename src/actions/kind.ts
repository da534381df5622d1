import type { z } from 'zod';

/** Where calls go. Each destination has its own delivery, lanes, breaker and budget. */
export type Destination = 'l2l';

/** Why a product is not known, and what the signals that name it showed: as JSON, by signal. */
export type UnknownProduct = { readonly why: string; readonly seen: Readonly<Record<string, string>> };

/** How the queue handles the calls of a kind. */
export type KindPolicy = {
  /** 0 before 1 before 2: dispatches, counts, production. */
  readonly priority: 0 | 1 | 2;
  /** After an unknown outcome, sending it again leads to the same state in L2L. */
  readonly repeatable: boolean;
  /** How many waiting actions of a lane, none of them sent before, may share a call. */
  readonly maxActions: number;
  /** The first actions of several lanes may share a call (record sets). */
  readonly acrossLanes: boolean;
  /** Requests that one call usually needs, with the reads before and after it. Left out: 1. */
  readonly requests?: number;
  /** When two look-ups did not find it, it is sent again as another call, whose body asks L2L to refuse duplicates. */
  readonly guardedRepeat?: boolean;
};

/** What a kind of call is, without HTTP: params, lane, times, words, and what journal and queue have to know. Pure. */
export type CallKind<K extends string, P extends object> = {
  readonly kind: K;
  readonly destination: Destination;
  /** Everything that a call needs. Nothing of it is looked up in the config again. */
  readonly params: z.ZodType<P>;
  /**
   * Actions of one lane keep their order. The lane is `family:code`, with the code of a machine or a line from `place`, a field of the
   * params.
   */
  readonly lane: { readonly family: string; readonly place: keyof P & string };
  readonly times: KindTimes<P>;
  readonly chain: KindChain;
  readonly decision: KindDecision<P>;
  readonly policy: KindPolicy;
  readonly words: KindWords<P>;
};

export type KindTimes<P extends object> = {
  /** Fields of the params that are instants (ms since 1970). The first is the true time: when it began or happened. */
  readonly fields: readonly [keyof P & string, ...(keyof P & string)[]];
  /** L2L receives these times. False: an action can be sent although nobody knows when it happened. */
  readonly areSent: boolean;
  /** Two times are an interval of whole seconds. Intervals of a lane may not overlap, and no correction moves them back. Left out: no. */
  readonly areIntervals?: boolean;
  /** An action older than `max_age` is not sent. False: it is sent however old. */
  readonly expire: boolean;
};

export type KindChain = {
  /**
   * opens: begins an episode, and its result holds what a later action of the chain ends. ends: ends the episode. joins: it goes where
   * the episode went, and neither begins nor ends it. anchors: the first delivered action of the chain holds what later ones add to.
   * none: it stands alone.
   */
  readonly role: 'opens' | 'ends' | 'joins' | 'anchors' | 'none';
};

export type KindDecision<P extends object> = {
  /** What a person decides at once: the whole episode, all actions of a call, or one action. */
  readonly unit: 'episode' | 'call' | 'action';
  /** Why a newer action forbids to send this one again. newer: a newer value of the same chain. overlap: an interval of the lane. */
  readonly superseded: 'newer' | 'overlap' | 'never';
  /** The sum of several actions, for the words of a decision. Left out: they have no sum. */
  readonly sum?: (all: readonly [P, ...P[]]) => P;
  /** L2L may still list an earlier refusal of an action that a person retries. */
  readonly isGuardedWhenRetried?: boolean;
  /** Its product can be named later. `unknown`: why it is not known; undefined: it is. */
  readonly product?: {
    readonly unknown: (params: P) => UnknownProduct | undefined;
    readonly named: (params: P, product: string) => P;
  };
};

export type KindWords<P extends object> = {
  /** The call in two words: `open dispatch`. */
  readonly name: string;
  /** As a person says it: `open dispatch DOWN at PRESS-01`. */
  readonly long: (params: P) => string;
  /** Short enough for a list: `open DOWN`. */
  readonly short: (params: P) => string;
  /** What the gateway would do, in shadow mode: `close dispatch`. */
  readonly would: (params: P) => string;
  /** What the log says once L2L has it, and once L2L took it and works on it: `dispatch closed`. */
  readonly done: (params: P) => string;
  readonly accepted?: string;
  /** What the log says when there was nothing to send: `no dispatch closed`. */
  readonly notDone: string;
  /** The fields of a line of the log, for one action or for all of a call. Instants are Dates: the log has its own notation. */
  readonly facts: (all: readonly [P, ...P[]]) => object;
};

/** Keeps the exact types of the kind and its params. */
export function defineKind<const K extends string, P extends object>(kind: CallKind<K, P>): CallKind<K, P> {
  return kind;
}
