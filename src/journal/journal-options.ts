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
  /** The rules there are, with the names they had before: what another one left open holds no dispatch. Left out: all. */
  readonly rules?: ReadonlySet<string>;
  readonly now: () => number;
  /** Longest time that a request is on its way (ms). Left out: it ends at once. */
  readonly timeout?: number;
  /** How long after its request ended a call of a kind, found `sending`, may still take effect (ms): it is looked up no sooner. */
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
   * The disk failed or the file is damaged: nobody may go on with it. Called before anybody else hears of it; the process has to
   * end, and the next one to read the file from the disk. Left out: every write is refused from then on.
   */
  readonly onFatal?: (error: Error) => void;
};
