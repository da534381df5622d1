import type { LoggerOptions } from 'pino';
import { hostTimeNotation, type TimeNotation } from '../../core/time-notation.ts';

/**
 * How the log writes times: its own of each line, and those among the facts (as `Date`). For people in the site's time, for programs
 * as ISO text with the site's offset. `notation` null: the config was not read yet, so it is ISO text in the host's zone.
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

/** Only plain objects and lists are looked through: whatever has a form of its own in JSON keeps that. */
function written(value: unknown, write: (at: number) => string): unknown {
  if (value instanceof Date) return write(value.getTime());
  if (Array.isArray(value)) return value.map(part => written(part, write));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return writtenFields(value as Record<string, unknown>, write);
}
