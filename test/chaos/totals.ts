/** Truth and state, added up over a plant, for the line of its seed. */
export type Totals = {
  stops: number;
  dispatches: number;
  strokes: number;
  cycles: number;
  parts: number;
  booked: number;
  /** Actions that the seed rightly left undelivered, or whose delivery nobody knows. */
  excused: number;
};

/** A moment of the day, for people. */
export function text(at: number | null | undefined): string {
  return at == null ? 'never' : new Date(at).toISOString().slice(11, 23);
}
