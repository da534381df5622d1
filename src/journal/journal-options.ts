import type { ActionKind } from '../actions/action.ts';
import type { Logger } from '../core/logger.ts';
import type { ForgetTimes, JournalTime, ShiftState } from './clock/time-shift.ts';
import type { startFullCheck } from './damage/full-check.ts';
import type { Bounds } from './upkeep/prune.ts';

export type JournalOptions = {
  /** The data folder: made when it is not there, locked for the life of the process. */
  readonly folder: string;
  /** Host and site the actions are meant for. What waits for another destination is parked at open. */
  readonly destination: string;
  /** The configured rules, with their earlier names: a dispatch that another rule left open is not held. Left out: all rules. */
  readonly rules?: ReadonlySet<string>;
  readonly now: () => number;
  /** Longest time that a request is on its way (ms). Left out: it ends at once. */
  readonly timeout?: number;
  /** A call of this kind that is found `sending` may take effect so long after its request ended (ms). It is looked up after that. */
  readonly settle: (kind: ActionKind) => number;
  /** IANA name of the zone in which calls are written. Left out: as in the life before. */
  readonly timezone?: string;
  /** Left out: times are as they were, and to be trusted. */
  readonly time?: JournalTime;
  readonly shiftState?: ShiftState;
  readonly forgetTimes?: ForgetTimes;
  readonly log: Logger;
  /** How an instant (ms since 1970) is written in an error. Left out: ISO text in this host's zone. */
  readonly writeTime?: (at: number) => string;
  /** `ballast` in bytes, 0: none. Left out: everything is kept, and nothing is put aside for a full disk. */
  readonly limits?: Bounds & { readonly ballast: number };
  /** Reads the whole file once, after the start. Left out: in a thread. */
  readonly fullCheck?: typeof startFullCheck;
  /** What to do with a damaged file: refuse to start (default), or set it aside and begin anew. */
  readonly onCorrupt?: 'refuse' | 'rebuild';
  /**
   * The disk failed or the file is damaged. Called before any other listener. The process has to end, so that the next one reads the
   * file from the disk. Left out: the journal refuses every write from then on.
   */
  readonly onFatal?: (error: Error) => void;
};
