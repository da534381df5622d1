import type { CauseValue } from '../../actions/action.ts';
import { plainValue } from '../../core/sample.ts';
import type { SignalCell } from '../common/signal-table.ts';
import type { Part } from '../program.ts';

type Cells = ReadonlyMap<string, SignalCell>;

/** What the parts of a condition show: `press1.running = false, press1.manual is unknown (no answer)`. */
export function partsWords(parts: readonly Part[], cells: Cells): string {
  const said: string[] = [];
  for (const { text, truth, operands } of parts) {
    if (truth === 'unknown') {
      if (operands.every(({ value }) => value !== undefined)) said.push(`${text} ${noResult(text)}`);
      continue;
    }
    for (const { name, value } of operands) {
      const words = `${name} = ${value}`;
      if (!said.includes(words)) said.push(words);
    }
  }
  return [...said, ...unknownWords(parts, cells)].join(', ');
}

/** Why there is no result of known values. */
function noResult(text: string): string {
  const divides = /\/|\bmod\b/i.test(text) ? 'divides by 0, or ' : '';
  return `${divides}has a result that is too large`;
}

/** Those with the same reason together. */
function unknownWords(parts: readonly Part[], cells: Cells): readonly string[] {
  const lacking = parts
    .filter(({ truth }) => truth === 'unknown')
    .flatMap(({ operands }) => operands.filter(({ value }) => value === undefined));
  if (lacking.length === 0) return [];
  const groups = Map.groupBy(lacking, ({ signal }) => whyUnknown(signal === null ? undefined : cells.get(signal)));
  return [...groups].map(([why, operands]) => {
    const names = [...new Set(operands.map(({ name }) => name))];
    return `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} unknown (${why})`;
  });
}

/** What was received stands in quotes, or as a number at the beginning. */
const RECEIVED = /"(?:[^"\\]|\\.)*"|^-?\d\S*/g;

/**
 * Why each signal is unknown that the parts lack, where somebody said why, without the value that was received: a device that sends
 * nonsense says another thing each time for one and the same reason.
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

/** Somebody said why: the source is away, the signal does not answer. False: it was just not read yet. */
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
