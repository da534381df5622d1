import { pino } from 'pino';
import type { Logger } from '../core/logger.ts';
import type { TimeNotation } from '../core/time-notation.ts';
import { timeFormat } from './log-format.ts';

/**
 * Structured lines for machines, readable ones for a terminal. Secrets print as `***` by their type. `notation`: of the site; null
 * while the config was not read.
 */
export async function createLogger(level: string, terminal: boolean, notation: TimeNotation | null): Promise<Logger> {
  const options = { level, base: null, ...timeFormat(notation, terminal ? 'people' : 'programs') };
  // Loaded only for a person who watches.
  const pretty = terminal ? (await import('pino-pretty')).default : null;
  const logger: Logger = pretty
    ? // The time of a line is written already.
      pino(options, pretty({ sync: true, colorize: true, singleLine: true, translateTime: false }))
    : pino(options);
  return logger;
}
