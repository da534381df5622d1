import { type CauseValue, plainValue } from '../../core/action.ts';
import type { SignalCell } from '../engine/signal-table.ts';
import type { Part } from '../program.ts';

type Cells = ReadonlyMap<string, SignalCell>;

/** What the parts of a condition show: `press1.running = false, press1.manual is unknown (no answer)`. */
export function partsWords(parts: readonly Part[], cells: Cells): string {
  const known: string[] = [];
  const unknown = new Map<string, string[]>();
  for (const { text, truth, operands } of parts) {
    const lacking = operands.filter(({ value }) => value === undefined);
    if (truth !== 'unknown') known.push(...operands.map(({ name, value }) => `${name} = ${value}`));
    else if (lacking.length === 0) known.push(`${text} divides by 0`);
    for (const { name, signal } of truth === 'unknown' ? lacking : []) {
      const why = whyUnknown(signal === null ? undefined : cells.get(signal));
      unknown.set(why, [...(unknown.get(why) ?? []), name]);
    }
  }
  const groups = [...unknown].map(([why, names]) => {
    const all = [...new Set(names)];
    return `${all.join(', ')} ${all.length === 1 ? 'is' : 'are'} unknown (${why})`;
  });
  return [...new Set([...known, ...groups])].join(', ');
}

/** The signals that the parts read, each once. */
export function partsValues(parts: readonly Part[], cells: Cells): readonly CauseValue[] {
  const values = new Map<string, CauseValue>();
  for (const { name, value, signal } of parts.flatMap(part => part.operands)) {
    const cell = signal === null ? undefined : cells.get(signal);
    const shown =
      cell === undefined
        ? { signal: name, value: value ?? null, quality: 'good', at: null }
        : { signal: cell.definition.name, value: plainValue(cell.value), quality: cell.quality, at: cell.at };
    values.set(shown.signal, shown);
  }
  return [...values.values()];
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
