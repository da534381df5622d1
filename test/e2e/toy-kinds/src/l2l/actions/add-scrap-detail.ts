import { apiPath, encodeFields } from '../form.ts';
import { defineAction, newest } from './action.ts';

/** Adds scrap to a line. */
export const addScrapDetail = defineAction({
  kind: 'add_scrap_detail',
  worksLater: false,
  create: ({ site, zone }) => ({
    freeze(actions) {
      const { line, scrap, category, at } = newest(actions).params;
      const body = encodeFields({
        site,
        linecode: line,
        scrap_datetime: zone.text(at),
        scrap,
        scrapcategory: category,
      });
      return { kind: 'request', request: { method: 'POST', path: apiPath('scrapdetail/add_scrap_detail/'), body } };
    },
    succeeded: (_call, _envelope, answer) => ({ kind: 'delivered', result: {}, answer }),
    // L2L adds scrap of a category to the existing record, so nothing shows from which call it came.
    look: async () => ({ kind: 'undecided', detail: 'L2L does not list the scrap of one call' }),
  }),
});
