import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorMessage } from '../core/errors.ts';
import { type CheckFile, SUBJECTS } from '../core/online-check.ts';

const FILE = 'online-check.json';

const Kept = z.object({
  at: z.number(),
  destination: z.string(),
  rows: z.array(
    z.object({
      what: z.enum(SUBJECTS),
      code: z.string(),
      state: z.enum(['good', 'wrong', 'unchecked']),
      words: z.string(),
    }),
  ),
});

/** The last result, in a file of the data folder. It holds no secret. The folder is not made for it: that is up to the gateway. */
export function openCheckFile(folder: string): CheckFile {
  const path = join(folder, FILE);
  return {
    read() {
      try {
        return Kept.parse(JSON.parse(readFileSync(path, 'utf8')));
      } catch {
        // No file, a damaged one, or one of another version: L2L is asked again.
        return null;
      }
    },
    write(check) {
      // Two processes may write at the same time, and no reader may see half a file.
      const draft = `${path}.${process.pid}`;
      try {
        writeFileSync(draft, JSON.stringify(check), { mode: 0o644 });
        renameSync(draft, path);
        return null;
      } catch (error) {
        rmSync(draft, { force: true });
        return errorMessage(error);
      }
    },
  };
}
