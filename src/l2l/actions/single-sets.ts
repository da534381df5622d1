import { textField } from '../envelope.ts';
import { apiPath, encodeFields, type Fields } from '../form.ts';
import { setFields } from '../record-sets.ts';
import { type ActionContext, type ActionHandler, oldest } from './action.ts';

/**
 * Records each set by itself, where L2L may not be read: nobody could read what became of a batch. The answer to a single set says
 * whether L2L has it. After a lost answer, a person decides.
 */
export function createSingleSets({ site, zone }: ActionContext): ActionHandler<'record_details'> {
  return {
    maxActions: 1,

    freeze(actions) {
      if (actions.length > 1) throw new Error(`${actions.length} record sets can not share a call`);
      const body = encodeFields({ site, ...(setFields(oldest(actions).params, zone) as Fields) });
      return { kind: 'request', request: { method: 'POST', path: apiPath('pitchdetails/record_details/'), body } };
    },

    succeeded(_call, envelope, answer) {
      // A batch that was built before the config changed.
      const batchId = textField(envelope.body, 'batch_id');
      if (batchId !== undefined) return { kind: 'accepted', result: { batchId }, answer };
      return { kind: 'delivered', result: {}, answer };
    },

    look: () => Promise.resolve(UNREAD),
    follow: () => Promise.resolve(UNREAD),
  };
}

const UNREAD = {
  kind: 'undecided',
  detail: 'the config says l2l.reads: never, so nobody looks whether L2L has it; look in L2L, then retry or drop it',
} as const;
