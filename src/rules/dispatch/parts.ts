import type { CauseValue } from '../../actions/action.ts';
import { plainValue } from '../../core/sample.ts';
import type { SignalCell } from '../common/signal-table.ts';
import type { Part } from '../program.ts';

type Cells = ReadonlyMap<string, SignalCell>;

/** What the parts of a condition show: `press1.running = false, press1.manual is unknown (no answer)`. */
export function partsWords(parts: readonly Part[], cells: Cells): string {
  const texts: string[] = [];
  for (const { text, truth, operands } of parts) {
    if (truth === 'unknown') {
      if (operands.every(({ value }) => value !== undefined)) texts.push(`${text} ${noResult(text)}`);
      continue;
    }
    for (const { name, value } of operands) {
      const words = `${name} = ${value}`;
      if (!texts.includes(words)) texts.push(words);
    }
  }
  return [...texts, ...unknownWords(parts, cells)].join(', ');
}

/** Why a calculation with known values has no result. */
function noResult(text: string): string {
  const divides = /\/|\bmod\b/i.test(text) ? 'divides by 0, or ' : '';
  return `${divides}has a result that is too large`;
}

/** The unknown signals of the parts, grouped by the reason. */
function unknownWords(parts: readonly Part[], cells: Cells): readonly string[] {
  const unknown = parts
    .filter(({ truth }) => truth === 'unknown')
    .flatMap(({ operands }) => operands.filter(({ value }) => value === undefined));
  if (unknown.length === 0) return [];
  const groups = Map.groupBy(unknown, ({ signal }) => whyUnknown(signal === null ? undefined : cells.get(signal)));
  return [...groups].map(([why, operands]) => {
    const names = [...new Set(operands.map(({ name }) => name))];
    return `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} unknown (${why})`;
  });
}

/** The received value in a reason: it is in quotes, or a number at the beginning. */
const RECEIVED = /"(?:[^"\\]|\\.)*"|^-?\d\S*/g;

/**
 * The reason of each unknown signal of the parts, if the source gave one. The received value is left out, because a device that sends
 * nonsense sends another value each time for the same reason.
 */
export function unknownReasons(parts: readonly Part[], cells: Cells): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const { truth, operands } of parts) {
    if (truth !== 'unknown') continue;
    for (const { value, signal } of operands) {
      const cell = value === undefined && signal !== null ? cells.get(signal) : undefined;
      if (cell && !cell.good && cell.reason !== null)
        reasons.set(cell.definition.name, cell.reason.replace(RECEIVED, '…'));
    }
  }
  return reasons;
}

/** The signals that the parts read, each once. */
export function partsValues(parts: readonly Part[], cells: Cells): readonly CauseValue[] {
  const values: CauseValue[] = [];
  for (const { operands } of parts) {
    for (const { name, value, signal } of operands) {
      const cell = signal === null ? undefined : cells.get(signal);
      const of = cell?.definition.name ?? name;
      if (values.some(one => one.signal === of)) continue;
      values.push(
        cell === undefined
          ? { signal: of, value: plainValue(value ?? null), quality: 'good', at: null }
          : { signal: of, value: plainValue(cell.value), quality: cell.quality, at: cell.at },
      );
    }
  }
  return values;
}

/** Some unknown signal has a reason: its source is away, or the signal does not answer. False: the signals were only not read yet. */
export function isReasoned(parts: readonly Part[], cells: Cells): boolean {
  return parts.some(({ operands }) =>
    operands.some(({ value, signal }) => {
      const cell = signal === null ? undefined : cells.get(signal);
      return value === undefined && cell !== undefined && (cell.at !== null || cell.reason !== null);
    }),
  );
}

function whyUnknown(cell: SignalCell | undefined): string {
  if (cell === undefined) return 'no source declares it';
  if (cell.good) return 'its value is of another type';
  return cell.reason ?? (cell.at === null ? 'not read since the start' : `its quality is ${cell.quality}`);
}
