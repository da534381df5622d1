import { format } from 'node:util';
import { type LoggerOptions, pino } from 'pino';
import type { Logger } from '../../core/logger.ts';
import type { TimeNotation } from '../../core/time-notation.ts';
import { timeFormat } from './format.ts';
import { createLogOutput, type LogOutput, type Loss } from './output.ts';
import { openLogWriter } from './writer.ts';

export type ProcessLog = { readonly log: Logger; readonly output: LogOutput };

const STDOUT = 1;

/**
 * The log of this process on its standard output: structured lines for machines, readable ones for a terminal. Secrets print as
 * `***` by their type. Nothing that happens to that output reaches the rest of the process. `notation`: of the site.
 */
export async function createLogger(level: string, terminal: boolean, notation: TimeNotation): Promise<ProcessLog> {
  const options = { level, base: null, ...timeFormat(notation, terminal ? 'people' : 'programs') };
  // Loaded only for a person who watches. The time of a line is written already.
  const readable = terminal
    ? (await import('pino-pretty')).prettyFactory({ colorize: true, singleLine: true, translateTime: false })
    : null;
  const shown = (line: string) => (readable ? readable(line) : line);
  const output = createLogOutput({
    writer: openLogWriter(STDOUT),
    lossLine: loss => shown(lossLine(options, loss, notation)),
    timeText: at => notation.iso(at),
  });
  process.on('exit', () => output.flushNow());
  return { log: pino(options, { write: (line: string) => output.write(shown(line)) }), output };
}

function lossLine(options: LoggerOptions, { lines, since, why }: Loss, notation: TimeNotation): string {
  let text = '';
  const log = pino(
    { ...options, level: 'warn' },
    {
      write(line: string) {
        text = line;
      },
    },
  );
  log.warn({ dropped: lines, since: notation.iso(since), why }, 'lines of the log were dropped');
  return text;
}

/** What a library or Node itself would write to the console goes the way of the log, which holds nobody up. */
export function logConsole(log: Logger): void {
  const text = (args: readonly unknown[]) => format(...args).slice(0, LONGEST_TEXT);
  for (const name of ['log', 'debug', 'trace'] as const)
    console[name] = (...args: unknown[]) => log.debug({ text: text(args) }, WROTE);
  for (const name of ['info', 'warn', 'error'] as const)
    console[name] = (...args: unknown[]) => log.info({ text: text(args) }, WROTE);
  process.removeAllListeners('warning');
  process.on('warning', warning => log.info({ text: text([warning.message]) }, WROTE));
}

const LONGEST_TEXT = 2000;
const WROTE = 'a library wrote to the console';
