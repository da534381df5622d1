import type { CallResult } from '../../actions/result.ts';
import type { FrozenRequest, Outcome, Prepared } from '../../core/delivery.ts';
import { isMarked } from '../dispatch-mark.ts';
import { type DispatchRecord, listUnclosed } from '../dispatches.ts';
import { type Envelope, numberField, recordsOf, textField } from '../envelope.ts';
import { apiPath, encodeFields } from '../form.ts';
import { type ActionContext, type ActionHandler, type ActionOf, type CallOf, defineAction, newest } from './action.ts';
import { isSameTime } from './answer-differences.ts';
import { ALREADY, completedText, learnKeptTime } from './dispatch-end.ts';

type CloseCall = CallOf<'close_machine'>;
type Params = ActionOf<'close_machine'>['params'];

/**
 * Closes every open dispatch of a machine and a type that was reported before the machine ran again, by one `dispatches/closemachine`.
 * L2L is read first, because a call that waited would also close the dispatch of the next stop. Where one of those is open, or where a
 * close does not keep the completed time, the older dispatches are closed by their ids, one call after the other
 * (docs/decisions/0022-close-machine.md).
 */
export const closeMachine = defineAction({
  kind: 'close_machine',
  worksLater: false,
  create: createHandler,
});

function createHandler(context: ActionContext): ActionHandler<'close_machine'> {
  const { site, zone, reader, memory, differences } = context;

  /** What L2L lists as not closed: the dispatches to close, and those that were reported later. */
  async function read(call: CloseCall, signal: AbortSignal) {
    const { machine, type, completed } = paramsOf(call);
    const listed = await listUnclosed(reader, zone, { site, machine, type }, signal);
    if (!listed.ok) return listed;
    const [due, later] = [[], []] as [DispatchRecord[], DispatchRecord[]];
    for (const dispatch of listed.dispatches) (isBefore(dispatch, completed) ? due : later).push(dispatch);
    return { ok: true as const, due, later };
  }

  /** Whether one call may close all of them: none is newer, and L2L stores the time that it is sent. */
  function areClosedAtOnce({ completed }: Params, due: readonly DispatchRecord[], later: readonly DispatchRecord[]) {
    const text = zone.text(completed);
    const isBackwards = due.some(({ reported }) => reported.some(at => zone.text(at) > text));
    return later.length === 0 && !isBackwards && !memory().facts().closeLosesCompleted;
  }

  function prepared(call: CloseCall, due: readonly DispatchRecord[], later: readonly DispatchRecord[]): Prepared {
    const params = paramsOf(call);
    const [first] = due;
    if (!first) return { kind: 'done', result: { nothing: noneWords(params, later) } };
    if (areClosedAtOnce(params, due, later)) return { kind: 'send', base: null };
    const { id, reported, isOpen } = first;
    const dispatch = { id, reported: reported[0] ?? null, isCompleted: !isOpen };
    return { kind: 'send', base: { dispatch, at: context.clock.now() } };
  }

  function closedResult(call: CloseCall, envelope: Envelope): CallResult {
    const { machine, type } = paramsOf(call);
    const sent = new URLSearchParams(call.request.body).get('completed') ?? undefined;
    const [closed, closedOfPeople] = [[], []] as [number[], number[]];
    for (const record of recordsOf(envelope)) {
      const id = numberField(record, 'id');
      if (id === undefined) continue;
      closed.push(id);
      if (!isMarked(textField(record, 'description') ?? '')) closedOfPeople.push(id);
      // A person may have completed it before: then that time stays.
      const stored = textField(record, 'completed');
      const isOwnTime = sent !== undefined && stored !== undefined && (stored > sent || isSameTime(zone, stored, sent));
      const codes = { machinecode: machine, dispatchtypecode: type };
      differences.dispatch(machine, { ...codes, ...(isOwnTime && { completed: sent }) }, record);
      learnKeptTime(context, { machine, sent }, record);
    }
    return { closed, closedOfPeople };
  }

  return {
    freeze(actions, { inDoubt }) {
      if (inDoubt.length > 0) {
        const rules = inDoubt.join(', ');
        return {
          kind: 'held',
          why: `a person decides first whether L2L has the dispatch of ${rules}, which is parked`,
        };
      }
      const { machine, type, completed, note, comment } = newest(actions).params;
      const body = encodeFields({
        site,
        machinecode: machine,
        dispatchtypecode: type,
        completed: zone.text(completed),
        note,
        comment,
      });
      return { kind: 'request', request: { method: 'POST', path: apiPath('dispatches/closemachine/'), body } };
    },

    async prepare(call, signal) {
      const found = await read(call, signal);
      return found.ok ? prepared(call, found.due, found.later) : { kind: 'failed', outcome: found.outcome };
    },

    // A key without the right to read: nothing shows what was reported later.
    unprepared: () => ({ kind: 'send', base: null }),

    request: call => requestOfOne(call) ?? call.request,

    // The end of one dispatch, by its id.
    mayRepeat: isOfOne,

    succeeded(call, envelope, answer) {
      if (isOfOne(call)) return NEXT;
      return { kind: 'delivered', result: closedResult(call, envelope), answer };
    },

    async refused(call, refusal, signal) {
      if (isOfOne(call) && ALREADY.test(refusal.detail)) return NEXT;
      const found = await read(call, signal);
      if (!found.ok) return refusal;
      if (isOfOne(call)) return found.due.some(({ id }) => id === call.base?.dispatch?.id) ? refusal : NEXT;
      if (found.due.length > 0) return refusal;
      const nothing = noneWords(paramsOf(call), found.later);
      return { kind: 'delivered', result: { nothing }, answer: refusal.answer };
    },

    async look(call, signal) {
      const found = await read(call, signal);
      if (!found.ok) return { kind: 'failed', outcome: found.outcome };
      const numbers = found.due.map(({ number }) => number).join(', ');
      if (numbers !== '') return { kind: 'absent', detail: `still open: ${numbers}` };
      return { kind: 'applied', result: {}, detail: noneWords(paramsOf(call), found.later) };
    },
  };

  /** Where a close does not keep the time, an open dispatch is completed first. The next call finds it completed, and closes it. */
  function requestOfOne({ actions, base }: CloseCall): FrozenRequest | undefined {
    if (!base?.dispatch) return undefined;
    const { completed, note } = newest(actions).params;
    const { id, isCompleted, reported } = base.dispatch;
    const text = completedText(zone, completed, reported ?? undefined);
    const losesTime = memory().facts().closeLosesCompleted === true && !isCompleted;
    const [method, fields] = losesTime ? ['complete', { completed: text, note }] : ['close', { completed: text }];
    return { method: 'POST', path: apiPath(`dispatches/${method}/${id}`), body: encodeFields(fields) };
  }
}

/** One dispatch is completed or closed. Another call looks for the next one. */
const NEXT: Outcome = { kind: 'again', reason: null, detail: 'one of several was closed', after: 0, guarded: true };

function isOfOne({ base }: CloseCall): boolean {
  return base?.dispatch !== undefined;
}

function paramsOf(call: CloseCall): Params {
  return newest(call.actions).params;
}

/** L2L keeps whole seconds. A dispatch of the second in which the machine ran again may be the next stop's. */
function isBefore({ reported }: DispatchRecord, completed: number): boolean {
  return reported.length === 0 || reported.some(at => at < Math.floor(completed / 1000) * 1000);
}

function noneWords({ machine, type }: Params, later: readonly DispatchRecord[]): string {
  const none = `no dispatch ${type} of ${machine} is left to close`;
  if (later.length === 0) return none;
  return `${none}; ${later.map(({ number }) => number).join(', ')} began later and stays open`;
}
