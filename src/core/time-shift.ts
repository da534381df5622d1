/**
 * How times recorded by a clock that turned out to be wrong become right ones. Times up to `from` are of an earlier life, whose
 * clock was another: they stay, unless that would put them behind what came after them.
 */
export type TimeShift = {
  /** The first instant of the time base that was wrong (ms since 1970, by its own clock). */
  readonly from: number;
  /** What is added to its times (ms). */
  readonly by: number;
};

/** An instant as the right clock would have shown it. Never changes the order of two instants. */
export function shiftTime(at: number, { from, by }: TimeShift): number {
  return at > from ? at + by : Math.min(at, from + by);
}
