import type { ActionKind } from '../../actions/action.ts';
import type { ActionDefinition } from './action.ts';
import { addScrapDetail } from './add-scrap-detail.ts';
import { closeDispatch } from './close-dispatch.ts';
import { closeMachine } from './close-machine.ts';
import { incrementCycles } from './increment-cycles.ts';
import { openDispatch } from './open-dispatch.ts';
import { recordDetails } from './record-details.ts';
import { setCycles } from './set-cycles.ts';

/** Every kind of action. A new kind is a file and a line here. */
export const ACTIONS = {
  open_dispatch: openDispatch,
  close_dispatch: closeDispatch,
  close_machine: closeMachine,
  increment_cycles: incrementCycles,
  set_cycles: setCycles,
  record_details: recordDetails,
  add_scrap_detail: addScrapDetail,
} as const satisfies { readonly [K in ActionKind]: ActionDefinition<K> };
