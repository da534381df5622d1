import type { RecordDetailsParams } from '../actions/action.ts';
import { isRecord, type L2lRecord, numberField, refusal, textField } from './envelope.ts';
import { parseUtc, type SiteZone } from './site-time.ts';

/** The times of a set for L2L: site time without an offset. They are monotonic, because L2L refuses sets of a line that seem to overlap. */
export function setTimes({ start, end }: Pick<RecordDetailsParams, 'start' | 'end'>, zone: SiteZone) {
  return { start: zone.monotonic(start), end: zone.monotonic(end) };
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

/** The meaning of a set's status in a batch. The names of the statuses are not documented. */
export type SetState = 'pending' | 'done' | 'failed';

export function setState(record: L2lRecord): SetState {
  const name = textField(record, 'status') ?? textField(record, 'state') ?? textField(record, 'stage') ?? '';
  if (/fail|error|reject|invalid/i.test(name)) return 'failed';
  return /complete|success|done|finish|processed/i.test(name) &&
    !/\b(?:un|in|not)\W*(?:complete|finish|done|processed)/i.test(name)
    ? 'done'
    : 'pending';
}

/** L2L's reason why a set failed. */
export function setWords(record: L2lRecord): string {
  return refusal(record) || 'L2L gave no reason';
}

/** What L2L has made of one set. `different`: it has other quantities at the times of the set. */
export type Fate =
  | { readonly kind: 'booked' }
  | { readonly kind: 'different'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'missing' };

/** What L2L lists: production details, and errors about sets that it could not book. */
export type SetRecords = { readonly details: readonly L2lRecord[]; readonly errors: readonly L2lRecord[] };

type SetOf = { readonly key: string; readonly params: RecordDetailsParams };

/** Identifies an error in L2L's list. The fields of an error are not documented. */
export function errorName(record: L2lRecord): string {
  return textField(record, 'id') ?? JSON.stringify(record);
}

/** The names of the errors that are about any of these sets. */
export function errorsAbout(sets: readonly SetOf[], errors: readonly L2lRecord[], zone: SiteZone): readonly string[] {
  return errors.filter(error => sets.some(({ params }) => isSent(error, params, zone))).map(errorName);
}

/** The fates of the sets of a batch, by key. A record is matched with one set only. Errors from before `since` (ms since 1970) are not about it. */
export function fatesOf(
  sets: readonly SetOf[],
  { details, errors }: SetRecords,
  zone: SiteZone,
  since: number,
): ReadonlyMap<string, Fate> {
  // A detail with these times is this set, however old it is: the journal may have been restored from a backup.
  const booked = match(sets, details, (record, params) => isDetailOf(record, params, zone));
  const failed = failedSets(
    sets,
    errors.filter(record => isMadeSince(record, since)),
    zone,
  );
  const fateOf = ({ key, params }: SetOf): Fate => {
    const detail = booked.get(key);
    const words = failed.get(key);
    if (detail && hasQuantities(detail, params)) return { kind: 'booked' };
    if (words !== undefined) return { kind: 'failed', detail: words };
    return detail ? { kind: 'different', detail: differenceOf(detail, params) } : { kind: 'missing' };
  };
  return new Map(sets.map(set => [set.key, fateOf(set)]));
}

/** The sets that these records say have failed, by key, with L2L's reasons. */
export function failedSets(
  sets: readonly SetOf[],
  records: readonly L2lRecord[],
  zone: SiteZone,
): ReadonlyMap<string, string> {
  // Of two sets with the same texts, L2L refuses the later one, because it overlaps the earlier one.
  const found = match(sets.toReversed(), records, (record, params) => isSent(record, params, zone));
  return new Map([...found].map(([key, record]) => [key, setWords(record)]));
}

/** Pairs each set with one record. Pairs with equal quantities come first. */
function match(
  sets: readonly SetOf[],
  records: readonly L2lRecord[],
  isFor: (record: L2lRecord, params: RecordDetailsParams) => boolean,
): ReadonlyMap<string, L2lRecord> {
  const found = new Map<string, L2lRecord>();
  const left = new Set(records);
  for (const agrees of [hasQuantities, () => true]) {
    for (const { key, params } of sets) {
      if (found.has(key)) continue;
      for (const record of left) {
        if (!isFor(record, params) || !agrees(record, params)) continue;
        found.set(key, record);
        left.delete(record);
        break;
      }
    }
  }
  return found;
}

function isMadeSince(record: L2lRecord, since: number): boolean {
  const created = parseUtc(textField(record, 'created') ?? '');
  return created === undefined || created >= since;
}

/** The fields that were sent are in the record itself or one level below. */
function sentPart(record: L2lRecord): L2lRecord {
  const parts = [record, ...Object.values(record).filter(isRecord)];
  return parts.find(part => textField(part, 'linecode') !== undefined) ?? record;
}

/** Whether the record is about this set. */
function isSent(record: L2lRecord, params: RecordDetailsParams, zone: SiteZone): boolean {
  const sent = sentPart(record);
  return textField(sent, 'linecode') === params.line && isDetailOf(sent, params, zone);
}

function isDetailOf(record: L2lRecord, params: RecordDetailsParams, zone: SiteZone): boolean {
  const { start, end } = setTimes(params, zone);
  return sameTime(textField(record, 'start'), start, zone) && sameTime(textField(record, 'end'), end, zone);
}

function hasQuantities(record: L2lRecord, params: RecordDetailsParams): boolean {
  const sent = sentPart(record);
  const isEqual = (field: 'actual' | 'scrap') => (numberField(sent, field) ?? 0) === twoDecimals(params[field]);
  return isEqual('actual') && isEqual('scrap');
}

function differenceOf(record: L2lRecord, params: RecordDetailsParams): string {
  const booked = `${numberField(record, 'actual') ?? 0} good, ${numberField(record, 'scrap') ?? 0} scrap`;
  return `L2L has ${booked} at its times, the gateway sent ${twoDecimals(params.actual)} good, ${twoDecimals(params.scrap)} scrap`;
}

/** Whether two texts are the same second: L2L answers with fewer digits than it gets. */
function sameTime(answered: string | undefined, sent: string, zone: SiteZone): boolean {
  const sentTimes = zone.parse(sent);
  return zone.parse(answered ?? '').some(at => sentTimes.some(other => Math.abs(at - other) < 1000));
}

function twoDecimals(value: number): number {
  return Math.round(value * 100) / 100;
}
