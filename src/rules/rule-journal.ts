import type { Action } from '../core/action.ts';
import type { Quality, Value } from '../core/sample.ts';

/** The last good value of a restorable signal, as kept over a restart. */
export type KeptValue = {
  readonly signal: string;
  readonly value: Value;
  readonly quality: Quality;
  readonly at: number;
};

/** One message of an acknowledging transport that was taken. */
export type TakenMessage = { readonly source: string; readonly packetId: number; readonly hash: string };

/** What one group commit makes durable, all of it or nothing. */
export type RuleCommit = {
  readonly states: readonly { readonly rule: string; readonly state: string }[];
  readonly actions: readonly Action[];
  readonly taken: readonly TakenMessage[];
  readonly values: readonly KeptValue[];
  readonly at: number;
};

/** What the rules need of the journal; src/journal implements it. */
export interface RuleJournal {
  /** State rows as JSON text by rule. */
  ruleStates(): ReadonlyMap<string, string>;
  keptValues(): readonly KeptValue[];
  /** Last time the gateway was alive and committed (ms since 1970); null in a new journal. */
  readonly lastAlive: number | null;
  wasTaken(message: TakenMessage): boolean;
  /** The broker kept no session: its packet ids start anew. */
  forgetTaken(source: string): void;
  /** Joins the next group commit. Rejects when it can't be made durable: then nothing is acknowledged. */
  commit(commit: RuleCommit): Promise<void>;
}
