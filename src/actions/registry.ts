import { addScrapDetail } from './add-scrap-detail.ts';
import { closeDispatch } from './close-dispatch.ts';
import { closeMachine } from './close-machine.ts';
import { incrementCycles } from './increment-cycles.ts';
import type { CallKind } from './kind.ts';
import { openDispatch } from './open-dispatch.ts';
import { recordDetails } from './record-details.ts';
import { setCycles } from './set-cycles.ts';

/** Every kind of call. A new one is a file beside this one and a line here; how it is sent is a file in src/l2l/actions. */
export const KINDS = {
  open_dispatch: openDispatch,
  close_dispatch: closeDispatch,
  close_machine: closeMachine,
  increment_cycles: incrementCycles,
  set_cycles: setCycles,
  record_details: recordDetails,
  add_scrap_detail: addScrapDetail,
} as const;

export type ActionKind = keyof typeof KINDS;

/** The kinds of call, each with what has to be known for it. */
export type ActionParams = { readonly [K in ActionKind]: Readonly<ParamsOf<(typeof KINDS)[K]>> };
type ParamsOf<Kind> = Kind extends CallKind<string, infer P> ? P : never;

/** A kind as code that handles all of them sees it. */
export type AnyKind = CallKind<ActionKind, Fields>;
type Fields = Readonly<Record<string, unknown>>;

const LIST = Object.values(KINDS) as unknown as readonly AnyKind[];
const BY_NAME: ReadonlyMap<string, AnyKind> = new Map(LIST.map(kind => [kind.kind, kind]));

/** The kind of an action. Its params belong to it: they were made, or stored, together. */
export function kindOf(kind: ActionKind): AnyKind {
  const found = BY_NAME.get(kind);
  if (!found) throw new Error(`no kind of call is named ${kind}`);
  return found;
}

export const ACTION_KINDS = LIST.map(({ kind }) => kind);

/** The names of the kinds of which something holds. */
export function kindsThat(holds: (kind: AnyKind) => boolean): readonly ActionKind[] {
  return LIST.filter(holds).map(({ kind }) => kind);
}
