import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Renames the journal's files so that a new journal can begin and the old one can still be read: `journal.damaged-TIME.db`, its log
 * beside it. Returns the new name.
 */
export function setAside(folder: string, at: number): string {
  const time = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
  let name = `journal.damaged-${time}.db`;
  for (let n = 2; existsSync(join(folder, name)); n++) name = `journal.damaged-${time}-${n}.db`;
  // The log is renamed last, because a file without its log may be sound and old. After a crash in between, each start refuses the log
  // alone.
  for (const end of ['', '-shm', '-wal']) {
    const from = join(folder, `journal.db${end}`);
    if (existsSync(from)) renameSync(from, join(folder, `${name}${end}`));
  }
  return name;
}
