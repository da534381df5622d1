import type { Clock } from '../core/clock.ts';
import { endsWithin } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';
import type { SourceStatus } from '../core/sample.ts';
import { runSource, type SourcePort, type SourceToRun } from './supervised-source.ts';

export type SupervisorOptions = {
  readonly sources: readonly SourceToRun[];
  readonly port: SourcePort;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random?: () => number;
  /** When values restored from the journal were last received (ms since 1970), by signal. */
  readonly restored?: ReadonlyMap<string, number>;
};

export interface Supervisor {
  /** The present status of each source, in the order of the config. */
  status(): readonly SourceStatus[];
  /** Closes all sources at once. Resolves to the names of those that did not end within `within` ms. */
  stop(within: number): Promise<readonly string[]>;
}

/** Starts all sources in parallel. A problem of one source does not affect the others [P8]. */
export function startSupervisor(options: SupervisorOptions): Supervisor {
  const { sources, clock, log, port, random = Math.random, restored = new Map() } = options;
  const abort = new AbortController();
  const statuses = new Map<string, SourceStatus>();
  const running = new Map<string, Promise<void>>();
  const context = {
    clock,
    log,
    random,
    restored,
    port: {
      ...port,
      status(status: SourceStatus) {
        statuses.set(status.source, status);
        port.status(status);
      },
    },
  };
  for (const source of sources) {
    const ended = runSource(source, context, abort.signal)
      .catch((error: unknown) =>
        log.error({ source: source.name, err: error }, 'a defect of the gateway ended the source'),
      )
      .finally(() => running.delete(source.name));
    running.set(source.name, ended);
  }

  return {
    status: () => [...statuses.values()],
    async stop(within) {
      abort.abort();
      await endsWithin(within, Promise.all(running.values()), clock);
      const left = [...running.keys()];
      if (left.length > 0) log.warn({ sources: left }, 'sources did not close in time');
      return left;
    },
  };
}
