import type { Outcome } from '../../core/delivery.ts';
import type { TradeForm } from '../../core/site-memory.ts';
import { type L2lRecord, textField } from '../envelope.ts';
import type { Fields } from '../form.ts';
import { isAboutL2l, quotesCode } from '../refused-codes.ts';
import { type ActionContext, oldest, type Refusal } from './action.ts';
import type { Open, OpenCall } from './opened-dispatch.ts';

/** In the order in which they are tried: L2L's own clients send the first one (docs/decisions/0019-three-forms-of-a-trade.md). */
const FORMS: readonly TradeForm[] = ['tradecode', 'trade_code', 'trade_id'];

const WORDS: Readonly<Record<TradeForm, string>> = {
  tradecode: 'as a code in tradecode',
  trade_code: 'as a code in trade',
  trade_id: 'as an id in trade',
};

/** Words about a trade, but not about a dispatch that is there already. */
const ABOUT_TRADE = /^(?!.*\balready\b).*trade/is;
/** Words about something else than the trade. */
const ABOUT_OTHERS =
  /\b(?:already|machine|line|dispatch|type|reason|user|site|description|reported|due|completed|duplicate|tooling|right|permission|allowed|key|auth)/i;

/** One open that L2L refused for the form of its trade. */
type Attempt = {
  /** The form in which it is sent next. */
  readonly form: TradeForm;
  readonly refused: ReadonlySet<TradeForm>;
  /** Every form was refused. It is sent once more in the first form, and that answer counts. */
  readonly isLast: boolean;
  /** L2L does not have a trade with this code. */
  readonly isUnknown: boolean;
};

/**
 * The form in which L2L takes the trade of a new dispatch. L2L's reference allows three. L2L did not apply a call that it refused, so
 * an open that is refused for its trade is sent in the next form. The form that worked comes first from then on.
 */
export function createTradeForms({ memory, reader, site, log }: ActionContext) {
  /** By the key of the action. A restart forgets them, and the forms are tried again. */
  const attempts = new Map<string, Attempt>();

  function firstForm(trade: string): TradeForm {
    const { tradeForm = 'tradecode', tradeIds = {} } = memory().facts();
    // The first open with a new trade is refused, which makes its id known.
    return tradeForm === 'trade_id' && tradeIds[trade] === undefined ? 'tradecode' : tradeForm;
  }

  /** Reads the id of a trade. null: L2L has no such trade, or the key may not read trades. */
  async function readId(trade: string, signal: AbortSignal) {
    const read = await reader.read('trades/', { site, code: trade, fields: 'id,code' }, signal);
    if (!read.ok) {
      const mayNotRead = read.outcome.kind === 'halt' || read.outcome.reason === 'denied';
      return mayNotRead ? { ok: true as const, id: null, isUnknown: false } : read;
    }
    const record = read.records.find(one => textField(one, 'code') === trade);
    return { ok: true as const, id: textField(record, 'id') ?? null, isUnknown: record === undefined };
  }

  function forgetId(trade: string): void {
    const { [trade]: _id, ...tradeIds } = memory().facts().tradeIds ?? {};
    memory().learn({ tradeIds }, null);
  }

  function mayBeTheForm(words: string, form: TradeForm, trade: string, guarded: boolean): boolean {
    if (isAboutL2l(words)) return false;
    // A form that worked is not given up for a code that L2L read and does not know.
    if (form === memory().facts().tradeForm) return ABOUT_TRADE.test(words) && !quotesCode(words, trade);
    // A guarded open is likely to be refused for a dispatch that is open.
    return ABOUT_TRADE.test(words) || (!guarded && !ABOUT_OTHERS.test(words));
  }

  return {
    /** The fields of a request that name the trade. */
    fields({ key, params: { trade } }: Open): Fields {
      if (trade === undefined) return {};
      const form = attempts.get(key)?.form ?? firstForm(trade);
      if (form === 'tradecode') return { tradecode: trade };
      return { trade: form === 'trade_code' ? trade : memory().facts().tradeIds?.[trade] };
    },

    /** What a refusal means for the form of the trade; null: it says nothing about it. */
    async refused(call: OpenCall, refusal: Refusal, signal: AbortSignal): Promise<Outcome | null> {
      const action = oldest(call.actions);
      const { key, guarded = false } = action;
      const { trade } = action.params;
      const form = formIn(call.request.body, trade);
      if (trade === undefined || form === null) return null;
      const former = attempts.get(key);
      if (former?.isLast) {
        attempts.delete(key);
        return former.isUnknown ? withoutTrade(refusal, trade) : null;
      }
      if (!mayBeTheForm(refusal.detail, form, trade, guarded)) {
        attempts.delete(key);
        return null;
      }
      const refused = new Set(former?.refused);
      // An id that was read long ago may be out of date.
      if (form === 'trade_id' && !former) forgetId(trade);
      else refused.add(form);
      let isUnknown = false;
      let next = FORMS.find(other => !refused.has(other));
      if (next === 'trade_id') {
        const read = await readId(trade, signal);
        if (!read.ok && read.outcome.reason !== 'unread') return read.outcome;
        isUnknown = read.ok && read.isUnknown;
        if (!read.ok || read.id === null) next = undefined;
        else memory().learn({ tradeIds: { ...memory().facts().tradeIds, [trade]: read.id } }, null);
      }
      const isLast = next === undefined;
      next ??= firstForm(trade);
      attempts.set(key, { form: next, refused: refused.add(next), isLast, isUnknown });
      const detail = `L2L refused the trade ${WORDS[form]}: ${refusal.detail}; it is sent ${WORDS[next]}`;
      return { kind: 'again', reason: 'refused', detail, after: 0, guarded };
    },

    /** L2L opened the dispatch. */
    worked(call: OpenCall, dispatch: L2lRecord | undefined): void {
      const action = oldest(call.actions);
      const { trade } = action.params;
      attempts.delete(action.key);
      const form = formIn(call.request.body, trade);
      if (form === null || form === memory().facts().tradeForm) return;
      // L2L ignores what it does not read, and takes its default trade.
      if ((textField(dispatch, 'tradecode') ?? trade) !== trade) return;
      const words = `L2L takes the trade of a dispatch ${WORDS[form]}`;
      memory().learn({ tradeForm: form }, form === 'tradecode' ? null : words);
      log.info({ site, form }, words);
    },
  };
}

export type TradeForms = ReturnType<typeof createTradeForms>;

/** The form of the trade in the body of an open; null: it has none. */
function formIn(body: string, trade: string | undefined): TradeForm | null {
  const fields = new URLSearchParams(body);
  if (!fields.has('trade_required')) return null;
  if (fields.has('tradecode')) return 'tradecode';
  return fields.get('trade') === trade ? 'trade_code' : 'trade_id';
}

function withoutTrade(refusal: Refusal, trade: string): Refusal {
  return { ...refusal, detail: `L2L lists no trade ${trade} for the user of the key; L2L said: ${refusal.detail}` };
}
