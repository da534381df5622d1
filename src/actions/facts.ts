/** The whole time of several spans, as fields of a log line. */
export function spanFacts(spans: readonly { readonly from: number; readonly to: number }[]): object {
  return {
    from: new Date(Math.min(...spans.map(({ from }) => from))),
    to: new Date(Math.max(...spans.map(({ to }) => to))),
  };
}

/** L2L takes two decimals; a sum of doubles has more. */
export function sumOf(parts: readonly number[]): number {
  return Math.round(parts.reduce((all, part) => all + part, 0) * 100) / 100;
}
