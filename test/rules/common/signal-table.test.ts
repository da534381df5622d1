import { describe, expect, it } from 'vitest';
import type { SampleBatch, Value } from '../../../src/core/sample.ts';
import {
  applySample,
  createSignalCell,
  createSourceCell,
  forgetSignal,
} from '../../../src/rules/common/signal-table.ts';
import { signal } from '../expression/world.ts';

function cellOf(empty?: number) {
  const definition = {
    ...signal('press1.parts', 'number'),
    ...(empty !== undefined && { register: { table: 'unit 1 holding', empty } }),
  };
  const cell = createSignalCell(definition, createSourceCell('plc'));
  let serial = 0;
  return {
    cell,
    show(at: number, value: Value | null, quality: 'good' | 'bad' = value === null ? 'bad' : 'good') {
      const sample = { signal: definition.name, value, quality };
      const batch: SampleBatch = { source: 'plc', at, receivedAt: at, time: 'source', samples: [sample] };
      applySample(cell, sample, batch, ++serial);
      return cell;
    },
  };
}

describe('signal table', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'the signal table takes %s as bad',
    value => {
      expect(cellOf().show(1, value)).toMatchObject({ value: null, good: false, quality: 'bad' });
    },
  );

  it.each<[string, number | undefined, readonly (Value | null)[], number | null]>([
    ['since its first value', 0, [0, 0, 0], 1],
    ['since its first good value', 0, [null, 0, 0], 2],
    ['over a time in which it was not read', 0, [0, null, 0], 1],
    ['no more once it showed something else', 0, [0, 7, 0], null],
    ['never when it showed something first', 0, [7, 0, 0], null],
    ['with its offset', -40, [-40, -40], 1],
    ['not when 0 is a value', -40, [0, 0], null],
    ['not when it was never read', 0, [null], null],
    ['not when it is no register', undefined, [0, 0], null],
  ])('the signal table knows that a register was empty: %s', (_, empty, values, since) => {
    const { cell, show } = cellOf(empty);
    for (const [index, value] of values.entries()) show(index + 1, value);

    expect(cell.emptySince).toBe(since);
  });

  it('a register is unknown after a start', () => {
    const { cell, show } = cellOf(0);
    show(1, 0);
    forgetSignal(cell);

    expect(cell.emptySince).toBeNull();
  });
});
