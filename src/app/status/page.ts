import type { LoadedConfig } from '../../config/load.ts';
import { formatSeconds } from '../../core/fields.ts';
import type { OnlineCheck } from '../../core/online-check.ts';
import type { SourceStatus } from '../../core/sample.ts';
import type { TimeNotation } from '../../core/time-notation.ts';
import type { Journal } from '../../journal/journal.ts';
import type { CallQueue } from '../../queue/call-queue.ts';
import type { Runner } from '../../rules/runner.ts';
import { journalStatus } from './journal.ts';
import { onlineStatus } from './online.ts';
import { type Hold, queueStatus } from './queue.ts';
import { rulesStatus } from './rules.ts';
import { signalStatus } from './signals.ts';
import { configuredSources, sourcesStatus } from './sources.ts';

export type StatusParts = {
  readonly loaded: LoadedConfig;
  readonly journal: Journal;
  readonly queue: CallQueue;
  readonly runner: Runner;
  readonly sources: () => readonly SourceStatus[];
  /** What L2L said about the config; null: it was not asked yet. */
  readonly online: () => OnlineCheck | null;
  readonly notReady: () => readonly string[];
  /** Why the gateway may send nothing; null: it may send. */
  readonly hold: () => Hold | null;
  readonly now: () => number;
  readonly iso: TimeNotation['iso'];
};

/** The content of the status page as plain JSON. Each call reads all parts again. It holds no secret. */
export function statusPage({ loaded, journal, queue, runner, notReady, hold, now, iso, ...parts }: StatusParts) {
  const { gateway, l2l, sources: config } = loaded.config;
  const startedAt = now();
  const configured = configuredSources(config);
  const addresses = new Map(configured.flatMap(({ signals }) => [...signals]));
  return () => {
    const sources = parts.sources();
    const signals = runner.signals();
    return {
      gateway: gateway.name,
      mode: gateway.mode,
      config: loaded.file,
      site: l2l.site,
      timezone: l2l.timezone,
      reads: l2l.reads,
      /** What the gateway does less well because it may not read L2L. */
      weaker: loaded.weaker,
      /** How many times the gateway has started with this journal. */
      starts: journal.epoch,
      now: iso(now()),
      uptime: formatSeconds(now() - startedAt),
      notReady: notReady(),
      sources: sourcesStatus(configured, sources, signals, iso),
      signals: signalStatus(signals, { sources, addressOf: signal => addresses.get(signal), now: now(), iso }),
      rules: rulesStatus(runner.rules(), chain => journal.chain(chain), iso),
      removedRules: [...runner.orphans.keys()],
      journal: journalStatus(journal, iso),
      comparedWithL2l: onlineStatus(parts.online(), loaded.compared, iso),
      queue: queueStatus(queue.status(), journal.counts(), iso, loaded.commandLine, hold()),
    };
  };
}
