import { resolve } from 'node:path';
import { readJournalFile } from '../../app/journal-file.ts';
import { type JournalPlace, readJournalPlace } from '../../config/journal-place.ts';
import { systemClock } from '../../core/clock.ts';
import { StartError } from '../../core/errors.ts';
import type { HistoryReader, KnownNames } from '../../core/history.ts';
import type { Io } from '../command.ts';
import { type Link, openLink } from './link.ts';
import { createTimes, type Times } from './times.ts';

/** Which gateway is meant. */
export type Whose = {
  /** Its config; left out: config/gateway.yaml. */
  readonly file?: string;
  /** Its data folder, instead of a config. */
  readonly data?: string;
};

const DEFAULT_FILE = 'config/gateway.yaml';

export type Source = { readonly reader: HistoryReader; readonly times: Times; readonly now: number } & ConfigNames;

/** `inConfig`: what the config names; null: only the data folder was named. */
export type ConfigNames = { readonly inConfig: KnownNames | null };

/**
 * Lets `work` read the history: through the gateway while it runs, from its file when it does not. Throws a ConfigError or StartError
 * with words when neither goes.
 */
export async function withHistory(whose: Whose, io: Io, work: (source: Source) => Promise<number>): Promise<number> {
  const { dataFolder, timezone, destination, names: inConfig } = placeOf(whose, io);
  const link = await openLink(dataFolder);
  const now = systemClock().now();
  if (typeof link === 'object') {
    using open = link;
    return await work({ reader: open, times: createTimes(open.timezone, now), now, inConfig });
  }
  if (link === 'not_answering') io.err('the running gateway does not answer: this is read from its file');
  using file = readJournalFile(dataFolder, destination);
  return await work({ reader: file, times: createTimes(timezone, now), now, inConfig });
}

/** Lets `work` speak to the running gateway: what changes the queue goes through it, never beside it. */
export async function withGateway(
  whose: Whose,
  io: Io,
  work: (link: Link, names: ConfigNames) => Promise<number>,
): Promise<number> {
  const { dataFolder, names: inConfig } = placeOf(whose, io);
  const link = await openLink(dataFolder);
  if (link === 'not_running') {
    throw new StartError(
      `no gateway runs on ${dataFolder}: start it, then say this again; the running gateway alone changes its queue`,
    );
  }
  if (link === 'not_answering') {
    throw new StartError(`the gateway on ${dataFolder} runs and does not answer; its log says why, or restart it`);
  }
  using open = link;
  return await work(open, { inConfig });
}

/** Where the journal of the gateway is that is meant. Throws a ConfigError. */
export function placeOf({ file, data }: Whose, io: Io): JournalPlace {
  if (data !== undefined && file === undefined)
    return { dataFolder: resolve(data), timezone: null, destination: null, names: null };
  const place = readJournalPlace(file ?? DEFAULT_FILE, io.env, io.readFile);
  return data === undefined ? place : { ...place, dataFolder: resolve(data) };
}
