import { z } from 'zod';
import type { CloseDispatchParams } from '../../core/action.ts';
import type { ChainState } from '../../core/delivery.ts';
import { numberField, recordsOf, textField } from '../envelope.ts';
import { apiPath, encodeFields } from '../form.ts';
import { type ActionContext, type ActionHandler, type CallOf, defineAction, newest } from './action.ts';
import { Code, Instant } from './fields.ts';

/** Closes or completes the dispatch its chain opened, by the id kept from the open (docs/decisions/0004-close-by-id.md). */
export const closeDispatch = defineAction({
  kind: 'close_dispatch',
  params: z.object({
    machine: Code,
    type: Code,
    completed: Instant,
    how: z.enum(['close', 'complete', 'note', 'leave']),
    closeAdopted: z.boolean().exactOptional(),
  }),
  policy: { priority: 0, repeatable: true, maxActions: 1, acrossLanes: false },
  worksLater: false,
  create: createHandler,
});

const ALREADY = /\balready (?:been )?(?:completed|closed)\b/i;

function createHandler({ zone, reader, site }: ActionContext): ActionHandler<'close_dispatch'> {
  /** L2L refuses an end before the start, and in the repeated hour a later instant can read earlier. */
  function completedText(completed: number, { result }: ChainState): string {
    const text = zone.text(completed);
    const reported = result?.reported;
    if (reported === undefined) return text;
    const reportedText = zone.text(reported);
    if (text >= reportedText) return text;
    return new Date(Date.parse(`${reportedText}Z`) + 1000).toISOString().slice(0, 19).replace('T', ' ');
  }

  return {
    freeze(actions, chain) {
      const { completed, how } = newest(actions).params;
      if (how === 'leave') return { kind: 'nothing', why: 'the rule leaves it to people' };
      if (chain.open === 'pending') return { kind: 'held', why: 'its dispatch is not open yet' };
      if (chain.open === 'none') return { kind: 'nothing', why: 'no dispatch was opened' };
      if (chain.open === 'dead') return { kind: 'nothing', why: 'its dispatch could not be opened' };
      const { foundOpen, dispatchId } = chain.result ?? {};
      if (foundOpen !== undefined)
        return { kind: 'nothing', why: `dispatch ${foundOpen} was open before and is left open` };
      if (dispatchId === undefined) return { kind: 'nothing', why: 'no dispatch was opened' };
      const path = apiPath(`dispatches/${how}/${dispatchId}`);
      const body = encodeFields({ completed: completedText(completed, chain) });
      return { kind: 'request', request: { method: 'POST', path, body } };
    },

    succeeded(call, envelope, answer) {
      const ours = idOf(call);
      const [dispatch] = recordsOf(envelope);
      const id = numberField(dispatch, 'id');
      if (id !== undefined && id !== ours) {
        const detail = `asked to close dispatch id ${ours}, L2L answered with id ${id}; look at both in L2L`;
        return { kind: 'rejected', reason: 'refused', detail, answer };
      }
      const number = numberField(dispatch, 'dispatchnumber');
      return {
        kind: 'delivered',
        result: { dispatchId: ours, ...(number === undefined ? {} : { dispatchNumber: number }) },
        answer,
      };
    },

    alreadySo: (call, words) => (ALREADY.test(words) ? { dispatchId: idOf(call), nothing: words } : null),

    async look(call, signal) {
      const id = idOf(call);
      const read = await reader.read('dispatches/', { site, id, fields: 'id,open,completed,closed' }, signal);
      if (!read.ok) return { kind: 'failed', outcome: read.outcome };
      const dispatch = read.records.find(record => numberField(record, 'id') === id);
      if (!dispatch) return { kind: 'undecided', detail: `L2L does not list dispatch id ${id} any more` };
      const done =
        textField(dispatch, 'closed') ?? (howOf(call) === 'complete' ? textField(dispatch, 'completed') : undefined);
      return done
        ? { kind: 'applied', result: { dispatchId: id }, detail: `dispatch id ${id} has ended at ${done}` }
        : { kind: 'absent', detail: `dispatch id ${id} is still open` };
    },
  };
}

function howOf(call: CallOf<'close_dispatch'>): CloseDispatchParams['how'] {
  return newest(call.actions).params.how;
}

/** The id stands in the frozen path, which outlives a restart. */
function idOf(call: CallOf<'close_dispatch'>): number {
  return Number(call.request.path.slice(call.request.path.lastIndexOf('/') + 1));
}
