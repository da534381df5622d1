/** The kinds of codes that rules send. */
export const CODE_SUBJECTS = ['line', 'machine', 'type', 'trade', 'reason', 'product'] as const;
export type CodeSubject = (typeof CODE_SUBJECTS)[number];

/** What is compared with L2L: the settings of the site, and the codes. */
export const SUBJECTS = ['api key', 'site', 'time zone', 'clock', ...CODE_SUBJECTS] as const;
export type Subject = (typeof SUBJECTS)[number];

/** `unchecked`: the key lacks a right, or L2L does not say. */
export type RowState = 'good' | 'wrong' | 'unchecked';

/** What L2L says about one setting or one code. */
export type CheckRow = {
  readonly what: Subject;
  /** The value in the config: a code, the number of the site, the name of the zone. Empty: there is none. */
  readonly code: string;
  readonly state: RowState;
  /** Empty for a code without a problem. */
  readonly words: string;
};

/** What L2L said about a config. */
export type OnlineCheck = {
  /** When L2L was asked (ms since 1970). */
  readonly at: number;
  /** Which L2L, as a journal names it. */
  readonly destination: string;
  readonly rows: readonly CheckRow[];
};

/** The result of a check: what L2L said, or why it said nothing. */
export type CheckResult =
  | { readonly kind: 'checked'; readonly check: OnlineCheck }
  | { readonly kind: 'no answer'; readonly detail: string };

/** A code that rules send to L2L. */
export type SentCode = {
  readonly what: CodeSubject;
  readonly code: string;
  /** The value of a signal is a part of the code, so `code` is its text in the config, and nobody can compare it. */
  readonly open: boolean;
  /** Of a type: whether a rule opens dispatches of it without a reason. Left out: no rule opens any. */
  readonly opened?: 'with reason' | 'without reason';
};

/** Keeps the result of the last check for other processes and for later. A fault of the disk is only a missing result. */
export interface CheckFile {
  /** The last result; null: there is none that can be read. */
  read(): OnlineCheck | null;
  /** Why the result could not be kept; null: it was kept. */
  write(check: OnlineCheck): string | null;
}

/** Names a row. */
export function rowKey({ what, code }: Pick<CheckRow, 'what' | 'code'>): string {
  return `${what} ${code}`;
}
