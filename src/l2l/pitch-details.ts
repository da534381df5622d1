import type { RecordDetailsParams } from '../actions/action.ts';
import type { L2lRecord } from './envelope.ts';
import { createLineIds } from './line-ids.ts';
import type { ReadFailure } from './outcome.ts';
import { type Reader, readWhole } from './reader.ts';
import { setTimes } from './set-times.ts';
import { createSiteZone, type SiteZone } from './site-time.ts';

type Details =
  /** `gap`: why L2L may have a set that is not among the records; null: each that it has is among them. */
  | { readonly ok: true; readonly records: readonly L2lRecord[]; readonly gap: string | null }
  | { readonly ok: false; readonly outcome: ReadFailure };

/** Reads the production details of L2L, line by line. */
export interface PitchDetails {
  /** Every detail of the line that may be one of these sets, and some others. */
  read(line: string, sets: readonly RecordDetailsParams[], signal: AbortSignal): Promise<Details>;
}

const CUT = 'L2L gave only a part of its list of production details';

/** No site is this far from UTC, not even in the repeated hour (ms). */
export const ANY_OFFSET = 15 * 3_600_000;

export function createPitchDetails(reader: Reader, site: number, zone: SiteZone): PitchDetails {
  const lines = createLineIds(reader, site);
  /**
   * L2L's reference allows comparisons in every area, but demands `end` and `start` here. It is not documented whether comparisons count.
   * An answer with a record shows that they do. An answer without one shows nothing.
   */
  let windows: 'unproven' | 'taken' | 'refused' = 'unproven';

  /** One read for all sets of a line. The comparisons are in UTC, and wide enough for a site that takes them for site time. */
  async function readWindow(line: number, sets: readonly RecordDetailsParams[], signal: AbortSignal) {
    const query = {
      site,
      line,
      start__gte: utcText(Math.min(...sets.map(set => set.start)) - ANY_OFFSET),
      end__lte: utcText(Math.max(...sets.map(set => set.end)) + ANY_OFFSET),
      order_by: 'id',
      offset: 0,
    };
    const read = await readWhole(reader, 'pitchdetails/', query, signal);
    return read.ok ? ({ ok: true, records: read.records, gap: read.cut ? CUT : null } as const) : read;
  }

  const utc = createSiteZone('UTC');

  function exactTimes(set: RecordDetailsParams) {
    const sent = setTimes(set, zone);
    const [starts, ends] = [zone.parse(sent.start), zone.parse(sent.end)];
    // In the hour that comes twice, L2L may take the texts for either pass.
    const inUtc = [0, -1].map(pass => ({ start: utc.exact(starts.at(pass) ?? 0), end: utc.exact(ends.at(pass) ?? 0) }));
    return [sent, ...inUtc];
  }

  /** By its exact times in site time and in UTC: it is not documented which of them L2L compares with. */
  async function readEach(line: number, sets: readonly RecordDetailsParams[], signal: AbortSignal): Promise<Details> {
    const records: L2lRecord[] = [];
    const times = new Map(sets.flatMap(exactTimes).map(time => [Object.values(time).join(), time]));
    for (const time of times.values()) {
      const read = await reader.read('pitchdetails/', { site, line, ...time }, signal);
      if (!read.ok) return read;
      records.push(...read.records);
    }
    return { ok: true, records, gap: null };
  }

  return {
    async read(line, sets, signal) {
      const found = await lines.id(line, signal);
      if (!found.ok) return found;
      if (found.id === null) return { ok: true, records: [], gap: noLine(line) };
      if (windows !== 'refused') {
        const window = await readWindow(found.id, sets, signal);
        if (!window.ok && window.outcome.reason !== 'denied') return window;
        if (window.ok && window.records.length > 0) windows = 'taken';
        if (window.ok && windows === 'taken') return window;
        if (!window.ok) windows = 'refused';
      }
      return readEach(found.id, sets, signal);
    },
  };
}

/** The user of the key may see other lines and not this one. */
function noLine(line: string): string {
  return `L2L shows no line ${line}, so its production can't be read; check the code, and whether the user of the key may see the line`;
}

function utcText(at: number): string {
  return new Date(at).toISOString().slice(0, 19);
}
