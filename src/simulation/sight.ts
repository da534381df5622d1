import type { Stop } from './machine.ts';
import type { Happening } from './matching.ts';

/** Each process anchors its clock to whole milliseconds of its own. */
export const CLOCKS_APART = 10;

/** A time in which nobody looked (ms since 1970): what changed in it can only be seen at its end. */
export type BlindSpan = { readonly from: number; readonly to: number };

/** How far a time in L2L may be from the truth (ms): L2L keeps whole seconds (early), PLCs are polled (late). */
export type Tolerance = { readonly early: number; readonly late: number };

/** When the gateway noticed what happened; in a blind span nothing is noticed before its end. */
export function noticed(at: number, blind: readonly BlindSpan[], tolerance: Tolerance): Happening {
  const span = blind.find(({ from, to }) => at >= from - tolerance.late && at <= to);
  return { earliest: at - tolerance.early, latest: Math.max(at, span?.to ?? at) + tolerance.late };
}

/** The longest part of a stop that lies between blind spans (ms). */
export function longestSight({ start, end }: Stop, blind: readonly BlindSpan[]): number {
  const until = end ?? Number.POSITIVE_INFINITY;
  const spans = blind.filter(({ from, to }) => to > start && from < until).toSorted((a, b) => a.from - b.from);
  const edges = [start, ...spans.flatMap(({ from, to }) => [from, to]), until];
  return Math.max(...edges.flatMap((edge, index) => (index % 2 === 1 ? edge - (edges[index - 1] ?? edge) : [])));
}

/**
 * The first of these stops and those after it, as far as nobody may have seen the machine run between them: a gateway takes some or all
 * of them for one stop.
 */
export function joinable(stops: readonly Stop[], blind: readonly BlindSpan[], tolerance: Tolerance): readonly Stop[] {
  const edge = stops.findIndex(({ end }, index) => {
    const next = stops[index + 1];
    return !next || end === null || longestSight({ start: end, end: next.start }, blind) >= tolerance.late;
  });
  return stops.slice(0, edge + 1);
}
