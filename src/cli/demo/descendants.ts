import { readdirSync, readFileSync } from 'node:fs';

/**
 * The process ids of `name`, or of any name, among the children, grandchildren … of a process. Linux lists them under /proc; elsewhere the
 * result is empty. Only descendants of a process that the caller started are ever returned.
 */
export function descendants(pid: number, name?: string): readonly number[] {
  const processes = readProcesses();
  const found: number[] = [];
  const parents = new Set([pid]);
  // A child may stand before its parent in the list, so it repeats until a pass adds no process.
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
    // There is no /proc: this is not Linux.
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
    // The process ended while the list was read.
    return [];
  }
}
