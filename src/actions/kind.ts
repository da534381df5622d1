import type { z } from 'zod';

/** Where calls go. Each destination has its own delivery, lanes, breaker and budget. */
export type Destination = 'l2l';

/** Why a product is not known, and what the signals that name it showed: as JSON, by signal. */
export type UnknownProduct = { readonly why: string; readonly seen: Readonly<Record<string, string>> };

/** How the queue handles the calls of a kind. */
export type KindPolicy = {
  /** 0 before 1 before 2: dispatches, counts, production. */
  readonly priority: 0 | 1 | 2;
  /** A repeat after an unknown outcome gives the same end state. */
  readonly repeatable: boolean;
  /** How many waiting actions of a lane, never sent yet, go into one call. */
  readonly maxActions: number;
  /** Heads of several lanes share a call (record sets). */
  readonly acrossLanes: boolean;
  /** Requests one call usually takes, with what is read before and after it. Left out: only itself. */
  readonly requests?: number;
  /** A repeat after two looks without it is another call, with a body that asks L2L to refuse a second one. */
  readonly guardedRepeat?: boolean;
};

/** What a kind of call is, without HTTP: its params, its lane, its times, its words, and what the journal has to know. Pure. */
export type CallKind<K extends string, P extends object> = {
  readonly kind: K;
  readonly destination: Destination;
  /** What has to be known for a call. Nothing of it is looked up in the config again. */
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
  /** L2L receives these times. Without it an action of an unknown time can be sent all the same. */
  readonly areSent: boolean;
  /** Intervals of one lane that may not overlap: they are whole seconds, and a correction never moves them back. Left out: no. */
  readonly areIntervals?: boolean;
  /** An action older than `max_age` is not sent. False: it is sent however old. */
  readonly expire: boolean;
};

export type KindChain = {
  /**
   * opens: begins an episode, and its result holds what a later action of the chain ends. ends: ends the episode. anchors: the first
   * delivered action of the chain holds what later ones add to. none: it stands alone.
   */
  readonly role: 'opens' | 'ends' | 'anchors' | 'none';
};

export type KindDecision<P extends object> = {
  /** What a person decides together: the whole episode, all that was merged into one call, or each action alone. */
  readonly unit: 'episode' | 'call' | 'action';
  /** Why a newer action forbids to send this one again. newer: a newer value of the same chain. overlap: an interval of the lane. */
  readonly superseded: 'newer' | 'overlap' | 'never';
  /** Several merged into one, for the words of a decision. Left out: each stands for itself. */
  readonly sum?: (all: readonly [P, ...P[]]) => P;
  /** A retried one is guarded: L2L had it before, and may still list why it refused it. */
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

/** Keeps the kind and the type of its params while the registry lists all of them. */
export function defineKind<const K extends string, P extends object>(kind: CallKind<K, P>): CallKind<K, P> {
  return kind;
}
