import type { Clock } from '../../src/core/clock.ts';
import { between, type Random } from '../../src/simulation/random.ts';
import type { L2lEdge } from './l2l.ts';
import type { PersonDeed } from './plan.ts';
import type { DispatchRule } from './rules.ts';
import { type MachineStory, momentAt } from './story.ts';

/** How and when (ms since 1970) a person ended a dispatch. */
export type PersonEnd = { readonly at: number; readonly how: 'close' | 'complete' | 'delete' };

/** The changes of people in L2L. */
export type Meddled = {
  /** The first end of a dispatch by a person, by the dispatch's id. */
  readonly ended: ReadonlyMap<number, PersonEnd>;
  /** The machines whose count they corrected, and when. */
  readonly corrected: readonly { readonly machine: string; readonly at: number }[];
};

export interface People extends Meddled {
  meddle(deed: PersonDeed): void;
  /** Nobody knows whether an increment of this machine arrived. A person may correct the count at this moment. */
  doubt(machine: string): void;
}

const MINUTE = 60_000;
/** More than any increment, so that nobody takes it for an increment. */
const CORRECTION = 5000;

/** A person at a screen of L2L, who changes dispatches and counts. */
export function createPeople(options: {
  readonly world: Clock;
  readonly l2l: L2lEdge;
  readonly random: Random;
  readonly stories: readonly MachineStory[];
  /** The chance that a count is corrected while it is in doubt, up to `until`. */
  readonly corrects: number;
  readonly until: number;
}): People {
  const { world, l2l, random, stories } = options;
  const ended = new Map<number, PersonEnd>();
  const corrected: { machine: string; at: number }[] = [];
  const { dispatches, dispatchtypes, machines } = l2l.backend.data;

  function hasStopped(id: number): boolean {
    const code = machines.find(machine => machine.id === id)?.code;
    const story = stories.find(({ spec }) => spec.machine === code);
    return story !== undefined && !momentAt(story, world.now()).running;
  }

  function end(id: number | undefined, how: PersonEnd['how']): void {
    if (id === undefined) return;
    const done =
      how === 'delete'
        ? l2l.person(`dispatches/${id}`, { _action: 'delete' })
        : l2l.person(`dispatches/${how}/${id}`, {});
    if (done && !ended.has(id)) ended.set(id, { at: world.now(), how });
  }

  const anyOf = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];

  /** Mostly on a machine that has just stopped, before the gateway opens its dispatch. */
  function see(): void {
    const rule = anyOf(stories.flatMap(({ spec }) => spec.dispatches));
    const stops = stories.find(({ spec }) => spec.machine === rule?.machine)?.stops ?? [];
    const next = stops.find(({ start, end: over }) => start > world.now() && over - start > (rule?.delay ?? 0));
    if (!rule) return;
    if (next && random() < 0.8) world.at(next.start + Math.round(between(random, 1000, rule.delay)), () => open(rule));
    else open(rule);
  }

  function open(rule: DispatchRule): void {
    const fields = { machinecode: rule.machine, dispatchtypecode: rule.type, description: 'seen by kim' };
    if (!l2l.person('dispatches/open/', { ...fields, trade: 'MAINT', user: 'kim' })) return;
    const id = dispatches.at(-1)?.id;
    world.at(world.now() + Math.round(between(random, MINUTE, 40 * MINUTE)), () => end(id, 'close'));
  }

  return {
    ended,
    corrected,
    doubt(machine) {
      if (world.now() > options.until || random() >= options.corrects) return;
      world.at(world.now() + Math.round(between(random, 1000, 100_000)), () => {
        if (!l2l.person('machines/increment_cycle_count/', { code: machine, cyclecount: `${CORRECTION}` })) return;
        corrected.push({ machine, at: world.now() });
      });
    },
    meddle(deed) {
      if (deed === 'open') return see();
      const ours = dispatches.filter(one => one.createdby === 'gateway' && one.closed === null && !one.deleted);
      const stopped = ours.filter(({ machine }) => hasStopped(machine));
      const target = anyOf(stopped.length > 0 && random() < 0.8 ? stopped : ours);
      if (!target) return;
      // A dispatch that is completed and not closed would block its machine for ever.
      const isSingle = dispatchtypes.some(type => type.id === target.dispatchtype && !type.allowmultiple);
      switch (deed) {
        case 'close':
        case 'delete':
          return end(target.id, deed);
        case 'complete':
          return end(target.id, isSingle ? 'close' : 'complete');
        case 'change_type':
          l2l.person(`dispatches/changetype/${target.id}`, { dispatchtype_code: 'QUALITY' });
          return;
        case 'rewrite':
          l2l.person(`dispatches/add_comment/${target.id}`, { comment: 'looked at it' });
          return;
      }
    },
  };
}
