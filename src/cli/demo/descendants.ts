import { readdirSync, readFileSync } from 'node:fs';

/**
 * Process ids of `name`, or of any name, among the children, grandchildren … of a process. Linux keeps them under /proc; elsewhere there are none.
 * Only what descends from a process that the caller started is ever named.
 */
export function descendants(pid: number, name?: string): readonly number[] {
  const processes = readProcesses();
  const found: number[] = [];
  const parents = new Set([pid]);
  // A child may stand before its parent in the list: look until no generation adds one.
  for (let before = 0; before !== parents.size; ) {
    before = parents.size;
    for (const process of processes) if (parents.has(process.parent)) parents.add(process.pid);
  }
  for (const process of processes)
    if (process.pid !== pid && parents.has(process.pid) && (name === undefined || process.name === name))
      found.push(process.pid);
  return found;
}

type Process = { readonly pid: number; readonly parent: number; readonly name: string };

function readProcesses(): readonly Process[] {
  try {
    return readdirSync('/proc')
      .filter(entry => /^\d+$/.test(entry))
      .flatMap(readProcess);
  } catch {
    // No /proc: not Linux.
    return [];
  }
}

/** `pid (name) state parent …`; the name may hold blanks and parentheses. */
function readProcess(entry: string): Process[] {
  try {
    const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [{ pid: Number(entry), parent: Number(parent), name }];
  } catch {
    // It ended while the list was read.
    return [];
  }
}
