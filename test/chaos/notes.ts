/** Moments inside the gateway's work at which a crash may take place. */
export const MOMENTS = [
  'now',
  'before_commit',
  'after_commit',
  'before_actions', // a commit that makes new actions durable
  'after_actions',
  'send',
  'sent',
  'read',
  'answer',
  'job',
  'acknowledge',
] as const;
export type Moment = (typeof MOMENTS)[number];

/** The reports of a run: its trace, the faults found on the way, and the moments at which it may crash. */
export interface Notes {
  trace(text: string): void;
  /** An invariant is broken: the seed fails. */
  problem(text: string): void;
  /** The gateway is at such a moment. When it crashes here, nothing that it does afterwards counts. */
  moment(kind: Moment): void;
}
