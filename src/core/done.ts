import type { CallResult } from '../actions/result.ts';
import type { StoredAction } from './delivery.ts';

/** Progress of actions that is durable in the journal. Refused and parked actions are not part of it. */
export type Done = {
  /** delivered: L2L has them. accepted: L2L took them and works on them. nothing: there was nothing to send. */
  readonly kind: 'delivered' | 'accepted' | 'nothing';
  /** The actions of one call, or of a call that was not needed. */
  readonly actions: readonly StoredAction[];
  readonly result: CallResult | null;
  /** What a look-up found, or why there was nothing to send. */
  readonly detail: string | null;
};
