/** One figure: the median of its runs, compared with its goal and with a limit that was measured between the runs. */
export type Figure = {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly runs: readonly number[];
  /** The best that any program could reach here. */
  readonly floor?: { readonly what: string; readonly value: number };
  readonly goal?: { readonly words: string; readonly met: boolean };
  readonly note?: string;
};

/** The options that all measurements of this run share. */
export type Options = {
  /** How many runs a median is made of. */
  readonly runs: number;
  /** Lengths and counts are multiplied by it: 1, or less for a short run. */
  readonly scale: number;
  /** 1: as many machines, rules and recorded actions as the figures say. A smaller number only shows that every part works. */
  readonly part: number;
};

export function shown(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, unit, value, runs, floor, goal }) => [
    goal ? (goal.met ? '✓' : '✗') : ' ',
    name,
    `${shown(value)} ${unit}`,
    `${shown(Math.min(...runs))} … ${shown(Math.max(...runs))}`,
    floor ? `${shown(floor.value)} ${floor.what}` : '',
    goal?.words ?? '',
  ]);
  const head = ['', 'figure', 'median', 'all runs', 'floor, same run', 'goal'];
  const widths = head.map((text, column) => Math.max(text.length, ...rows.map(row => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  const notes = figures.flatMap(({ name, note }) => (note ? [`  ${name}: ${note}`] : []));
  return [line(head), line(widths.map(width => '─'.repeat(width))), ...rows.map(line), ...notes].join('\n');
}
