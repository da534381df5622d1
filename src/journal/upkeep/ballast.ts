import { randomFillSync } from 'node:crypto';
import { rmSync, statfsSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorMessage } from '../../core/errors.ts';
import { formatSize } from '../../core/fields.ts';
import type { Logger } from '../../core/logger.ts';

/** A file that only uses room [J4]. When the disk is full it is deleted, and the outcomes of sent calls get that room. */
export interface Ballast {
  /** Reports a full disk. True: the deletion made room. */
  release(): boolean;
  /** Why no new action is accepted; null: new actions are accepted. The last room is kept for the outcomes of sent calls. */
  readonly problem: string | null;
  stop(): void;
}

export type BallastOptions = {
  readonly file: string;
  /** Bytes; 0: none. */
  readonly size: number;
  readonly log: Logger;
  /** The disk has room again. */
  readonly onRoom: () => void;
  /** How often the free room is checked (ms). */
  readonly every?: number;
};

/** The file is written in pieces, so that no commit waits long for the disk. */
const PIECE = 1024 * 1024;

/**
 * The file is written in the background when there is room for two of it: at the start, and again after it was deleted. It holds noise, so
 * that no file system stores it in less room [J4].
 */
export function createBallast({ file, size, log, onRoom, every = 1000 }: BallastOptions): Ballast {
  const folder = dirname(file);
  let state: 'in place' | 'writing' | 'wanted' | 'low' = isInPlace(file, size) ? 'in place' : 'wanted';
  let stopped = false;
  let isWriting = false;
  // A ballast of another size, from an earlier setting or an interrupted write, uses the room that the new one needs.
  if (size === 0 || state === 'wanted') remove();
  const timer = setInterval(look, every);
  timer.unref();
  look();

  function look(): void {
    if (stopped || isWriting || state === 'in place') return;
    if (freeOn(folder) < 2 * size) {
      if (state === 'wanted')
        log.error({ folder, needs: formatSize(2 * size) }, 'little room on the disk: no new action is accepted');
      state = 'low';
      return;
    }
    const wasLow = state === 'low';
    state = 'writing';
    isWriting = true;
    void write()
      .then(
        () => {
          if (state === 'writing') state = 'in place';
          else remove();
        },
        cause => {
          remove();
          state = 'low';
          log.warn({ error: errorMessage(cause) }, 'the ballast could not be written; it is tried again');
        },
      )
      .finally(() => {
        isWriting = false;
      });
    if (wasLow) onRoom();
  }

  async function write(): Promise<void> {
    remove();
    const target = await open(file, 'w');
    try {
      const piece = Buffer.alloc(Math.min(PIECE, size));
      for (let left = size; left > 0 && state === 'writing' && !stopped; left -= piece.length) {
        randomFillSync(piece);
        await target.writeFile(piece.subarray(0, Math.min(left, piece.length)));
      }
      await target.sync();
    } finally {
      await target.close();
    }
  }

  /** False: the file is still there. Some file systems need room to delete a file. Then the caller has to report the full disk. */
  function remove(): boolean {
    try {
      rmSync(file, { force: true });
      return true;
    } catch (cause) {
      log.error({ file, error: errorMessage(cause) }, 'the ballast could not be removed: it uses room that is needed');
      return false;
    }
  }

  return {
    release() {
      if (size === 0) return false;
      const had = state === 'in place' || state === 'writing';
      state = 'low';
      return remove() && had;
    },
    get problem() {
      if (state !== 'low') return null;
      return `the disk of the data folder ${folder} is full: free at least ${formatSize(2 * size)} there; the gateway then goes on by itself`;
    },
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/** Whether the file really uses its room: it has the full length, and is not sparse. */
function isInPlace(file: string, size: number): boolean {
  if (size === 0) return true;
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && found.size === size && found.blocks * 512 >= size;
}

function freeOn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
