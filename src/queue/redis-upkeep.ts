import { errorMessage } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Carrier } from './carrier.ts';
import type { DestinationQueue } from './destination.ts';
import { refusalWords } from './redis-words.ts';

export type RedisUpkeepOptions = {
  readonly carrier: Carrier;
  readonly destinations: readonly DestinationQueue[];
  readonly log: Logger;
};

/** Keeps Redis in step with the journal, and checks the setup of Redis. */
export interface RedisUpkeep {
  sweep(): Promise<void>;
  /** Called after every connect: Redis may be empty, or out of date. */
  connected(): Promise<void>;
  /** Mistakes in the setup of Redis, each with the command that corrects it. */
  readonly problems: readonly string[];
}

/** At each sweep with this number the settings of Redis are read again. */
const SETTINGS_EVERY = 30;

export function createRedisUpkeep({ carrier, destinations, log }: RedisUpkeepOptions): RedisUpkeep {
  let sweeps = 0;
  let sweeping: Promise<void> | undefined;
  let problems: readonly string[] = [];

  /** So a setting that was corrected or broken is seen without a restart. */
  async function readSettings(): Promise<void> {
    const found = await carrier.problems().catch(cause => {
      log.debug({ error: errorMessage(cause) }, 'the settings of Redis could not be read');
      return problems;
    });
    for (const problem of found) if (!problems.includes(problem)) log.error({}, problem);
    problems = found;
  }

  async function sweepOnce(): Promise<void> {
    await carrier.touch?.();
    if (sweeps++ % SETTINGS_EVERY === 0) await readSettings();
    await Promise.all(destinations.filter(each => each.isReady()).map(each => each.sweep()));
  }

  function sweep(): Promise<void> {
    if (!destinations.some(each => each.isReady())) return Promise.resolve();
    sweeping ??= sweepOnce()
      .catch(cause => log.debug({ error: errorMessage(cause) }, 'Redis went away during a sweep'))
      .finally(() => {
        sweeping = undefined;
        for (const each of destinations) each.swept();
      });
    return sweeping;
  }

  return {
    sweep,
    async connected() {
      sweeps = 0;
      await sweep();
      try {
        await carrier.forgetOthers();
      } catch (cause) {
        const error = errorMessage(cause);
        const refused = refusalWords(error);
        if (refused)
          log.warn(
            { detail: refused },
            'the jobs of earlier lives could not be removed from Redis; they do nothing, but stay there',
          );
        else log.debug({ error }, 'Redis went away while the jobs of earlier lives were removed');
      }
    },
    get problems() {
      return problems;
    },
  };
}
