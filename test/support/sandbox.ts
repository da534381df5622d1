import { onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { Dispatch } from '../../src/simulation/sandbox/records.ts';
import { type Sandbox, startSandbox } from '../../src/simulation/sandbox/sandbox.ts';
import type { SandboxState } from '../../src/simulation/sandbox/state.ts';
import { type SandboxWorld, SMALL_WORLD } from '../../src/simulation/sandbox/world.ts';

export const API_KEY = 'key-that-nobody-may-see-4711';

/** The small world in a zone without summer time, so that no test runs in a repeated hour. */
export const SITE_ZONE = 'America/Phoenix';
export const WORLD: SandboxWorld = { sites: SMALL_WORLD.sites.map(site => ({ ...site, timezone: SITE_ZONE })) };

/** How long a call hangs, or is slow, when the test decides its end (ms). */
export const UNTIL_RELEASED = 3_600_000;

export type TestSandbox = Sandbox & {
  /** Ends the waits of {@link UNTIL_RELEASED}: a call that hangs is applied and answered. */
  endWaits(): void;
};

/** An L2L on its own port. It ends with the test. It works on batches almost at once. */
export async function testSandbox(
  options: { readonly port?: number; readonly seed?: number } = {},
): Promise<TestSandbox> {
  const { port = 0, seed = 1 } = options;
  const { clock, endWaits } = impatientClock();
  const sandbox = await startSandbox({
    port,
    seed,
    host: '127.0.0.1',
    key: API_KEY,
    world: WORLD,
    manners: { batchDelay: 50 },
    clock,
  });
  onTestFinished(() => sandbox.stop());
  return { ...sandbox, endWaits };
}

/** Real time. The test can end the waits of {@link UNTIL_RELEASED} at once. */
function impatientClock(): { readonly clock: Clock; endWaits(): void } {
  const { now, at } = systemClock();
  const waiting = new Set<() => void>();
  return {
    clock: {
      now,
      at(time, callback) {
        if (time - now() < UNTIL_RELEASED / 2) return at(time, callback);
        const end = () => {
          waiting.delete(end);
          timer[Symbol.dispose]();
          callback();
        };
        const timer = at(time, end);
        waiting.add(end);
        return {
          [Symbol.dispose]() {
            waiting.delete(end);
            timer[Symbol.dispose]();
          },
        };
      },
    },
    endWaits() {
      for (const end of [...waiting]) end();
    },
  };
}

/** The dispatches of a machine in L2L, in the order of the calls. */
export function dispatchesOf(state: SandboxState, machine: string): readonly Dispatch[] {
  const id = state.machines.find(({ code }) => code === machine)?.id;
  return state.dispatches.filter(dispatch => dispatch.machine === id);
}

/** The cycles that L2L received for a machine, beyond its first count. */
export function cyclesOf(state: SandboxState, machine: string): number {
  const code = ({ code }: { readonly code: string }) => code === machine;
  const seeds = WORLD.sites.flatMap(site => site.lines.flatMap(line => line.machines));
  return (state.machines.find(code)?.cyclecount ?? 0) - (seeds.find(code)?.cyclecount ?? 0);
}

/** The good parts and the scrap of a line in L2L. Intervals never overlap, because the sandbox refuses that. */
export function partsOf(state: SandboxState, line: string): { readonly good: number; readonly scrap: number } {
  const id = state.lines.find(({ code }) => code === line)?.id;
  const sets = state.details.filter(detail => detail.line === id);
  return {
    good: sets.reduce((sum, set) => sum + set.actual, 0),
    scrap: sets.reduce((sum, set) => sum + set.scrap, 0),
  };
}

/** The opens and closes of a machine's dispatches, in the order of the calls: `open 12:00:03`, `close 12:00:09` (UTC). */
export function dispatchStory(state: SandboxState, machine: string): readonly string[] {
  return state.log
    .filter(({ target, what }) => target === machine && what.startsWith('dispatches/'))
    .map(({ what, change }) => {
      const at = Number(what === 'dispatches/open' ? change.reported : change.completed);
      return `${what.slice('dispatches/'.length)} ${timeOfDay(at)}`;
    });
}

/** L2L keeps whole seconds. */
export function timeOfDay(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}
