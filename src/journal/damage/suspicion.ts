import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { filesIn } from '../file/data-folder.ts';

/**
 * A note beside the journal that a life of the gateway found it broken: the next start reads all of it before it goes on, so that
 * a damaged file is refused instead of ending one life after the other.
 */
export type Suspicion = {
  readonly isRaised: boolean;
  raise(why: string): void;
  /** The journal was read through and is sound, or is another one now. */
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
        // The disk that failed takes no note either. The next start does its usual check.
      }
    },
    clear: () => rmSync(file, { force: true }),
  };
}
