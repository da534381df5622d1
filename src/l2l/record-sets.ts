import type { RecordDetailsParams } from '../core/action.ts';
import { isRecord, type L2lRecord, numberField, refusal, textField } from './envelope.ts';
import { parseUtc, type SiteZone } from './site-time.ts';

/** The times of a set as L2L is told them: site time, without an offset. L2L refuses sets of a line that read as if they overlapped. */
export function setTimes({ start, end }: Pick<RecordDetailsParams, 'start' | 'end'>, zone: SiteZone) {
  return { start: zone.rising(start), end: zone.rising(end) };
}

/** One entry of the field `batch`. */
export function setFields(params: RecordDetailsParams, zone: SiteZone): L2lRecord {
  return {
    linecode: params.line,
    ...setTimes(params, zone),
    actual: twoDecimals(params.actual),
    scrap: twoDecimals(params.scrap),
    ...(params.operatorCount === undefined ? {} : { operator_count: twoDecimals(params.operatorCount) }),
    ...(params.product === null ? { product_autodetect: true } : { productcode: params.product }),
  };
}

/** What the status of one set in a batch means. The names are not documented. */
export type SetState = 'pending' | 'done' | 'failed';

export function setState(record: L2lRecord): SetState {
  const name = textField(record, 'status') ?? textField(record, 'state') ?? textField(record, 'stage') ?? '';
  if (/fail|error|reject|invalid/i.test(name)) return 'failed';
  return /complete|success|done|finish|processed/i.test(name) &&
    !/\b(?:un|in|not)\W*(?:complete|finish|done|processed)/i.test(name)
    ? 'done'
    : 'pending';
}

/** L2L's words about a set that failed. */
export function setWords(record: L2lRecord): string {
  return refusal(record) || 'L2L gave no reason';
}

/** Whether a record of a batch's status or errors is about this set. */
export function isAbout(record: L2lRecord, params: RecordDetailsParams, zone: SiteZone): boolean {
  // What was sent stands in the record itself or one level down.
  const sent = [record, ...Object.values(record).filter(isRecord)].find(
    part => textField(part, 'linecode') !== undefined,
  );
  if (!sent || textField(sent, 'linecode') !== params.line) return false;
  const { start, end } = setTimes(params, zone);
  return sameTime(textField(sent, 'start'), start, zone) && sameTime(textField(sent, 'end'), end, zone);
}

/**
 * What a pitch detail that L2L holds says about a set: it is this one, it is another one, or it has the set's times but not its
 * quantities. `since`: an earlier record is none of ours.
 */
export function compareDetail(
  record: L2lRecord,
  params: RecordDetailsParams,
  zone: SiteZone,
  since: number,
): 'same' | 'other' | 'different' {
  const created = parseUtc(textField(record, 'created') ?? '');
  if (created !== undefined && created < since) return 'other';
  const { start, end } = setTimes(params, zone);
  if (!sameTime(textField(record, 'start'), start, zone) || !sameTime(textField(record, 'end'), end, zone))
    return 'other';
  const isEqual = (field: 'actual' | 'scrap') => (numberField(record, field) ?? 0) === twoDecimals(params[field]);
  return isEqual('actual') && isEqual('scrap') ? 'same' : 'different';
}

/** The same second of the site's clock: L2L answers with fewer digits than it is sent. */
function sameTime(answered: string | undefined, sent: string, zone: SiteZone): boolean {
  const sentTimes = zone.parse(sent);
  return zone.parse(answered ?? '').some(at => sentTimes.some(other => Math.abs(at - other) < 1000));
}

function twoDecimals(value: number): number {
  return Math.round(value * 100) / 100;
}
