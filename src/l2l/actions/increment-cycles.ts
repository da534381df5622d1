import { BASE_GOOD_FOR } from '../../core/delivery.ts';
import { numberField, recordsOf } from '../envelope.ts';
import { apiPath, encodeFields } from '../form.ts';
import { createMachines } from '../machines.ts';
import { type ActionContext, type ActionHandler, type ActionOf, defineAction, newest } from './action.ts';

/** Adds cycles to a machine's count. Increments that wait are sent as one sum. */
export const incrementCycles = defineAction({
  kind: 'increment_cycles',
  worksLater: false,
  create: createHandler,
});

function createHandler({ site, clock, differences, reader, reads }: ActionContext): ActionHandler<'increment_cycles'> {
  /** The last count that L2L answered, by machine. It saves the next increment a read. */
  const known = new Map<string, { readonly count: number; readonly at: number }>();
  const machines = createMachines(reader, site, clock);
  const isFresh = (at: number) => clock.now() - at < BASE_GOOD_FOR;

  return {
    freeze(actions) {
      const sum = sumOf(actions);
      if (sum === 0) return { kind: 'nothing', why: 'no cycles to add' };
      // skip_lastupdated is not sent, so that the machine's lastupdated shows the call to a person who has to decide about it.
      const body = encodeFields({ site, code: newest(actions).params.machine, cyclecount: sum });
      return { kind: 'request', request: { method: 'POST', path: apiPath('machines/increment_cycle_count/'), body } };
    },

    async prepare(call, signal) {
      const { machine } = newest(call.actions).params;
      const last = known.get(machine);
      // Forgotten until the next answer, because the count is not known after a lost answer.
      known.delete(machine);
      if (call.base && isFresh(call.base.at)) return { kind: 'send', base: call.base };
      if (last && isFresh(last.at)) return { kind: 'send', base: { cycleCount: last.count, at: last.at } };
      const at = clock.now();
      const read = await machines.count(machine, signal);
      return read.ok
        ? { kind: 'send', base: { cycleCount: read.count, at } }
        : { kind: 'failed', outcome: read.outcome };
    },

    // After a lost answer, a person decides.
    unprepared: () => (reads === 'never' ? { kind: 'send', base: null } : null),

    succeeded(call, envelope, answer) {
      const { machine } = newest(call.actions).params;
      const count = numberField(recordsOf(envelope)[0], 'cyclecount');
      if (count === undefined) return { kind: 'delivered', result: {}, answer };
      known.set(machine, { count, at: clock.now() });
      const base = call.base?.cycleCount;
      const added = sumOf(call.actions);
      if (base !== undefined && base + added !== count) {
        const words = 'machine count moved by something else than what was added: somebody else writes it too';
        differences.count(machine, base + added, count, words);
      }
      return { kind: 'delivered', result: { cycleCount: count }, answer };
    },

    async look(call, signal) {
      const { machine } = newest(call.actions).params;
      const read = await machines.count(machine, signal);
      if (!read.ok) return { kind: 'failed', outcome: read.outcome };
      const seen = read.count;
      const base = call.base?.cycleCount;
      if (base === undefined)
        return { kind: 'undecided', detail: `${machine} stands at ${seen}; before the call is not known` };
      const added = sumOf(call.actions);
      const wanted = base + added;
      if (seen === wanted) {
        return { kind: 'applied', result: { cycleCount: seen }, detail: `${machine} went from ${base} to ${seen}` };
      }
      if (seen === base) return { kind: 'absent', detail: `${machine} still stands at ${base}` };
      const detail = `${machine} stood at ${base}, stands at ${seen}; with ${added} added it would stand at ${wanted}`;
      return { kind: 'undecided', detail };
    },
  };
}

function sumOf(actions: readonly ActionOf<'increment_cycles'>[]): number {
  return actions.reduce((sum, action) => sum + action.params.count, 0);
}
