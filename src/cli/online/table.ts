import type { PlacedRow, Said } from '../../config/compared.ts';
import { SUBJECTS, type Subject } from '../../core/online-check.ts';
import { oneLine } from '../records/table.ts';
import { wrap } from '../records/wrap.ts';

/** A line of the table: one finding, or all good codes of one kind. */
type Line = {
  readonly state: string;
  readonly what: string;
  readonly code: string;
  readonly where: string;
  readonly words: string;
};

const STATES: Readonly<Record<PlacedRow['state'], string>> = { good: 'ok', wrong: 'WRONG', unchecked: 'NOT CHECKED' };
const INDENT = '  ';
const GAP = '  ';
/** The words stand beside the other columns when so much room is left for them. Else they stand below. */
const ROOM = 40;
const MOST_NAMED = 8;

const LATER = 'came into the config after L2L was asked';

/** What L2L said, as a table: settings first, then each kind of code with its findings. `columns` left out: lines of any length. Pure. */
export function onlineTable(said: Said, columns: number | undefined): readonly string[] {
  const lines = SUBJECTS.flatMap(what => linesOf(what, said));
  const head: Line = { state: '', what: 'what', code: 'code', where: 'written at', words: 'L2L says' };
  const widths = (['state', 'what', 'code', 'where'] as const).map(key =>
    Math.max(...[head, ...lines].map(line => line[key].length)),
  );
  const before = INDENT.length + widths.reduce((sum, width) => sum + width + GAP.length, 0);
  return [head, ...lines].flatMap(({ state, what, code, where, words }) => {
    const cells = [state, what, code, where].map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(GAP);
    const left = `${INDENT}${cells}`;
    if (columns === undefined || columns - before >= ROOM)
      return wrap(`${left}${GAP}${words}`.trimEnd(), columns, before);
    return [
      left.trimEnd(),
      ...(words === '' || words === head.words ? [] : wrap(`${INDENT}${INDENT}${words}`, columns, 2 * INDENT.length)),
    ];
  });
}

/** How many findings there are, and what to do. */
export function onlineSum({ rows, later }: Said): string {
  const count = (state: PlacedRow['state']) => rows.filter(row => row.state === state).length;
  const [wrong, unchecked] = [count('wrong'), count('unchecked') + later.length];
  const open = unchecked === 0 ? '' : `; ${unchecked} could not be checked`;
  if (wrong === 0) return `${unchecked === 0 ? 'L2L agrees with the config' : 'nothing is known to be wrong'}${open}`;
  return `${wrong} ${wrong === 1 ? 'does' : 'do'} not agree with L2L${open}. Correct the config, or set it up in L2L`;
}

function linesOf(what: Subject, { rows, later }: Said): readonly Line[] {
  const own = rows.filter(row => row.what === what);
  const good = own.filter(({ state }) => state === 'good');
  const bad = own.filter(({ state }) => state === 'wrong');
  const unchecked = [
    ...own.filter(({ state }) => state === 'unchecked'),
    ...later.filter(one => one.what === what).map(one => ({ ...one, state: 'unchecked' as const, words: LATER })),
  ];
  return [
    ...together(good.filter(({ words }) => words === '')),
    ...good.filter(({ words }) => words !== '').map(lineOf),
    ...bad.map(lineOf),
    // One missing right concerns all codes of a kind.
    ...[...Map.groupBy(unchecked, ({ words }) => words).values()].flatMap(together),
  ];
}

/** One line for all rows with the same words. */
function together(rows: readonly PlacedRow[]): readonly Line[] {
  const [first] = rows;
  if (first === undefined) return [];
  if (rows.length === 1) return [lineOf(first)];
  const codes = rows.slice(0, MOST_NAMED).map(({ code }) => oneLine(code));
  const more = rows.length > MOST_NAMED ? ', …' : '';
  const words = `${codes.join(', ')}${more}${first.words === '' ? '' : `: ${first.words}`}`;
  return [{ ...lineOf(first), code: `${rows.length} codes`, where: '', words: oneLine(words) }];
}

function lineOf({ what, code, state, words, place }: PlacedRow): Line {
  const where = place === null || state === 'good' ? '' : `${place.file}:${place.line}:${place.column}`;
  return { state: STATES[state], what, code: oneLine(code), where, words: oneLine(words) };
}
