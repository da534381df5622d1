const NARROWEST = 60;

/** A line as lines of at most `columns` characters; those after the first are indented by `indent`. Left out `columns`: uncut. Pure. */
export function wrap(line: string, columns: number | undefined, indent = 2): readonly string[] {
  if (columns === undefined) return [line];
  const width = Math.max(columns, NARROWEST);
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const at = space > indent ? space : width;
    lines.push(rest.slice(0, at).trimEnd());
    rest = ' '.repeat(indent) + rest.slice(at).trimStart();
  }
  return [...lines, rest];
}
