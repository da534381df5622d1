import { DECISION_KINDS, type DecisionKind, type DecisionRow } from '../../core/rule-decision.ts';
import type { RuleEvent } from '../program.ts';

/**
 * The decisions of the rules on their way to the journal, as rows for the next commit [R3]. A rule that decides the same again and again (a
 * signal that flaps, a machine that stops after every part) gets a few single rows and then one row that counts the others, so the
 * journal gets at most a few hundred rows for it in a day.
 */
export interface Recorder {
  /** `now`: by the gateway's clock (ms since 1970). */
  note(events: readonly RuleEvent[], now: number): void;
  /** Rows to write, oldest first, `most` at most. A counting row comes again while its count rises. */
  take(now: number, most: number): DecisionRow[];
  /** No row waits to be written, now or later. */
  readonly isEmpty: boolean;
}

/** Single rows of a kind that a rule gets, and how long (ms) until it gets one more. */
const ROWS = 20;
const ONE_MORE = 600_000;
/** The longest time of a counting row (ms), and how often it is written meanwhile. */
const LONGEST = 600_000;
const WRITTEN_EVERY = 1000;
/** Most rows that wait while the journal accepts none. Further decisions are not recorded, but the rules go on. */
const MOST_WAITING = 20_000;

const RECORDED: ReadonlySet<string> = new Set(DECISION_KINDS);

type Row = { decision: DecisionRow; lasted: number; isDirty: boolean; writtenAt: number };
type Series = { left: number; at: number; row: Row | null };

export function createRecorder(): Recorder {
  const series = new Map<string, Series>();
  let waiting: Row[] = [];
  /** Rows that count and have changed since they were written. */
  const dirty = new Set<Row>();
  let rows = 0;

  function add(event: RuleEvent & { kind: DecisionKind }, counts: boolean): Row | null {
    if (waiting.length >= MOST_WAITING) return null;
    const { rule, at, kind, detail: text, values = [], lasted = 0 } = event;
    const decision = { rule, at, kind, text, values, count: 1, until: null, row: counts ? ++rows : null };
    const row = { decision, lasted, isDirty: true, writtenAt: -Infinity };
    waiting.push(row);
    return row;
  }

  function count(row: Row, { at, detail: text, values = [], lasted = 0 }: RuleEvent): void {
    const { decision } = row;
    const isSaid = lasted >= row.lasted;
    row.decision = {
      ...decision,
      count: decision.count + 1,
      until: Math.max(at, decision.until ?? decision.at),
      ...(isSaid && { text, values }),
    };
    if (isSaid) row.lasted = lasted;
    if (row.isDirty) return;
    row.isDirty = true;
    dirty.add(row);
  }

  function noteOne(event: RuleEvent & { kind: DecisionKind }, now: number): void {
    const name = `${event.kind} ${event.rule}`;
    const known = series.get(name) ?? { left: ROWS, at: now, row: null };
    series.set(name, known);
    const gained = Math.floor((now - known.at) / ONE_MORE);
    if (gained > 0) {
      known.left = Math.min(ROWS, known.left + gained);
      known.at += gained * ONE_MORE;
    }
    if (known.row !== null && event.at - known.row.decision.at > LONGEST) known.row = null;
    if (known.left > 0) {
      if (known.left === ROWS) known.at = now;
      known.left--;
      known.row = null;
      add(event, false);
    } else if (known.row === null) known.row = add(event, true);
    else count(known.row, event);
  }

  function written(row: Row, now: number): DecisionRow {
    row.isDirty = false;
    row.writtenAt = now;
    dirty.delete(row);
    return row.decision;
  }

  return {
    note(events, now) {
      for (const event of events) if (isRecorded(event)) noteOne(event, now);
    },
    take(now, most) {
      const taken = waiting.slice(0, most);
      waiting = waiting.slice(taken.length);
      for (const row of dirty) {
        if (taken.length >= most) break;
        if (now - row.writtenAt >= WRITTEN_EVERY) taken.push(row);
      }
      return taken.map(row => written(row, now));
    },
    get isEmpty() {
      return waiting.length + dirty.size === 0;
    },
  };
}

function isRecorded(event: RuleEvent): event is RuleEvent & { kind: DecisionKind } {
  return RECORDED.has(event.kind);
}
