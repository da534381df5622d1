import { pino } from 'pino';
import type { Logger } from '../core/logger.ts';

/** Structured lines for machines, readable ones for a terminal. Secrets print as `***` by their type. */
export async function createLogger(level: string, terminal: boolean): Promise<Logger> {
  const options = { level, base: null };
  // Loaded only for a person who watches.
  const pretty = terminal ? (await import('pino-pretty')).default : null;
  const logger: Logger = pretty
    ? pino(options, pretty({ sync: true, colorize: true, singleLine: true, translateTime: 'SYS:HH:MM:ss.l' }))
    : pino(options);
  return logger;
}
