import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { filesIn } from '../file/data-folder.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import type { Meta } from '../file/meta.ts';

/** The progress of a journal: its id, its life, and the last time of that life (ms since 1970; 0: not yet). */
type Progress = { readonly id: string; readonly epoch: number; readonly alive: number };

/**
 * A note beside the journal with its progress [J7]. Only committed progress is noted, so after a crash at any point
 * the note is never ahead of the journal. A journal behind its note was restored, also when its file is the same.
 */
export interface Witness {
  /**
   * The reason why the journal is not the one that ran here last, in words, with times as `write` gives them; null: it is, or nothing
   * is noted.
   */
  contradicts(meta: Meta, write: (at: number) => string): string | null;
  /** `progress` has to be committed. */
  note(progress: Progress): void;
  /** Deletes the note, so that another journal can begin here. */
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
      return `it was last written at ${write(now.alive)}, and the journal that ran here last at ${write(seen.alive)}: a backup was restored, or the disk has lost data that it had confirmed`;
    },
    note(progress) {
      try {
        // Removes whatever has the name of the next note: a rest of a crash, or a pipe, which would block the write.
        rmSync(`${file}.new`, { force: true });
        // The new note is on the disk before the rename, so a power cut leaves the former note or this one.
        writeFileSync(`${file}.new`, `${JSON.stringify(progress)}\n`, { flush: true });
        renameSync(`${file}.new`, file);
      } catch {
        // The disk is full or failed. The former note stays: it is behind, but not wrong.
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
    // There is no note yet, as after an update, or the note is unreadable: then there is nothing to compare with.
    return null;
  }
}

export type NotingOptions = {
  readonly witness: Witness;
  readonly meta: Meta;
  readonly group: GroupCommit;
  /** The clock of the commits of this life. */
  readonly now: () => number;
  /** The interval between two notes (ms). */
  readonly every?: number;
};

/** After a crash, a backup that is younger than this (ms) looks like the journal itself. */
const EVERY = 60_000;

/** Writes the note now and at intervals. The disposal ends it. */
export function startNoting({ witness, meta, group, now, every = EVERY }: NotingOptions): Disposable {
  /**
   * A clock slightly behind that of the last life is accepted. Then the first commits of this life are earlier than the last ones of the
   * life before.
   */
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
        () => {}, // This commit failed, so it is not noted.
      );
    } catch {
      // The journal refuses all writes, and the next writer gets the error.
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
