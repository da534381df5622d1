import type { ActionKind } from '../actions/action.ts';
import type { Logger } from '../core/logger.ts';
import type { ForgetTimes, JournalTime, ShiftState } from './clock/time-shift.ts';
import type { startFullCheck } from './damage/full-check.ts';
import type { Bounds } from './upkeep/prune.ts';

export type JournalOptions = {
  /** The data folder. It is made when it is missing, and locked for the life of the process. */
  readonly folder: string;
  /** Host and site of the actions. Waiting actions for another destination are parked at the start [J1]. */
  readonly destination: string;
  /** The configured rules, with their earlier names. Dispatches of other rules are not held. Left out: all rules. */
  readonly rules?: ReadonlySet<string>;
  readonly now: () => number;
  /** The longest time that a request can be under way (ms). Left out: a request ends at once. */
  readonly timeout?: number;
  /**
   * A call of this kind that is found `sending` may still take effect for this long after its request ended (ms). It is looked up after
   * that.
   */
  readonly settle: (kind: ActionKind) => number;
  /** IANA name of the zone in which calls are written. Left out: as in the life before. */
  readonly timezone?: string;
  /** Left out: the times need no correction. */
  readonly time?: JournalTime;
  readonly shiftState?: ShiftState;
  readonly forgetTimes?: ForgetTimes;
  readonly log: Logger;
  /** How an instant (ms since 1970) is written in an error. Left out: ISO text in this host's zone. */
  readonly writeTime?: (at: number) => string;
  /** `ballast` in bytes, 0: none. Left out: all history is kept, without a ballast for a full disk. */
  readonly limits?: Bounds & { readonly ballast: number };
  /** Reads the whole file once, after the start. Left out: in a thread. */
  readonly fullCheck?: typeof startFullCheck;
  /** A damaged file is refused (default), or set aside for a new one. */
  readonly onCorrupt?: 'refuse' | 'rebuild';
  /**
   * Called when the disk failed or the file is damaged, before any other listener. The process has to end, so that the next one reads the
   * file from the disk. Left out: the journal refuses every write from then on.
   */
  readonly onFatal?: (error: Error) => void;
};
