import type { LoggerOptions } from 'pino';
import { hostTimeNotation, type TimeNotation } from '../../core/time-notation.ts';

/**
 * How the log writes times: the time of each line, and the times among its facts (as `Date`). People get the site's time, programs get ISO
 * text with the site's offset. `notation` null: the config was not read yet, so times are ISO text in the host's zone.
 */
export function timeFormat(
  notation: TimeNotation | null,
  readBy: 'people' | 'programs',
): Pick<LoggerOptions, 'timestamp' | 'formatters'> {
  const { iso, people } = notation ?? hostTimeNotation();
  const write = notation !== null && readBy === 'people' ? people : iso;
  return {
    timestamp: () => `,"time":"${write(Date.now())}"`,
    formatters: { log: fields => writtenFields(fields, write) },
  };
}

function writtenFields(fields: Record<string, unknown>, write: (at: number) => string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, written(value, write)]));
}

/** Only plain objects and lists are searched. A value with its own JSON form keeps that form. */
function written(value: unknown, write: (at: number) => string): unknown {
  if (value instanceof Date) return write(value.getTime());
  if (Array.isArray(value)) return value.map(part => written(part, write));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return writtenFields(value as Record<string, unknown>, write);
}
