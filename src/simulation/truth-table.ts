import { formatDuration } from '../core/fields.ts';
import type { Compared, LineRow, Verdict } from './truth.ts';

/** What truly happened against what L2L has, as aligned lines for a terminal. */
export function truthTable({ machines, lines, verdict }: Compared): string {
  return [
    ...aligned([
      ['MACHINE', 'stops', 'opened', 'closed', 'worst time', 'strokes', 'cycles', ''],
      ...machines.map(row => [
        row.machine,
        row.stops,
        row.opened,
        row.closed,
        row.worstTime === null ? '-' : formatDuration(row.worstTime),
        row.strokes,
        row.cycles,
        faults(row),
      ]),
    ]),
    '',
    ...aligned([
      ['LINE', 'product', 'good', 'in L2L', 'scrap', 'in L2L', ''],
      ...lines.map(row => [row.line, row.product, row.good, row.goodInL2l, row.scrap, row.scrapInL2l, faults(row)]),
    ]),
    '',
    sentence(verdict),
  ].join('\n');
}

function sentence({
  expected,
  delivered,
  lost,
  doubled,
  out_of_order,
  dead_letters,
  product_uncertain = 0,
}: Verdict): string {
  const allowed =
    product_uncertain > 0
      ? `\n${product_uncertain === 1 ? '1 part is' : `${product_uncertain} parts are`} under the product that ran before: the recipe changed while the gateway was dead. The gateway flags this; nothing is lost.`
      : '';
  return `${expected} expected, ${delivered} delivered, ${lost} lost, ${doubled} doubled, ${out_of_order} out of order, ${dead_letters} dead letters${allowed}`;
}

function faults(
  row: Pick<LineRow, 'lost' | 'doubled' | 'outOfOrder'> & {
    readonly unseen?: number;
    readonly underBefore?: number;
  },
): string {
  const words = [
    row.lost > 0 ? `${row.lost} lost` : '',
    row.doubled > 0 ? `${row.doubled} doubled` : '',
    row.outOfOrder > 0 ? `${row.outOfOrder} out of order` : '',
    row.underBefore ? `${row.underBefore} under the product before: the gateway was dead` : '',
    row.unseen ? `${row.unseen} not seen: the gateway was dead` : '',
  ].filter(Boolean);
  return words.join(', ') || 'ok';
}

/** The first column to the left, numbers to the right, the last column's words to the left. */
function aligned(rows: readonly (readonly (string | number)[])[]): string[] {
  const last = (rows[0]?.length ?? 1) - 1;
  const widths = Array.from({ length: last + 1 }, (_, column) =>
    Math.max(...rows.map(row => String(row[column] ?? '').length)),
  );
  return rows.map(row =>
    row
      .map((cell, column) => {
        const text = String(cell);
        const width = widths[column] ?? 0;
        return column === 0 || column === last ? text.padEnd(width) : text.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
