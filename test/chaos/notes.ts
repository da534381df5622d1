/** Moments inside the gateway's work at which a crash may take place. */
export const MOMENTS = [
  'now',
  'before_commit',
  'after_commit',
  'before_telling', // a commit that makes new actions durable
  'after_telling',
  'send',
  'sent',
  'read',
  'answer',
  'job',
  'acknowledge',
] as const;
export type Moment = (typeof MOMENTS)[number];

/** What a run tells about itself: the trace, what was seen to be wrong on the way, and the places where it may be cut. */
export interface Notes {
  trace(text: string): void;
  /** An invariant is broken: the seed fails. */
  problem(text: string): void;
  /** The gateway is at such a moment now. Nothing it does after it counts when it is cut here. */
  moment(kind: Moment): void;
}
