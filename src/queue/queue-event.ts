import type { Done } from '../core/done.ts';
import type { Evidence, Pause } from './breaker.ts';
import type { OpenCall } from './open-call.ts';

/** The events that a part of the queue reports. src/queue/destination.ts decides who reacts. */
export type QueueEvent =
  /** An attempt, a read, or a write of the journal gave evidence about the destination or the journal. */
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
  | { readonly kind: 'paused'; readonly pause: Pause }
  /** A pause ended: the calls that it held back go on. */
  | { readonly kind: 'resumed'; readonly ended: Pause }
  /** One call may be tried now. */
  | { readonly kind: 'probe_due' }
  /** The call is open and needs a job for its `due`. */
  | { readonly kind: 'call_waiting'; readonly open: OpenCall }
  /** The call is final, or left its lanes: their next actions may go. */
  | { readonly kind: 'call_left'; readonly open: OpenCall }
  /** A job ended. Its evidence was reported before. */
  | { readonly kind: 'run_ended'; readonly call: number }
  /** The progress of these actions is durable. */
  | { readonly kind: 'done'; readonly done: Done };

export type Emit = (event: QueueEvent) => void;
