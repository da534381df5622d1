/** The number of edits (insert, delete, replace, swap neighbours) between two words, at most `limit + 1`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return Math.min(last[b.length] ?? limit + 1, limit + 1);
}

/** The candidate that a person most likely meant; undefined: none is similar enough. Case does not count. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let limit = word.length <= 4 ? 1 : Math.max(2, Math.floor(word.length / 3));
  let best: string | undefined;
  const ending: string[] = [];
  for (const candidate of candidates) {
    const name = candidate.toLowerCase();
    if (wanted.endsWith(`.${name}`) || name.endsWith(`.${wanted}`)) ending.push(candidate);
    const edits = distance(wanted, name, limit);
    if (edits > limit || edits >= Math.max(word.length, candidate.length)) continue;
    best = candidate;
    limit = edits - 1;
    if (limit < 0) break;
  }
  // `plc.run` for `run`, or `run` for `press1.run`: a name with or without what stands before its dot.
  return best ?? (ending.length === 1 ? ending[0] : undefined);
}

/** `; did you mean X?`, or nothing: the tail of an error about an unknown name. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const best = nearest(word, candidates);
  return best === undefined ? '' : `; did you mean \`${best}\`?`;
}
