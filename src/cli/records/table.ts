import { placeOf, shortWords } from '../../actions/words.ts';
import { trueTime } from '../../actions/written-times.ts';
import type { HistoryEntry } from '../../core/history.ts';
import type { Times } from './times.ts';
import { reasonWords, standsSince, stateWord } from './words.ts';

/** Which times and reasons a list shows: of the queue, where things stand; of the journal, what happened. */
export type TableOf = 'queue' | 'journal';

/** Columns of the narrowest list: that of the journal has two times. */
const NARROWEST: Readonly<Record<TableOf, number>> = { queue: 80, journal: 110 };
const GAP = '  ';

/** The times of each list. True time: when the stop began or ended, or the counting began; made: when the rule made the action. */
const TIMES: Readonly<Record<TableOf, readonly (readonly [string, (entry: HistoryEntry) => number])[]>> = {
  queue: [['since', standsSince]],
  journal: [
    ['true time', trueTime],
    ['made', entry => entry.at],
  ],
};

/** Rows of a list with its head, cut to `columns`; left out: not cut. Pure. */
export function table(
  of: TableOf,
  entries: readonly HistoryEntry[],
  times: Times,
  columns?: number,
): readonly string[] {
  const columnsOfTime = TIMES[of];
  const head = ['id', 'state', ...columnsOfTime.map(([title]) => title), 'where', 'what', 'rule', 'why'];
  const rows = entries.map(entry => [
    String(entry.id),
    stateWord(entry),
    ...columnsOfTime.map(([, timeOf]) => times.people(timeOf(entry))),
    oneLine(placeOf(entry)),
    oneLine(shortWords(entry)),
    entry.rule,
    oneLine(of === 'queue' || entry.state !== 'delivered' ? reasonWords(entry) : entry.cause.text),
  ]);
  const natural = head.map((title, column) => Math.max(title.length, ...rows.map(row => length(row[column] ?? ''))));
  const widths =
    columns === undefined ? natural : fitted(natural, Math.max(columns, NARROWEST[of]), 3 + columnsOfTime.length);
  return [head, ...rows].map(row =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padStart(width) : padded(cut(cell, width), width);
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** Id, state, times and place are never cut; the others share what is left, and what one of them does not need goes to the reason. */
function fitted(natural: readonly number[], columns: number, uncut: number): readonly number[] {
  const kept = natural.slice(0, uncut);
  const [what = 0, rule = 0, why = 0] = natural.slice(uncut);
  const room = columns - kept.reduce((sum, width) => sum + width, 0) - GAP.length * (natural.length - 1);
  const whatWidth = Math.min(what, Math.max(6, Math.floor(room * 0.4)));
  const left = room - whatWidth;
  const ruleWidth = Math.min(rule, Math.max(6, Math.floor(left * 0.4), left - why));
  return [...kept, whatWidth, ruleWidth, Math.max(6, left - ruleWidth)];
}

/** Characters, not UTF-16 units: a name from a PLC may hold any. */
function length(text: string): number {
  return [...text].length;
}

function cut(text: string, width: number): string {
  return length(text) <= width ? text : `${[...text].slice(0, Math.max(0, width - 1)).join('')}…`;
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - length(text)));
}

/** Texts come from PLCs and from L2L: a line break or an escape sequence in one must not spoil the terminal. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trimEnd();
}
