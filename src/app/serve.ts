import { errorMessage } from '../core/errors.ts';
import type { SourceStatus } from '../core/sample.ts';
import { createTimeNotation } from '../core/time-notation.ts';
import type { Journal } from '../journal/journal.ts';
import type { Reachability } from '../l2l/reachability.ts';
import type { CallQueue } from '../queue/call-queue.ts';
import type { Runner } from '../rules/runner.ts';
import { controlRoutes } from './control.ts';
import type { Assembly, Edges } from './edges.ts';
import type { OnlineChecks } from './online-check.ts';
import { notReady } from './readiness.ts';
import { recodeBy } from './recode.ts';
import { statusPage } from './status/page.ts';
import { type Hold, holdUps } from './status/queue.ts';

/** The parts of the gateway that people use: the pages and the commands. */
export type Shown = {
  readonly journal: Journal;
  readonly queue: CallQueue;
  readonly runner: Runner;
  readonly reachability: Reachability;
  readonly online: OnlineChecks;
  readonly sources: () => readonly SourceStatus[];
};

/** The socket for the commands of people. Without it the gateway still delivers, so a failure is only logged. */
export async function serveCommands(
  { loaded, edges, started }: Assembly,
  { journal, queue, reachability }: Pick<Shown, 'journal' | 'queue' | 'reachability'>,
): Promise<void> {
  const { gateway, l2l } = loaded.config;
  const routes = controlRoutes({
    journal,
    recode: recodeBy(loaded.program),
    endRepeats: queue.endRepeats,
    changed: () => queue.reconsider(),
    about: () => ({
      name: gateway.name,
      timezone: l2l.timezone,
      holdUps: holdUps(queue.status(), holdOf(edges, reachability)),
    }),
    log: edges.log,
  });
  try {
    const control = await edges.startControl({ folder: loaded.dataFolder, routes });
    started.add('control socket', () => control.stop());
  } catch (cause) {
    edges.log.error(
      { error: errorMessage(cause) },
      'no socket for the queue commands: they can only read while the gateway runs',
    );
  }
}

/** Serves the status page and the health checks. Resolves to their address; null: the config switches them off. */
export async function servePages({ loaded, edges, started }: Assembly, shown: Shown): Promise<string | null> {
  const { gateway, l2l } = loaded.config;
  if (!gateway.http) return null;
  const { clock, clockGuard } = edges;
  const { journal, queue, runner, reachability, online, sources } = shown;
  const reasons = () => {
    const health = runner.health();
    return notReady({
      now: clock.now(),
      clock: clockGuard.doubt(),
      rules: health.healthy ? null : health.reason,
      queue: queue.status(),
      l2l: reachability.problem(),
      sources: sources(),
      signals: runner.signals(),
      log: edges.logProblem(),
    });
  };
  const web = await edges.startWeb(gateway.http.host, gateway.http.port, {
    notReady: reasons,
    status: statusPage({
      loaded,
      journal,
      queue,
      runner,
      sources,
      online: () => online.last(),
      notReady: reasons,
      hold: () => holdOf(edges, reachability),
      now: () => clock.now(),
      iso: createTimeNotation(l2l.timezone).iso,
    }),
  });
  started.add('status page', () => web.stop());
  return web.url;
}

/** Why nothing may be sent; null: calls may be sent. */
function holdOf({ clockGuard }: Edges, reachability: Reachability): Hold | null {
  const doubt = clockGuard.doubt();
  if (doubt !== null) return { cause: 'clock', detail: doubt };
  const detail = reachability.hold();
  return detail === null ? null : { cause: 'settings', detail };
}
