/** Records as the sandbox keeps them: JSON-safe, times in ms since 1970 UTC, references by record id. */

type Stamped = { readonly id: number; readonly created: number; lastupdated: number };

export type Site = Stamped & {
  readonly site: number;
  readonly description: string;
  readonly timezone: string;
  readonly test_site: boolean;
  readonly active: boolean;
};

export type Line = Stamped & {
  readonly site: number;
  readonly code: string;
  readonly externalid: string | null;
  readonly defaultproduct: number | null;
  readonly enable_pitchdetails_api: boolean;
};

export type Machine = Stamped & {
  readonly site: number;
  readonly line: number;
  readonly code: string;
  readonly active: boolean;
  cyclecount: number;
};

export type DispatchType = Stamped & {
  readonly site: number;
  readonly code: string;
  readonly active: boolean;
  readonly impact: number;
  readonly allowmultiple: boolean;
  readonly reasonrequiredonopen: boolean;
  readonly requiretoolingonopen: boolean;
};

/** Trades, reasons and products: a code in a site. */
export type Coded = Stamped & { readonly site: number; readonly code: string; readonly default?: boolean };

export type User = { readonly id: number; readonly site: number; readonly loginid: string };

export type Dispatch = Stamped & {
  readonly dispatchnumber: number;
  readonly site: number;
  readonly machine: number;
  dispatchtype: number;
  readonly trade: number | null;
  reason: number | null;
  description: string;
  readonly reported: number;
  completed: number | null;
  closed: number | null;
  deleted: boolean;
  readonly externalid: string | null;
  readonly createdby: string;
  lastupdatedby: string;
  readonly notes: string[];
};

export type PitchDetail = Stamped & {
  readonly site: number;
  readonly line: number;
  readonly product: number;
  readonly start: number;
  readonly end: number;
  readonly actual: number;
  readonly scrap: number;
  readonly operator_count: number;
  /** The batch it came in; null: a call of its own. */
  readonly batch: number | null;
};

/** Scrap of one category in one pitch. */
export type ScrapDetail = Stamped & {
  readonly site: number;
  readonly line: number;
  readonly product: number;
  readonly category: string;
  readonly start: number;
  readonly end: number;
  scrap: number;
};

export type BatchRecord = {
  readonly id: number;
  /** The set as it was sent. */
  readonly sent: Readonly<Record<string, unknown>>;
  status: 'queued' | 'finished' | 'failed';
  error: string | null;
  pitchdetail: number | null;
};

export type Batch = {
  readonly id: number;
  readonly site: number;
  readonly created: number;
  /** When the sandbox works on its first set, and how long after it on each of the next (ms). */
  readonly due: number;
  readonly pace: number;
  readonly records: readonly BatchRecord[];
};

/** One write that took effect, in the order it did. This list proves what came in which order and how often. */
export type LogEntry = {
  readonly seq: number;
  readonly at: number;
  /** The method, such as `dispatches/open`. */
  readonly what: string;
  readonly by: string;
  /** Code of the machine or the line it is about. */
  readonly target: string;
  /** What it changed; times in ms since 1970. */
  readonly change: Readonly<Record<string, string | number | boolean | null>>;
  /** Parameters that L2L would have ignored silently. */
  readonly ignored?: readonly string[];
};

/** Everything the sandbox holds. */
export type SandboxData = {
  readonly sites: Site[];
  readonly lines: Line[];
  readonly machines: Machine[];
  readonly dispatchtypes: DispatchType[];
  readonly trades: Coded[];
  readonly reasons: Coded[];
  readonly products: Coded[];
  readonly users: User[];
  readonly dispatches: Dispatch[];
  readonly details: PitchDetail[];
  readonly scraps: ScrapDetail[];
  readonly batches: Batch[];
  readonly log: LogEntry[];
};
