import type { CallState } from './delivery.ts';

/** The state of a call, in the words of the lists and pages. */
export const CALL_WORDS: Readonly<Record<CallState, string>> = {
  frozen: 'ready',
  sending: 'sending',
  retry: 'retrying',
  unknown: 'in doubt',
  accepted: 'accepted',
  delivered: 'delivered',
  rejected: 'refused',
  parked: 'parked',
  released: 'put back',
  dropped: 'dropped',
};
