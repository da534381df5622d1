import type { CallResult } from '../../actions/result.ts';
import type { ChainState, Freeze, Outcome } from '../../core/delivery.ts';
import { noteMarkOf } from '../dispatch-mark.ts';
import { isDeleted, OPEN_FIELDS } from '../dispatches.ts';
import { type L2lRecord, numberField, recordsOf, textField } from '../envelope.ts';
import { apiPath, encodeFields } from '../form.ts';
import { type ActionContext, type ActionHandler, type ActionOf, type CallOf, defineAction, newest } from './action.ts';
import { ALREADY, completedText, learnKeptTime } from './dispatch-end.ts';

type Close = ActionOf<'close_dispatch'>;
type CloseCall = CallOf<'close_dispatch'>;

/**
 * Closes or completes the dispatch that its chain opened, by the id from the open (docs/decisions/0004-close-by-id.md). Or adds a
 * comment to it that the condition is over.
 */
export const closeDispatch = defineAction({
  kind: 'close_dispatch',
  worksLater: false,
  create: createHandler,
});

const ALREADY_COMPLETED = /\balready (?:been )?completed\b/i;

function createHandler(context: ActionContext): ActionHandler<'close_dispatch'> {
  const { zone, reader, site, memory, differences } = context;
  const nothing = (why: string): Freeze => ({ kind: 'nothing', why });

  /**
   * Where a close does not keep the completed time, the dispatch is completed first. Another call closes it. `guarded` means that
   * the first call was sent.
   */
  function methodOf({ params: { how }, guarded = false }: Close): string {
    return how === 'close' && !guarded && memory().facts().closeLosesCompleted ? 'complete' : how;
  }

  function request(action: Close, dispatchId: number, chain: ChainState): Freeze {
    const { how, completed } = action.params;
    const [method, fields] =
      how === 'note'
        ? ['add_comment', { comment: `over at ${zone.text(completed)} ${markOf(action)}` }]
        : [methodOf(action), { completed: completedText(zone, completed, chain.result?.reported) }];
    const path = apiPath(`dispatches/${method}/${dispatchId}`);
    return { kind: 'request', request: { method: 'POST', path, body: encodeFields(fields) } };
  }

  async function read(id: number, signal: AbortSignal) {
    const query = { site, id, fields: `id,dispatchnumber,description,${OPEN_FIELDS}` };
    const listed = await reader.read('dispatches/', query, signal);
    if (!listed.ok) return listed;
    return { ok: true as const, dispatch: listed.records.find(record => numberField(record, 'id') === id) };
  }

  /** Reports a completed time that is not the one that was sent. */
  function compare(call: CloseCall, dispatch: L2lRecord | undefined): void {
    const { machine, how } = newest(call.actions).params;
    if (how !== 'note') differences.dispatch(machine, { completed: sentTime(call) }, dispatch);
  }

  function learn(call: CloseCall, dispatch: L2lRecord | undefined): void {
    if (howOf(call) !== 'close' || isFirstHalf(call)) return;
    learnKeptTime(context, { machine: newest(call.actions).params.machine, sent: sentTime(call) }, dispatch);
  }

  return {
    freeze(actions, chain) {
      const action = newest(actions);
      const { how, closeAdopted = false } = action.params;
      if (chain.open === 'pending') return { kind: 'held', why: 'its dispatch is not open yet' };
      if (how === 'leave') return nothing('the rule leaves it to people');
      if (chain.open === 'dead') return { kind: 'held', why: 'waits for the dead letter of its episode' };
      // The person who dropped the open was warned that L2L may have it. Which dispatch it is would be a guess.
      if (chain.open === 'dropped')
        return nothing('its open was dropped: if L2L has the dispatch all the same, a person closes it');
      const { dispatchId, dispatchNumber, foundOpen, adopted = false } = chain.result ?? {};
      if (chain.open === 'none' || dispatchId === undefined) {
        return nothing(foundOpen === undefined ? 'no dispatch was opened' : leftOpen(foundOpen));
      }
      const number = foundOpen ?? dispatchNumber ?? dispatchId;
      if (chain.closed.includes(dispatchId))
        return nothing(`dispatch ${number} was closed with the others of its type`);
      if (chain.heldBy.length > 0) {
        const rules = [...new Set(chain.heldBy)].join(', ');
        return nothing(`held by ${rules} too: the last one to clear ends dispatch ${number}`);
      }
      if (foundOpen !== undefined && !chain.isOurs) return nothing(leftOpen(foundOpen));
      if (adopted && !closeAdopted && !chain.isOurs && how !== 'note') {
        return nothing(`a person opened dispatch ${number} and closes it`);
      }
      return request(action, dispatchId, chain);
    },

    // Every send adds another comment.
    mayRepeat: call => howOf(call) !== 'note',

    succeeded(call, envelope, answer) {
      const ours = idOf(call);
      const [dispatch] = recordsOf(envelope);
      const id = numberField(dispatch, 'id');
      if (id !== undefined && id !== ours) {
        const detail = `asked to close dispatch id ${ours}, L2L answered with id ${id}; look at both in L2L`;
        return { kind: 'rejected', reason: 'refused', detail, answer };
      }
      compare(call, dispatch);
      learn(call, dispatch);
      if (isFirstHalf(call)) return SECOND_HALF;
      return { kind: 'delivered', result: resultOf(call, dispatch), answer };
    },

    async refused(call, refusal, signal) {
      const { answer, detail } = refusal;
      if (isFirstHalf(call) && ALREADY_COMPLETED.test(detail)) return SECOND_HALF;
      const isAlready = ALREADY.test(detail);
      const done: Outcome = { kind: 'delivered', result: { dispatchId: idOf(call), nothing: detail }, answer };
      if (isAlready && call.attempt <= 1) return done;
      const listed = await read(idOf(call), signal);
      if (isAlready) {
        // An earlier attempt of this call may have ended it, and the answer that shows the stored time was lost.
        if (listed.ok) compare(call, listed.dispatch);
        return done;
      }
      // An earlier attempt may have ended it. The refused one had no effect, so it can be repeated until the dispatch can be read.
      if (!listed.ok && call.attempt > 1 && listed.outcome.kind === 'retry' && listed.outcome.reason !== 'denied')
        return listed.outcome;
      // L2L's own refusal says more than a failed read.
      if (!listed.ok || !listed.dispatch) return refusal;
      const { dispatch } = listed;
      if (isDeleted(dispatch)) {
        return {
          kind: 'delivered',
          result: { ...resultOf(call, dispatch), nothing: 'somebody deleted the dispatch' },
          answer,
        };
      }
      // L2L refuses for a dispatch that has ended, in words of its own choice.
      const how = howOf(call);
      const [closed, completed] = [textField(dispatch, 'closed'), textField(dispatch, 'completed')];
      if (closed === undefined && completed !== undefined && isFirstHalf(call)) return SECOND_HALF;
      const ended = how === 'note' ? undefined : (closed ?? (how === 'complete' ? completed : undefined));
      if (ended === undefined) return refusal;
      compare(call, dispatch);
      const nothing = `it was ${closed === undefined ? 'completed' : 'closed'} at ${ended}`;
      return { kind: 'delivered', result: { ...resultOf(call, dispatch), nothing }, answer };
    },

    async look(call, signal) {
      const id = idOf(call);
      const listed = await read(id, signal);
      if (!listed.ok) return { kind: 'failed', outcome: listed.outcome };
      const { dispatch } = listed;
      if (!dispatch) return { kind: 'undecided', detail: `L2L does not list dispatch id ${id} any more` };
      const done = doneWords(call, dispatch);
      return done === null
        ? { kind: 'absent', detail: `dispatch id ${id} is as it was` }
        : { kind: 'applied', result: resultOf(call, dispatch), detail: `dispatch id ${id} ${done}` };
    },
  };
}

/** The dispatch is completed. Its action waits for the call that closes it. */
const SECOND_HALF: Outcome = {
  kind: 'again',
  reason: null,
  detail: 'completed; a close alone would not keep the time',
  after: 0,
  guarded: true,
};

function sentTime(call: CloseCall): string | undefined {
  return new URLSearchParams(call.request.body).get('completed') ?? undefined;
}

/** Whether the call only completes a dispatch that is to be closed. */
function isFirstHalf(call: CloseCall): boolean {
  return howOf(call) === 'close' && call.request.path.includes('/complete/');
}

/** How a dispatch shows that the call took effect, or is not needed any more; null: it does not. */
function doneWords(call: CloseCall, dispatch: L2lRecord): string | null {
  const how = howOf(call);
  if (isDeleted(dispatch)) return 'was deleted';
  if (how === 'note') {
    return textField(dispatch, 'description')?.includes(markOf(newest(call.actions))) ? 'has the comment' : null;
  }
  const ended = textField(dispatch, 'closed') ?? (how === 'complete' ? textField(dispatch, 'completed') : undefined);
  return ended === undefined ? null : `has ended at ${ended}`;
}

function resultOf(call: CloseCall, dispatch: L2lRecord | undefined): CallResult {
  const dispatchNumber = numberField(dispatch, 'dispatchnumber');
  return { dispatchId: idOf(call), ...(dispatchNumber !== undefined && { dispatchNumber }) };
}

function markOf({ key, params }: Close): string {
  return noteMarkOf({ key, at: params.completed });
}

function leftOpen(number: number): string {
  return `dispatch ${number} was open before and is left open`;
}

function howOf(call: CloseCall): Close['params']['how'] {
  return newest(call.actions).params.how;
}

/** The id is in the path of the frozen request, so a restart does not lose it. */
function idOf(call: CloseCall): number {
  return Number(call.request.path.slice(call.request.path.lastIndexOf('/') + 1));
}
