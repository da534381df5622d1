import type { CloseDispatchParams, OpenDispatchParams } from '../../actions/action.ts';
import type { FrozenRequest } from '../../core/delivery.ts';
import { externalIdOf, type Marked, markOf } from '../dispatch-mark.ts';
import { apiPath, encodeFields, type Fields } from '../form.ts';
import type { SiteZone } from '../site-time.ts';

export type Site = { readonly site: number; readonly user: string; readonly zone: SiteZone };

/**
 * @param guarded L2L refuses the open when a dispatch of the type is open on the machine, or was completed after `reported`.
 * @param tradeFields name the trade in the form that L2L takes.
 */
export function openRequest(
  params: OpenDispatchParams,
  mark: Marked,
  at: Site,
  guarded: boolean,
  tradeFields: Fields,
): FrozenRequest {
  const { machine, type, trade, reason, description, reported } = params;
  const body = encodeFields({
    site: at.site,
    dispatchtypecode: type,
    machinecode: machine,
    description: `${description} ${markOf(mark)}`,
    ...tradeFields,
    // Without this field, L2L silently replaces an unknown trade by its default trade.
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
 * Sends an episode that ended before its open could be sent, as a finished dispatch. Its times have whole minutes, because L2L's
 * reference has no other form. So the description holds the seconds.
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
    // In the repeated hour, a later instant can have an earlier text. L2L refuses that.
    completed: to < from ? from : to,
    externalid: externalIdOf(mark),
  });
  return { method: 'POST', path: ADD, body };
}

export function isAdd(request: FrozenRequest): boolean {
  return request.path === ADD;
}
