import type { CloseDispatchParams, OpenDispatchParams } from '../../actions/action.ts';
import type { FrozenRequest } from '../../core/delivery.ts';
import { externalIdOf, type Marked, markOf } from '../dispatch-mark.ts';
import { apiPath, encodeFields } from '../form.ts';
import type { SiteZone } from '../site-time.ts';

export type Site = { readonly site: number; readonly user: string; readonly zone: SiteZone };

/** @param guarded L2L refuses it when one of the type is open on the machine, or was completed after `reported`. */
export function openRequest(params: OpenDispatchParams, mark: Marked, at: Site, guarded: boolean): FrozenRequest {
  const { machine, type, trade, reason, description, reported } = params;
  const body = encodeFields({
    site: at.site,
    dispatchtypecode: type,
    machinecode: machine,
    description: `${description} ${markOf(mark)}`,
    trade,
    // Without it L2L replaces an unknown trade by its default one and says nothing.
    trade_required: trade === undefined ? undefined : true,
    reasoncode: reason,
    user: at.user,
    reported: at.zone.text(reported),
    prevent_duplicates: guarded ? true : undefined,
  });
  return { method: 'POST', path: apiPath('dispatches/open/'), body };
}

const ADD = apiPath('dispatches/add/');

/**
 * A dispatch that was over before it could be sent, as a finished one. Its times have whole minutes there (the reference gives
 * no other form), so the seconds stand in its description.
 */
export function addRequest(
  params: OpenDispatchParams,
  { completed }: CloseDispatchParams,
  mark: Marked,
  { site, user, zone }: Site,
): FrozenRequest {
  const { machine, type, trade, reason, description, reported } = params;
  const from = zone.minute(reported);
  const to = zone.minute(completed);
  const body = encodeFields({
    site,
    dispatchtypecode: type,
    machinecode: machine,
    description: `${description} (${zone.text(reported)} to ${zone.text(completed)}) ${markOf(mark)}`,
    resource: user,
    tradecode: trade,
    reasoncode: reason,
    reported: from,
    // In the repeated hour a later instant can read earlier, which L2L refuses.
    completed: to < from ? from : to,
    externalid: externalIdOf(mark),
  });
  return { method: 'POST', path: ADD, body };
}

export function isAdd(request: FrozenRequest): boolean {
  return request.path === ADD;
}
