import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { filesIn } from '../file/data-folder.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import type { Meta } from '../file/meta.ts';

/** How far a journal has come: which one, in which life, and when that was last alive (ms since 1970; 0: not yet). */
type Progress = { readonly id: string; readonly epoch: number; readonly alive: number };

/**
 * A note beside the journal of how far it had come. Only what is committed is noted, so wherever a crash falls between the two,
 * the note never says more than the journal. A journal that says less than the note was set back, even where its file is the same.
 */
export interface Witness {
  /**
   * Why the journal is not the one that ran here last, in words, with times as `write` gives them; null when it is, or when nothing
   * is noted.
   */
  contradicts(meta: Meta, write: (at: number) => string): string | null;
  /** `progress` has to be committed. */
  note(progress: Progress): void;
  /** Another journal may begin here. */
  forget(): void;
}

export function witnessOf(folder: string): Witness {
  const file = filesIn(folder).witness;
  return {
    contradicts(meta, write) {
      const seen = read(file);
      if (seen === null) return null;
      const now = progressOf(meta);
      if (seen.id !== now.id) return `it is another journal than the one that ran here last, ${seen.id}`;
      if (seen.epoch < now.epoch || (seen.epoch === now.epoch && seen.alive <= now.alive)) return null;
      return `it was last written to at ${write(now.alive)}, and the one that ran here last at ${write(seen.alive)}: a backup was put back, or the disk has lost what it had taken`;
    },
    note(progress) {
      try {
        // What a crash or a person left there goes away; a pipe would never take the note.
        rmSync(`${file}.new`, { force: true });
        // On the disk before it takes the place of the other: what a power cut leaves is the former note or this one.
        writeFileSync(`${file}.new`, `${JSON.stringify(progress)}\n`, { flush: true });
        renameSync(`${file}.new`, file);
      } catch {
        // A full disk, or a broken one. The former note says less than could be said, and nothing wrong.
      }
    },
    forget: () => rmSync(file, { force: true }),
  };
}

export function progressOf(meta: Meta): Progress {
  return {
    id: meta.get('id') ?? '',
    epoch: Number(meta.get('epoch') ?? 0),
    alive: Number(meta.get('alive') ?? 0),
  };
}

function read(file: string): Progress | null {
  try {
    const { id, epoch, alive } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Progress>;
    return id === undefined || epoch === undefined || alive === undefined ? null : { id, epoch, alive };
  } catch {
    // None yet, as after an update, or not readable: then there is nothing to compare with.
    return null;
  }
}

export type NotingOptions = {
  readonly witness: Witness;
  readonly meta: Meta;
  readonly group: GroupCommit;
  /** The clock that what is committed from now on goes by. */
  readonly now: () => number;
  /** How often (ms). */
  readonly every?: number;
};

/** After a crash, a backup younger than this (ms) is not distinguished from the journal. */
const EVERY = 60_000;

/** Notes how far the journal has come, now and again and again. Disposing ends it. */
export function startNoting({ witness, meta, group, now, every = EVERY }: NotingOptions): Disposable {
  /** A clock that stands a little behind the last life's is followed: what this life commits first is earlier than what that one did last. */
  function progress(): Progress {
    const { alive, ...life } = progressOf(meta);
    return { ...life, alive: Math.min(alive, now()) };
  }
  witness.note(progress());
  let ended = false;
  const timer = setInterval(() => {
    try {
      const { value, durable } = group.write(progress, 'lazily');
      durable.then(
        () => ended || witness.note(value),
        () => {}, // Not committed, so not noted.
      );
    } catch {
      // The journal takes no writes any more; whoever has something to write hears of it.
    }
  }, every);
  timer.unref();
  return {
    [Symbol.dispose]() {
      ended = true;
      clearInterval(timer);
    },
  };
}
