import type { CallResult } from '../actions/result.ts';
import type { StoredAction } from './delivery.ts';

/** Actions with which the gateway has got somewhere, and the journal says so durably. Refused and parked ones are no part of it. */
export type Done = {
  /** delivered: L2L has it. accepted: L2L took it and works on it. nothing: there was nothing to send. */
  readonly kind: 'delivered' | 'accepted' | 'nothing';
  /** Of one call, or of one that was not needed. */
  readonly actions: readonly StoredAction[];
  readonly result: CallResult | null;
  /** What was found out, in words; why there was nothing to send. */
  readonly detail: string | null;
};
