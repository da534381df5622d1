import type { RecordDetailsParams } from '../actions/action.ts';
import type { SetClock, SiteFacts } from '../core/site-memory.ts';
import { type L2lRecord, textField } from './envelope.ts';
import {
  differenceOf,
  errorName,
  hasQuantities,
  isMadeSince,
  mayHaveQuantities,
  pairs,
  type SetOf,
  setWords,
} from './record-sets.ts';
import { type Comparison, type Match, matchSets } from './set-matches.ts';
import { hasTimesOf, SET_CLOCKS, sentPart } from './set-times.ts';
import type { SiteZone } from './site-time.ts';

/**
 * What L2L has made of one set. `different`: it has other quantities at the times of the set. `doubtful`: L2L lists a record that may be
 * this set or another one.
 */
export type Fate =
  | { readonly kind: 'booked' }
  | { readonly kind: 'different'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'doubtful'; readonly detail: string }
  | { readonly kind: 'missing' };

/** What L2L lists: production details, and errors about sets that it could not book. */
export type SetRecords = { readonly details: readonly L2lRecord[]; readonly errors: readonly L2lRecord[] };

export const MISSING: Fate = { kind: 'missing' };

/** The clocks of L2L's times, as far as they are known. */
export type Clocks = Pick<SiteFacts, 'detailClock' | 'batchClock'>;
type Fates = {
  readonly fates: ReadonlyMap<string, Fate>;
  /** The clocks that these records show. */
  readonly shown: Clocks;
};

/** The fates of the sets of a batch, by key. A record is matched with one set only. Errors from before `since` are not about it. */
export function fatesOf(
  sets: readonly SetOf[],
  { details, errors }: SetRecords,
  { clocks, ...how }: Omit<Comparison, 'clock' | 'concerns'> & { readonly clocks: Clocks },
): Fates {
  // A detail with these times is this set, however old it is: the journal may have been restored from a backup.
  const booked = matchSets(sets, details, { ...how, clock: clocks.detailClock, concerns: () => true });
  // Of two sets with the same texts, L2L refuses the later one, because it overlaps the earlier one.
  const failed = matchSets(
    sets.toReversed(),
    errors.filter(record => isMadeSince(record, how.since)),
    { ...how, clock: clocks.batchClock, concerns: isOfLine },
  );
  const fateOf = ({ key, params }: SetOf) => combine(booked.get(key), failed.get(key), params);
  const [detailClock, batchClock] = [shownBy(booked), shownBy(failed)];
  return {
    fates: new Map(sets.map(set => [set.key, fateOf(set)])),
    shown: { ...(detailClock && { detailClock }), ...(batchClock && { batchClock }) },
  };
}

function combine(detail: Match | undefined, error: Match | undefined, params: RecordDetailsParams): Fate {
  if (detail?.isSure && hasQuantities(detail.record, params)) return { kind: 'booked' };
  if (error?.isSure) return { kind: 'failed', detail: setWords(error.record) };
  if (detail?.isSure) return { kind: 'different', detail: differenceOf(detail.record, params) };
  const record = (detail ?? error)?.record;
  return record ? { kind: 'doubtful', detail: doubtWords(record) } : MISSING;
}

function doubtWords(record: L2lRecord): string {
  const { start, end } = sentPart(record);
  return `L2L lists a set from ${start} to ${end}: it is this set or another one, because nothing has shown yet whether L2L gives these times in site time or in UTC; look for this set in L2L`;
}

function shownBy(matches: ReadonlyMap<string, Match>): SetClock | undefined {
  const clocks = new Set([...matches.values()].flatMap(({ shows }) => shows ?? []));
  const [clock] = clocks;
  return clocks.size === 1 ? clock : undefined;
}

/** The names of the errors that may be about any of these sets. */
export function errorsAbout(sets: readonly SetOf[], errors: readonly L2lRecord[], zone: SiteZone): readonly string[] {
  const isAbout = (error: L2lRecord, { params }: SetOf) =>
    isOfLine(error, params) && SET_CLOCKS.some(clock => hasTimesOf(error, params, clock, zone));
  return errors.filter(error => sets.some(set => isAbout(error, set))).map(errorName);
}

/** The sets of a batch that these records of it name as failed, by key, with L2L's reasons. */
export function failedSets(
  sets: readonly SetOf[],
  records: readonly L2lRecord[],
  clock: SetClock | undefined,
  zone: SiteZone,
): ReadonlyMap<string, string> {
  const [site = new Map(), utc = new Map()] = SET_CLOCKS.map(one => {
    const isFor = (record: L2lRecord, { params }: SetOf) =>
      isOfLine(record, params) && hasTimesOf(record, params, clock ?? one, zone);
    return pairs(sets.toReversed(), records, isFor);
  });
  // While the clock is not known, only a set that is named by either clock is certainly the one.
  return new Map([...site].filter(([key]) => utc.has(key)).map(([key, record]) => [key, setWords(record)]));
}

/**
 * The clock of the records of a batch. By the right one, most of them have the times of a set. undefined: they fit by both
 * clocks equally.
 */
export function batchClockOf(
  sets: readonly SetOf[],
  records: readonly L2lRecord[],
  zone: SiteZone,
): SetClock | undefined {
  const isFor =
    (clock: SetClock) =>
    (record: L2lRecord, { params }: SetOf) =>
      isOfLine(record, params) && hasTimesOf(record, params, clock, zone) && mayHaveQuantities(record, params);
  const [site = 0, utc = 0] = SET_CLOCKS.map(clock => pairs(sets, records, isFor(clock)).size);
  if (site === utc) return undefined;
  return site > utc ? 'site' : 'utc';
}

function isOfLine(record: L2lRecord, { line }: RecordDetailsParams): boolean {
  return textField(sentPart(record), 'linecode') === line;
}
