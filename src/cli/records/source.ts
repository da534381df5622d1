import { resolve } from 'node:path';
import { readJournalFile } from '../../app/journal-file.ts';
import { type JournalPlace, readJournalPlace } from '../../config/journal-place.ts';
import { systemClock } from '../../core/clock.ts';
import { type CommandLine, commandLine, type NamedGateway, USUAL_CONFIG } from '../../core/command-line.ts';
import { StartError } from '../../core/errors.ts';
import type { HistoryReader, KnownNames } from '../../core/history.ts';
import type { Io } from '../command.ts';
import { type Link, openLink } from './link.ts';
import { createTimes, type Times } from './times.ts';

export type Source = ConfigNames & {
  readonly reader: HistoryReader;
  readonly times: Times;
  readonly now: number;
  /** Which gateway this is, in words: the head of a list. */
  readonly heading: string;
  /** What holds calls up, in words, each with where to correct it. Empty when nothing does, and when no gateway runs. */
  readonly holdUps: readonly string[];
  /** Writes a further command for this gateway. */
  readonly commandLine: CommandLine;
};

/** `inConfig`: what the config names; null: only the data folder was named. */
export type ConfigNames = { readonly inConfig: KnownNames | null };

/**
 * Lets `work` read the history: through the running gateway, else from its file. Throws a ConfigError or StartError with words when
 * neither is possible.
 */
export async function withHistory(
  named: NamedGateway,
  io: Io,
  work: (source: Source) => Promise<number>,
): Promise<number> {
  const { dataFolder, name, timezone, destination, names: inConfig } = placeOf(named, io);
  const link = await openLink(dataFolder);
  const now = systemClock().now();
  const common = { now, inConfig, commandLine: commandLine(named, io.env) };
  if (typeof link === 'object') {
    using open = link;
    const { about } = open;
    const heading = `gateway ${about.name}, data folder ${dataFolder}`;
    const times = createTimes(about.timezone, now);
    return await work({ ...common, reader: open, times, heading, holdUps: about.holdUps });
  }
  if (link === 'not_answering') io.err('the running gateway does not answer: this is read from its file');
  using file = readJournalFile(dataFolder, destination);
  const whose = name === null ? '' : `gateway ${name}, `;
  const heading = `${whose}data folder ${dataFolder}${link === 'not_running' ? ', not running' : ''}`;
  return await work({ ...common, reader: file, times: createTimes(timezone, now), heading, holdUps: [] });
}

/** Lets `work` speak to the running gateway, which alone changes its queue. */
export async function withGateway(
  named: NamedGateway,
  io: Io,
  work: (link: Link, names: ConfigNames) => Promise<number>,
): Promise<number> {
  const { dataFolder, names: inConfig } = placeOf(named, io);
  const link = await openLink(dataFolder);
  if (link === 'not_running') {
    throw new StartError(
      `no gateway runs on ${dataFolder}: start it, then run this command again; only the running gateway changes its queue`,
    );
  }
  if (link === 'not_answering') {
    throw new StartError(`the gateway on ${dataFolder} runs but does not answer: read its log, or restart it`);
  }
  using open = link;
  return await work(open, { inConfig });
}

/** Where the journal of the named gateway is. Throws a ConfigError. */
export function placeOf({ file, data }: NamedGateway, io: Io): JournalPlace {
  if (data !== undefined && file === undefined)
    return { dataFolder: resolve(data), name: null, timezone: null, destination: null, names: null };
  const place = readJournalPlace(file ?? USUAL_CONFIG, io.env, io.readFile);
  return data === undefined ? place : { ...place, dataFolder: resolve(data) };
}
