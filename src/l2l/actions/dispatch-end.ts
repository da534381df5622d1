import { type L2lRecord, textField } from '../envelope.ts';
import type { SiteZone } from '../site-time.ts';
import type { ActionContext } from './action.ts';
import { isSameTime } from './answer-differences.ts';

/** L2L's words about a dispatch that has ended already. */
export const ALREADY = /\balready (?:been )?(?:completed|closed)\b/i;

/** A close that stores the current time as completed stores it as closed too, so much apart at most (ms). */
const SAME_MOMENT = 2000;

/** L2L refuses an end before the start. In the repeated hour, a later instant can have an earlier text. */
export function completedText(zone: SiteZone, completed: number, reported: number | undefined): string {
  const text = zone.text(completed);
  if (reported === undefined) return text;
  const reportedText = zone.text(reported);
  if (text >= reportedText) return text;
  return new Date(Date.parse(`${reportedText}Z`) + 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/**
 * L2L's reference can be read so that a close stores the current time in place of the one that it is sent with. The answer to a
 * close that L2L carried out shows it: L2L's own two times are the same. They differ when a person had completed the dispatch
 * before. After a lost answer nobody knows whether a person closed it, so only an answer counts.
 */
export function learnKeptTime(
  { zone, memory, log }: Pick<ActionContext, 'zone' | 'memory' | 'log'>,
  close: { readonly machine: string; readonly sent: string | undefined },
  dispatch: L2lRecord | undefined,
): void {
  const { machine, sent } = close;
  const [stored, closed] = [textField(dispatch, 'completed'), textField(dispatch, 'closed')];
  if (memory().facts().closeLosesCompleted || sent === undefined || stored === undefined || closed === undefined)
    return;
  if (isSameTime(zone, stored, sent) || stored < sent || !isSameMoment(zone, stored, closed)) return;
  const words = 'a close does not keep the completed time: from now on a dispatch is completed first, then closed';
  memory().learn({ closeLosesCompleted: true }, words);
  log.warn({ machine, stored, sent }, words);
}

function isSameMoment(zone: SiteZone, one: string, other: string): boolean {
  const others = zone.parse(other);
  return zone.parse(one).some(at => others.some(it => Math.abs(at - it) <= SAME_MOMENT));
}
