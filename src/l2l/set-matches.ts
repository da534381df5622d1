import type { RecordDetailsParams } from '../actions/action.ts';
import type { SetClock } from '../core/site-memory.ts';
import { type L2lRecord, textField } from './envelope.ts';
import { hasQuantities, isMadeSince, mayHaveQuantities, pairs, type SetOf } from './record-sets.ts';
import { hasTimesOf, instantsBy, SET_CLOCKS, sentPart } from './set-times.ts';
import type { SiteZone } from './site-time.ts';

/** The sets of a rule in the journal that end between two instants (ms since 1970). */
export type RecordedSets = (rule: string, from: number, to: number) => readonly RecordDetailsParams[];

/** The record about a set. */
export type Match = {
  readonly record: L2lRecord;
  /** False: it is about this set only if L2L gives times by one of two clocks, and nobody knows by which. */
  readonly isSure: boolean;
  /** The clock that this record shows; null: none. */
  readonly shows: SetClock | null;
};

/** How records are compared with sets. */
export type Comparison = {
  readonly zone: SiteZone;
  /** The clock of L2L's times; undefined: not known yet. */
  readonly clock: SetClock | undefined;
  /** A record that L2L made before (ms since 1970) is older than the batch. */
  readonly since: number;
  readonly recorded: RecordedSets;
  /** Whether the record may be about this set, whatever its times are. */
  readonly concerns: (record: L2lRecord, params: RecordDetailsParams) => boolean;
};

/** The text of an instant in the hour that comes twice is up to this far from it (ms). */
const TEXT_MARGIN = 2 * 3_600_000;

/** Pairs sets with L2L's records about them, by set key. Each record is about one set. */
export function matchSets(
  sets: readonly SetOf[],
  records: readonly L2lRecord[],
  how: Comparison,
): ReadonlyMap<string, Match> {
  const isFor = (clock: SetClock) => (record: L2lRecord, set: SetOf) =>
    how.concerns(record, set.params) && hasTimesOf(record, set.params, clock, how.zone);
  const { clock } = how;
  if (clock !== undefined) {
    const found = pairs(sets, records, isFor(clock));
    return new Map([...found].map(([key, record]) => [key, { record, isSure: true, shows: null }]));
  }
  const [bySite, byUtc] = SET_CLOCKS.map(one =>
    pairs(sets, records, (record, set) => isFor(one)(record, set) && weigh(record, set, one, how) !== null),
  );
  const found = new Map<string, Match>();
  for (const set of sets) {
    const site = matchBy('site', bySite?.get(set.key), set, how);
    const utc = matchBy('utc', byUtc?.get(set.key), set, how);
    const best = better(site, utc, set);
    if (best) found.set(set.key, best);
  }
  return found;
}

function matchBy(clock: SetClock, record: L2lRecord | undefined, set: SetOf, how: Comparison): Match | null {
  return record === undefined ? null : weigh(record, set, clock, how);
}

function better(site: Match | null, utc: Match | null, { params }: SetOf): Match | null {
  if (site === null || utc === null) return site ?? utc;
  if (site.isSure && utc.isSure) return { ...site, shows: null };
  if (site.isSure || utc.isSure) return site.isSure ? site : utc;
  // By either clock there is a record with these quantities at these times.
  const isEither = [site, utc].every(({ record }) => hasQuantities(record, params));
  return { ...site, isSure: isEither };
}

/**
 * What a record proves that has the times of a set by one clock, while L2L's clock is not known. By the other clock it has other times.
 * When the journal has another set with those times and these quantities, the record may be that one. null: it is that one.
 */
function weigh(record: L2lRecord, set: SetOf, clock: SetClock, how: Comparison): Match | null {
  const other: SetClock = clock === 'site' ? 'utc' : 'site';
  if (hasTimesOf(record, set.params, other, how.zone)) return { record, isSure: true, shows: null };
  const agrees = mayHaveQuantities(record, set.params);
  const isNew = isMadeSince(record, how.since);
  if (isAnotherSet(record, set, other, how)) return agrees && isNew ? { record, isSure: false, shows: null } : null;
  const isSure = agrees && isNew;
  return { record, isSure, shows: isSure ? clock : null };
}

function isAnotherSet(record: L2lRecord, { rule, params }: SetOf, clock: SetClock, how: Comparison): boolean {
  const ends = instantsBy(clock, textField(sentPart(record), 'end') ?? '', how.zone);
  return ends.some(end =>
    how
      .recorded(rule, end - TEXT_MARGIN, end + TEXT_MARGIN)
      .some(
        other =>
          other.line === params.line && hasTimesOf(record, other, clock, how.zone) && mayHaveQuantities(record, other),
      ),
  );
}

/**
 * Whether the records have any of these sets, by any clock. It does not matter when L2L made a record, because the clock of this host may be
 * wrong.
 */
export function areListed(sets: readonly SetOf[], records: readonly L2lRecord[], zone: SiteZone): boolean {
  return records.some(record =>
    sets.some(({ params }) => SET_CLOCKS.some(clock => hasTimesOf(record, params, clock, zone))),
  );
}

/** The clock by which L2L gives the times of sets that it certainly has; undefined: these records do not show it. */
export function clockOf(
  sets: readonly SetOf[],
  records: readonly L2lRecord[],
  { zone, since }: Pick<Comparison, 'zone' | 'since'>,
): SetClock | undefined {
  const own = records.filter(record => isMadeSince(record, since));
  const [bySite, byUtc] = SET_CLOCKS.map(clock =>
    pairs(sets, own, (record, { params }) => hasTimesOf(record, params, clock, zone) && hasQuantities(record, params)),
  );
  const site = sets.some(({ key }) => bySite?.has(key) && !byUtc?.has(key));
  const utc = sets.some(({ key }) => byUtc?.has(key) && !bySite?.has(key));
  if (site === utc) return undefined;
  return site ? 'site' : 'utc';
}
