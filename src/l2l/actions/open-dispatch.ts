import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { CallResult } from '../../core/delivery.ts';
import { type DispatchRecord, type DispatchSlot, listOpen, listSince } from '../dispatches.ts';
import { numberField, recordsOf } from '../envelope.ts';
import { apiPath, encodeFields } from '../form.ts';
import { type ActionContext, type ActionHandler, type ActionOf, type CallOf, defineAction, newest } from './action.ts';
import { Code, Instant } from './fields.ts';

type Open = ActionOf<'open_dispatch'>;

const ANY_TOKEN = /\[gw [0-9a-f]{6}\]/;

/** Opens a dispatch, or finds that one already stands for it. */
export const openDispatch = defineAction({
  kind: 'open_dispatch',
  params: z.object({
    machine: Code,
    type: Code,
    trade: Code.exactOptional(),
    reason: Code.exactOptional(),
    description: z.string().min(1),
    reported: Instant,
    ifFoundOpen: z.enum(['leave', 'open']),
  }),
  policy: { priority: 0, repeatable: false, maxActions: 1, acrossLanes: false, requests: 2 },
  worksLater: false,
  create: createHandler,
});

/**
 * The mark in a dispatch's description by which it is found again when its answer was lost. Made from what happened, so it is
 * the same after a restart and differs between two journals that count their episodes alike.
 */
export function token(action: Pick<Open, 'key'> & { readonly params: Pick<Open['params'], 'reported'> }): string {
  const hash = createHash('sha256').update(`${action.key} ${action.params.reported}`).digest('hex');
  return `[gw ${hash.slice(0, 6)}]`;
}

function createHandler({ site, user, zone, reader }: ActionContext): ActionHandler<'open_dispatch'> {
  const slotOf = ({ params }: Open): DispatchSlot => ({ site, machine: params.machine, type: params.type });
  const hasToken = (action: Open) => {
    const mark = token(action);
    return (dispatch: DispatchRecord) => dispatch.description.includes(mark);
  };
  const resultOf = (call: CallOf<'open_dispatch'>, dispatchId: number, dispatchNumber: number): CallResult => ({
    dispatchId,
    dispatchNumber,
    reported: newest(call.actions).params.reported,
  });

  return {
    freeze(actions) {
      const action = newest(actions);
      const { machine, type, trade, reason, description, reported } = action.params;
      const body = encodeFields({
        site,
        dispatchtypecode: type,
        machinecode: machine,
        description: `${description} ${token(action)}`,
        trade,
        // Without it L2L replaces an unknown trade by its default one and says nothing.
        trade_required: trade === undefined ? undefined : true,
        reasoncode: reason,
        user,
        reported: zone.text(reported),
      });
      return { kind: 'request', request: { method: 'POST', path: apiPath('dispatches/open/'), body } };
    },

    async prepare(call, signal) {
      const action = newest(call.actions);
      if (action.params.ifFoundOpen === 'open') return { kind: 'send', base: null };
      const listed = await listOpen(reader, zone, slotOf(action), signal);
      if (!listed.ok) return { kind: 'failed', outcome: listed.outcome };
      const ours = listed.dispatches.find(hasToken(action));
      if (ours) return { kind: 'done', result: resultOf(call, ours.id, ours.number) };
      const other = listed.dispatches[0];
      return other
        ? { kind: 'done', result: { foundOpen: other.number, nothing: `dispatch ${other.number} is already open` } }
        : { kind: 'send', base: null };
    },

    succeeded(call, envelope, answer) {
      const [dispatch] = recordsOf(envelope);
      const id = numberField(dispatch, 'id');
      // Without the id the dispatch could never be closed: the look-up finds it.
      if (id === undefined) {
        return { kind: 'unknown', reason: 'unreadable', detail: 'L2L said success but gave no dispatch id' };
      }
      const number = numberField(dispatch, 'dispatchnumber') ?? id;
      return { kind: 'delivered', result: resultOf(call, id, number), answer };
    },

    async look(call, signal) {
      const action = newest(call.actions);
      const { machine, type, reported } = action.params;
      const listed = await listSince(reader, zone, slotOf(action), reported, signal);
      if (!listed.ok) return { kind: 'failed', outcome: listed.outcome };

      const ours = listed.dispatches.find(hasToken(action));
      if (ours) {
        return {
          kind: 'applied',
          result: resultOf(call, ours.id, ours.number),
          detail: `found as dispatch ${ours.number}`,
        };
      }
      // A technician may have rewritten the description: machine, type and second tell it then, if the user is ours.
      const alike = listed.dispatches.filter(
        dispatch => !ANY_TOKEN.test(dispatch.description) && dispatch.reported.some(at => sameSecond(at, reported)),
      );
      const twin = alike.find(dispatch => dispatch.createdBy === user);
      if (twin) {
        return {
          kind: 'applied',
          result: resultOf(call, twin.id, twin.number),
          detail: `found as dispatch ${twin.number}`,
        };
      }
      const doubtful = alike.find(dispatch => dispatch.createdBy === undefined);
      if (doubtful) {
        return { kind: 'undecided', detail: `dispatch ${doubtful.number} has the same time and may be this one` };
      }
      if (!listed.isComplete)
        return { kind: 'undecided', detail: `${machine} has too many newer ${type} dispatches to find it` };
      return { kind: 'absent', detail: `no dispatch of ${machine} ${type} since then carries ${token(action)}` };
    },
  };
}

function sameSecond(a: number, b: number): boolean {
  return Math.floor(a / 1000) === Math.floor(b / 1000);
}
