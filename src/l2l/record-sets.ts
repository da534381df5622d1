import type { RecordDetailsParams } from '../actions/action.ts';
import { type L2lRecord, numberField, refusal, textField } from './envelope.ts';
import { sentPart, setTimes } from './set-times.ts';
import { parseUtc, type SiteZone } from './site-time.ts';

/** A set of a batch; `key` and `rule` are those of its action. */
export type SetOf = { readonly key: string; readonly rule: string; readonly params: RecordDetailsParams };

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

/** The meaning of a set's state in a batch. `unknown`: the gateway does not know L2L's word for it. */
export type SetState = 'pending' | 'done' | 'failed' | 'unknown';

const FAILED = /fail|error|reject|invalid/i;
const NOT_DONE = /\b(?:un|in|not)\W*(?:complete|finish|done|processed)/i;
const DONE = /complete|success|done|finish|processed/i;
const UNDER_WAY = /queue|pend|wait|start|progress|processing|running|schedul|\bnew\b/i;

/** L2L's word for the state of a set; '': there is none. The words are not documented. */
export function stateWord(record: L2lRecord): string {
  return textField(record, 'status') ?? textField(record, 'state') ?? textField(record, 'stage') ?? '';
}

export function setState(record: L2lRecord): SetState {
  const word = stateWord(record);
  if (FAILED.test(word)) return 'failed';
  if (NOT_DONE.test(word)) return 'pending';
  if (DONE.test(word)) return 'done';
  return UNDER_WAY.test(word) ? 'pending' : 'unknown';
}

/** L2L's reason why a set failed. */
export function setWords(record: L2lRecord): string {
  return refusal(record) || 'L2L gave no reason';
}

/** Identifies an error in L2L's list. The fields of an error are not documented. */
export function errorName(record: L2lRecord): string {
  return textField(record, 'id') ?? JSON.stringify(record);
}

/** Whether L2L made the record after `since` (ms since 1970), as far as it says that. */
export function isMadeSince(record: L2lRecord, since: number): boolean {
  const created = parseUtc(textField(record, 'created') ?? '');
  return created === undefined || created >= since;
}

export function hasQuantities(record: L2lRecord, params: RecordDetailsParams): boolean {
  const sent = sentPart(record);
  const isEqual = (field: 'actual' | 'scrap') => (numberField(sent, field) ?? 0) === twoDecimals(params[field]);
  return isEqual('actual') && isEqual('scrap');
}

/** Whether nothing in the record contradicts the quantities of the set. An error may repeat the times alone. */
export function mayHaveQuantities(record: L2lRecord, params: RecordDetailsParams): boolean {
  const sent = sentPart(record);
  return !('actual' in sent || 'scrap' in sent) || hasQuantities(record, params);
}

export function differenceOf(record: L2lRecord, params: RecordDetailsParams): string {
  const booked = `${numberField(record, 'actual') ?? 0} good, ${numberField(record, 'scrap') ?? 0} scrap`;
  return `L2L has ${booked} at its times, the gateway sent ${twoDecimals(params.actual)} good, ${twoDecimals(params.scrap)} scrap`;
}

/** Pairs each set with one record. Pairs with equal quantities come first. */
export function pairs<S extends SetOf>(
  sets: readonly S[],
  records: readonly L2lRecord[],
  isFor: (record: L2lRecord, set: S) => boolean,
): ReadonlyMap<string, L2lRecord> {
  const found = new Map<string, L2lRecord>();
  const left = new Set(records);
  for (const agrees of [hasQuantities, () => true]) {
    for (const set of sets) {
      if (found.has(set.key)) continue;
      for (const record of left) {
        if (!isFor(record, set) || !agrees(record, set.params)) continue;
        found.set(set.key, record);
        left.delete(record);
        break;
      }
    }
  }
  return found;
}

function twoDecimals(value: number): number {
  return Math.round(value * 100) / 100;
}
