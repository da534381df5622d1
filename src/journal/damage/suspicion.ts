import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { filesIn } from '../file/data-folder.ts';

/**
 * A note beside the journal, written when a life of the gateway found the journal damaged [J6]. The next start then reads the whole file
 * first. So a damaged file is refused, and does not end one life after the other.
 */
export type Suspicion = {
  readonly isRaised: boolean;
  raise(why: string): void;
  /** Removes the note: the journal was read whole and is sound, or it is a new journal. */
  clear(): void;
};

export function suspicionOf(folder: string): Suspicion {
  const file = filesIn(folder).suspicion;
  return {
    get isRaised() {
      return existsSync(file);
    },
    raise(why) {
      try {
        writeFileSync(file, `${why}\n`);
      } catch {
        // The failed disk accepts no note either. The next start does its usual check.
      }
    },
    clear: () => rmSync(file, { force: true }),
  };
}
