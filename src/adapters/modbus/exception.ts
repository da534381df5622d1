import type { Read } from './plan.ts';
import { place } from './point.ts';

const NAMES: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'device failure',
  5: 'acknowledge',
  6: 'device busy',
  8: 'memory parity error',
  10: 'gateway path unavailable',
  11: 'gateway target device failed to respond',
};

/**
 * How to go on after an exception. config: the device can never answer this read. busy: ask again soon. unit: the device behind the gateway
 * is away. device: it reports a fault.
 */
export function exceptionClass(code: number): 'config' | 'busy' | 'unit' | 'device' {
  if (code >= 1 && code <= 3) return 'config';
  if (code === 5 || code === 6) return 'busy';
  if (code === 10 || code === 11) return 'unit';
  return 'device';
}

/** The exception in words for people in the plant, with the next check. */
export function exceptionWords(read: Read, code: number): string {
  const name = NAMES[code] ?? 'unknown exception';
  const [point] = read.points;
  const what = point ? place(point) : read.table;
  const answer = `unit ${read.unit} answers "${name}" (exception ${code}) for ${what}`;
  switch (code) {
    case 1:
      return `${answer}: does this device have ${read.table}s? Try another table`;
    case 2:
    case 3:
      return `${answer}: is first_register right, and the type not wider than the device's?`;
    case 10:
    case 11:
      return `${answer}: check unit ${read.unit}, its power and its wiring to the gateway`;
    default:
      return answer;
  }
}
