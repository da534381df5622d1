import type { FrozenRequest } from '../../core/delivery.ts';
import { numberField, recordsOf } from '../envelope.ts';
import { apiPath, encodeFields } from '../form.ts';
import { createMachines } from '../machines.ts';
import { type ActionContext, type ActionHandler, type CallOf, defineAction, newest } from './action.ts';

/**
 * Sets a machine's count to its anchor plus the movement since. The anchor is L2L's count when the rule first saw its counter. The
 * first call of a chain reads it. The journal keeps it as the base of that call, and as the result from which later calls start.
 */
export const setCycles = defineAction({
  kind: 'set_cycles',
  worksLater: false,
  create: createHandler,
});

function createHandler({ site, clock, differences, reader }: ActionContext): ActionHandler<'set_cycles'> {
  const machines = createMachines(reader, site, clock);
  const bodyOf = (machine: string, cyclecount: number | undefined) => encodeFields({ site, code: machine, cyclecount });

  /** Pure. The frozen request, or one with the anchor from the base. The base is durable before the first byte is sent. */
  function requestOf(call: CallOf<'set_cycles'>): FrozenRequest {
    if (frozenCount(call.request.body) !== undefined) return call.request;
    const { machine, movement } = newest(call.actions).params;
    const anchor = call.base?.cycleCount;
    if (anchor === undefined) throw new Error(`the count of ${machine} was not read before its first call`);
    return { ...call.request, body: bodyOf(machine, anchor + movement) };
  }
  const countOf = (call: CallOf<'set_cycles'>) => Number(frozenCount(requestOf(call).body));
  const resultOf = (call: CallOf<'set_cycles'>, cycleCount: number) => ({
    cycleCount,
    cycleAnchor: countOf(call) - newest(call.actions).params.movement,
  });

  return {
    freeze(actions, chain) {
      const action = newest(actions);
      if (action.chain === null)
        return { kind: 'held', why: 'a count can not be set without the chain that keeps its anchor' };
      const { machine, movement } = action.params;
      const anchor = chain.result?.cycleAnchor;
      const body = bodyOf(machine, anchor === undefined ? undefined : anchor + movement);
      return { kind: 'request', request: { method: 'POST', path: apiPath('machines/set_cycle_count/'), body } };
    },

    async prepare(call, signal) {
      // The anchor is read once, because another anchor would change the body of the call.
      if (call.base || frozenCount(call.request.body) !== undefined) return { kind: 'send', base: call.base };
      const at = clock.now();
      const read = await machines.count(newest(call.actions).params.machine, signal);
      return read.ok
        ? { kind: 'send', base: { cycleCount: read.count, at } }
        : { kind: 'failed', outcome: read.outcome };
    },

    request: requestOf,

    succeeded(call, envelope, answer) {
      const sent = countOf(call);
      const count = numberField(recordsOf(envelope)[0], 'cyclecount') ?? sent;
      if (count !== sent) {
        const { machine } = newest(call.actions).params;
        differences.count(machine, sent, count, 'L2L answered with a count that differs from the one that was set');
      }
      return { kind: 'delivered', result: resultOf(call, count), answer };
    },

    async look(call, signal) {
      const { machine } = newest(call.actions).params;
      const read = await machines.count(machine, signal);
      if (!read.ok) return { kind: 'failed', outcome: read.outcome };
      const sent = countOf(call);
      return read.count === sent
        ? { kind: 'applied', result: resultOf(call, sent), detail: `${machine} stands at ${sent}` }
        : { kind: 'absent', detail: `${machine} stands at ${read.count}, not at ${sent}` };
    },
  };
}

function frozenCount(body: string): string | undefined {
  return /(?:^|&)cyclecount=(-?[\d.]+)/.exec(body)?.[1];
}
