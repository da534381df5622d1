import type { Clock } from '../../core/clock.ts';
import { shaped } from './answer-shape.ts';
import type { Target } from './api.ts';
import { workOnBatches } from './batches.ts';
import type { Call } from './call.ts';
import { DEFAULT_MANNERS, type Manners } from './manners.ts';
import { type Params, Refusal, wordsOf } from './params.ts';
import type { SandboxData } from './records.ts';
import { createStore } from './store.ts';
import type { SandboxWorld } from './world.ts';

/** L2L behind its HTTP: what a call does to the records, and the batches worked on in the background. */
export interface Backend {
  readonly data: SandboxData;
  readonly manners: Manners;
  setManners(manners: Partial<Manners>): void;
  /** Runs one call to its end. The answer carries `success`; nothing is thrown for what a caller did wrong. */
  run(target: Target, params: Params, by: string): Readonly<Record<string, unknown>> & { readonly success: boolean };
  [Symbol.dispose](): void;
}

export function startBackend(options: {
  readonly world: SandboxWorld;
  readonly clock: Clock;
  readonly manners?: Partial<Manners> | undefined;
}): Backend {
  const { clock } = options;
  const store = createStore(options.world, clock.now());
  const timers = new Set<Disposable>();
  let manners: Manners = { ...DEFAULT_MANNERS, ...options.manners };
  const callFor = (params: Params, by: string, id?: number): Call => ({
    store,
    params,
    manners,
    at: clock.now(),
    by,
    id,
    microseconds: params.peek('l2lfmt_microseconds') === 'true',
    schedule,
  });
  const work = () => workOnBatches(store.data.batches, clock.now(), params => callFor(params, 'batch'));
  const schedule = (due: number) => {
    const timer = clock.at(due, () => {
      timers.delete(timer);
      work();
    });
    timers.add(timer);
  };

  return {
    data: store.data,
    get manners() {
      return manners;
    },
    setManners(next) {
      manners = { ...manners, ...next };
    },
    run(target, params, by) {
      try {
        return shaped({ ...target.run(callFor(params, by, target.id)), success: true }, manners);
      } catch (error) {
        if (error instanceof Refusal) return shaped({ success: false, error: wordsOf(error, manners) }, manners);
        throw error;
      }
    },
    [Symbol.dispose]() {
      for (const timer of timers) timer[Symbol.dispose]();
    },
  };
}
