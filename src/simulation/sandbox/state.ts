import type { FaultInForce } from './faults.ts';
import type { Manners } from './manners.ts';
import type { SandboxData } from './records.ts';

/** One call as it came in, whatever became of it. */
export type SeenCall = {
  readonly at: number;
  readonly method: string;
  /** Without the query, which may carry the key. */
  readonly path: string;
  /** What it was about: machine or line, as far as the parameters name one. */
  readonly target: string;
  /** HTTP status; 0: no answer was given. */
  readonly status: number;
  readonly ms: number;
  readonly success: boolean;
  readonly detail: string;
};

export type SandboxState = SandboxData & {
  readonly now: number;
  readonly manners: Manners;
  readonly faults: readonly FaultInForce[];
  /** The last calls, newest last. */
  readonly calls: readonly SeenCall[];
};
