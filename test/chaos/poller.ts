import type { Adapter } from '../../src/adapters/adapter.ts';
import { between, type Random } from '../../src/simulation/random.ts';
import type { LifeTime } from './process-time.ts';
import { type MachineStory, type Moment, momentAt, samplesOf } from './story.ts';
import type { WorldTime } from './virtual-time.ts';

/** What the gateway saw at one poll. */
export type Look = { readonly at: number; readonly life: number; readonly moments: readonly Moment[] };

export type PollerOptions = {
  readonly world: WorldTime;
  readonly life: LifeTime;
  /** The number of this life of the gateway. */
  readonly number: number;
  readonly stories: readonly MachineStory[];
  readonly pollEvery: number;
  readonly isPlcUp: (at: number) => boolean;
  readonly random: Random;
  readonly looks: Look[];
};

/** PLCs that are polled. They show only their present state. */
export function pollerAdapter(options: PollerOptions): Adapter {
  const { world, life, number, pollEvery, isPlcUp, random, looks } = options;
  const stories = options.stories.filter(({ spec }) => spec.via === 'poller');

  return {
    run(sink, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      let isOver = false;
      let isConnected = false;

      function end(finish: () => void): void {
        isOver = true;
        finish();
      }

      function poll(): void {
        if (isOver) return;
        if (!isPlcUp(world.now())) {
          end(() => reject(new Error('the PLC does not answer')));
          return;
        }
        life.at(life.now() + pollEvery, poll);
        const latency = Math.round(between(random, 5, 60));
        world.at(world.now() + latency, () => {
          const moments = stories.map(story => momentAt(story, world.now()));
          life.input(() => show(moments));
        });
      }

      function show(moments: readonly Moment[]): void {
        if (isOver) return;
        if (!isConnected) sink.connected();
        isConnected = true;
        const at = life.now();
        looks.push({ at: world.now(), life: number, moments });
        const samples = stories.flatMap((story, index) => {
          const moment = moments[index];
          return moment ? samplesOf(story, moment) : [];
        });
        sink.samples({ at, receivedAt: at, time: 'received', samples });
      }

      signal.addEventListener('abort', () => end(resolve), { once: true });
      life.at(life.now() + 30, poll);
      return promise;
    },
  };
}
