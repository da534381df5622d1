import type { RecordDetailsParams } from '../actions/action.ts';
import type { SetClock } from '../core/site-memory.ts';
import { isRecord, type L2lRecord, textField } from './envelope.ts';
import { parseUtc, type SiteZone } from './site-time.ts';

export const SET_CLOCKS: readonly SetClock[] = ['site', 'utc'];

/** The times of a set for L2L: site time without an offset. They are monotonic, because L2L refuses sets of a line that seem to overlap. */
export function setTimes({ start, end }: Pick<RecordDetailsParams, 'start' | 'end'>, zone: SiteZone) {
  return { start: zone.monotonic(start), end: zone.monotonic(end) };
}

/** The instants that a text in an answer of L2L can mean by this clock. */
export function instantsBy(clock: SetClock, text: string, zone: SiteZone): readonly number[] {
  if (clock === 'site') return zone.parse(text);
  const at = parseUtc(text);
  return at === undefined ? [] : [at];
}

/** Whether the record has the times of this set, when L2L gives them by this clock. */
export function hasTimesOf(record: L2lRecord, params: RecordDetailsParams, clock: SetClock, zone: SiteZone): boolean {
  const sent = sentPart(record);
  const { start, end } = setTimes(params, zone);
  const isSame = (field: 'start' | 'end', text: string) => {
    const answered = instantsBy(clock, textField(sent, field) ?? '', zone);
    const instants = zone.parse(text);
    // L2L answers with fewer digits than it gets.
    return answered.some(at => instants.some(other => Math.abs(at - other) < 1000));
  };
  return isSame('start', start) && isSame('end', end);
}

/** The fields that were sent are in the record itself or one level below. */
export function sentPart(record: L2lRecord): L2lRecord {
  const parts = [record, ...Object.values(record).filter(isRecord)];
  return parts.find(part => textField(part, 'linecode') !== undefined) ?? record;
}
