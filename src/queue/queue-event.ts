import type { Done } from '../core/done.ts';
import type { Evidence, Pause } from './breaker.ts';
import type { OpenCall } from './open-call.ts';

/** What a part of the queue reports. src/queue/destination.ts says who reacts. */
export type QueueEvent =
  /** An attempt, a read or a write of the journal showed something about the destination or the journal. */
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
  | { readonly kind: 'paused'; readonly pause: Pause }
  /** A pause ended: the calls that waited for it go on. */
  | { readonly kind: 'resumed'; readonly ended: Pause }
  /** One call may be tried now. */
  | { readonly kind: 'probe_due' }
  /** The call is open and needs a job for its `due`. */
  | { readonly kind: 'call_waiting'; readonly open: OpenCall }
  /** The call is final, or left its lanes: their next actions may go. */
  | { readonly kind: 'call_left'; readonly open: OpenCall }
  /** A job ended; what it showed is reported before. */
  | { readonly kind: 'run_ended'; readonly call: number }
  /** It is durable how far the gateway got with these actions. */
  | { readonly kind: 'done'; readonly done: Done };

export type Emit = (event: QueueEvent) => void;
