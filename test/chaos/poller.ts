import { between, type Random } from '../../src/simulation/random.ts';
import type { LifeTime } from './process-time.ts';
import { type Port, type SourceLife, samplesOf } from './source.ts';
import { type MachineStory, type Moment, momentAt } from './story.ts';
import type { WorldTime } from './virtual-time.ts';

/** What the gateway was shown by one poll. */
export type Look = { readonly at: number; readonly life: number; readonly moments: readonly Moment[] };

/** PLCs that are asked again and again and tell only how they are at that moment. */
export function startPoller(options: {
  readonly world: WorldTime;
  readonly life: LifeTime;
  readonly number: number;
  readonly name: string;
  readonly stories: readonly MachineStory[];
  readonly every: number;
  readonly isUp: (at: number) => boolean;
  readonly port: Port;
  readonly random: Random;
  readonly looks: Look[];
}): SourceLife {
  const { world, life, name, stories, every, port, random } = options;
  let state: 'connecting' | 'connected' | 'disconnected' = 'connecting';
  let stopped = false;
  const become = (next: typeof state) => {
    if (next === state) return;
    state = next;
    const reason = next === 'disconnected' ? { reason: 'the PLC does not answer' } : {};
    port.status({ source: name, state: next, at: life.now(), ...reason });
  };

  function poll(): void {
    if (stopped) return;
    life.at(life.now() + every, poll);
    if (!options.isUp(world.now())) {
      become('disconnected');
      return;
    }
    const latency = Math.round(between(random, 5, 60));
    world.at(world.now() + latency, () => {
      const moments = stories.map(story => momentAt(story, world.now()));
      life.input(() => {
        if (stopped) return;
        become('connected');
        const at = life.now();
        options.looks.push({ at: world.now(), life: options.number, moments });
        const samples = stories.flatMap((story, index) => {
          const moment = moments[index];
          return moment ? samplesOf(story, moment) : [];
        });
        port.samples({ source: name, at, receivedAt: at, time: 'received', samples });
      });
    });
  }

  port.status({ source: name, state, at: life.now() });
  life.at(life.now() + 30, poll);
  return {
    stop() {
      stopped = true;
    },
  };
}
