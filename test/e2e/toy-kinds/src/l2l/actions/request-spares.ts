import { apiPath, encodeFields } from '../form.ts';
import { defineAction, newest } from './action.ts';

/** Requests spares for a line. */
export const requestSpares = defineAction({
  kind: 'request_spares',
  worksLater: false,
  create: ({ site, zone }) => ({
    freeze(actions) {
      const { line, quantity, part, at } = newest(actions).params;
      const body = encodeFields({
        site,
        linecode: line,
        needed: zone.text(at),
        quantity,
        partnumber: part,
      });
      return { kind: 'request', request: { method: 'POST', path: apiPath('spares/request_issue/'), body } };
    },
    succeeded: (_call, _envelope, answer) => ({ kind: 'delivered', result: {}, answer }),
    // Nothing in L2L shows which call a request came from.
    look: async () => ({ kind: 'undecided', detail: 'L2L does not list the spares of one call' }),
  }),
});
