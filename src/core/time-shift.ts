/**
 * Corrects times that were recorded with a wrong clock. Times up to `from` belong to an earlier life with another clock. They stay,
 * unless that would put them after later ones.
 */
export type TimeShift = {
  /** The first instant of the wrong time base (ms since 1970, by its own clock). */
  readonly from: number;
  /** This is added to its times (ms). */
  readonly by: number;
};

/** The instant that the right clock would have shown. Never changes the order of two instants. */
export function shiftTime(at: number, { from, by }: TimeShift): number {
  return at > from ? at + by : Math.min(at, from + by);
}
