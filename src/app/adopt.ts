import type { LoadedConfig } from '../config/load.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { type Adopted, adoptJournal } from '../journal/adopt.ts';

/** Makes the copied or restored journal of a config's data folder the one that runs here. Throws a StartError when it can't. */
export function adopt(loaded: LoadedConfig, clock: Clock, log: Logger): Adopted {
  return adoptJournal({ folder: loaded.dataFolder, now: clock.now(), log });
}
