import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { StartError } from '../../core/errors.ts';
import type { BlindSpan } from '../../simulation/sight.ts';
import { type Child, startChild } from './child.ts';
import { descendants } from './descendants.ts';

/** What the demo reads of the gateway's `/status`. */
const Status = z.object({
  sources: z.array(z.object({ state: z.string() })),
  signals: z.array(z.object({ good: z.boolean() })),
  journal: z.object({
    /** Actions that are in no call yet. */
    actionsWaiting: z.number(),
    deadLetters: z.number(),
    parked: z.number(),
  }),
  queue: z.object({
    callsRunning: z.number(),
    /** Calls that are not final, by state. */
    callsOpen: z.record(z.string(), z.number()),
  }),
});
export type GatewayStatus = z.output<typeof Status>;

export type GatewayOptions = {
  readonly config: string;
  readonly url: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLogLine: (line: string) => void;
  readonly onUnexpectedEnd: (words: string) => void;
};

/** The gateway as a process, which chaos may kill. */
export interface GatewayProcess {
  /** Starts it and resolves when it sees all its signals; rejects with the signal's reason when that aborts before. */
  start(signal: AbortSignal): Promise<void>;
  /** SIGKILL. Times up to the next `start` that resolved are blind. */
  kill(): Promise<void>;
  killRedis(): void;
  /** undefined while it does not answer. */
  status(): Promise<GatewayStatus | undefined>;
  readonly blind: readonly BlindSpan[];
  stop(): Promise<void>;
}

const MAIN = join(import.meta.dirname, '../../main.ts');
/** Loaded before the gateway: its stdin closes when the demo is gone, whatever ended it. */
const ENDS_WITH_DEMO =
  "data:text/javascript,process.stdin.once('end',()=>process.kill(process.pid,'SIGTERM')).resume().unref()";
/** Only a bound: a PC that is busy with something else takes its time. */
const READY_WITHIN = 90_000;
const STOP_PATIENCE = 10_000;

export function gatewayProcess(options: GatewayOptions): GatewayProcess {
  const blind: BlindSpan[] = [];
  let child: Child | undefined;
  let blindSince: number | undefined;
  let ended: string | undefined;

  const status = async (): Promise<GatewayStatus | undefined> => {
    try {
      const response = await fetch(`${options.url}/status`, { signal: AbortSignal.timeout(2000) });
      return Status.safeParse(await response.json()).data;
    } catch {
      // Not up yet, or just killed; the caller asks again.
      return undefined;
    }
  };
  return {
    blind,
    async start(signal) {
      ended = undefined;
      child = await startChild({
        name: 'the gateway',
        args: ['--import', ENDS_WITH_DEMO, MAIN, 'run', options.config, '--log', 'debug'],
        env: options.env,
        onLine: options.onLogLine,
        onUnexpectedEnd: words => {
          ended = words;
          options.onUnexpectedEnd(words);
        },
      });
      const deadline = performance.now() + READY_WITHIN;
      for (let seen = await status(); !seen || !sees(seen); seen = await status()) {
        if (ended !== undefined) throw new StartError(ended);
        if (performance.now() > deadline) throw new StartError('the gateway did not see its sources within 90 s');
        await wait(50, undefined, { signal });
      }
      if (blindSince !== undefined) blind.push({ from: blindSince, to: Date.now() });
      blindSince = undefined;
    },
    async kill() {
      blindSince ??= Date.now();
      await child?.kill();
    },
    killRedis() {
      for (const pid of child ? descendants(child.pid, 'redis-server') : []) process.kill(pid, 'SIGKILL');
    },
    status,
    async stop() {
      await child?.stop(STOP_PATIENCE);
    },
  };
}

/** Nothing waits and nothing is on its way. */
export function isIdle({ journal, queue }: GatewayStatus): boolean {
  const open = Object.values(queue.callsOpen).reduce((sum, count) => sum + count, 0);
  return journal.actionsWaiting + queue.callsRunning + open === 0;
}

/** Every source speaks and every signal has a good value: from here on nothing that happens goes unseen. */
function sees({ sources, signals }: GatewayStatus): boolean {
  const isUp = ({ state }: { readonly state: string }) => state === 'connected' || state === 'catching_up';
  return sources.length > 0 && sources.every(isUp) && signals.every(({ good }) => good);
}
