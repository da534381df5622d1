import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { errorMessage } from '../../core/errors.ts';
import { formatSize } from '../../core/fields.ts';
import type { Logger } from '../../core/logger.ts';
import { startFullCheck } from '../damage/full-check.ts';
import type { Suspicion } from '../damage/suspicion.ts';
import { filesIn } from '../file/data-folder.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { failureOf } from '../file/sqlite-error.ts';
import type { Events } from '../history/events.ts';
import { createBallast } from './ballast.ts';
import { type Bounds, createPruner } from './prune.ts';

export type UpkeepOptions = {
  readonly db: DatabaseSync;
  readonly group: GroupCommit;
  readonly events: Events;
  readonly suspicion: Suspicion;
  readonly folder: string;
  readonly bounds: Bounds;
  /** Bytes of the ballast; 0: none. */
  readonly ballast: number;
  readonly now: () => number;
  readonly log: Logger;
  readonly fullCheck?: typeof startFullCheck;
};

export type UpkeepStatus = {
  /** Bytes of the file in use, and bytes of the log beside it. */
  readonly used: number;
  readonly wal: number;
  readonly maxSize: number;
  /** The result of the full check of the file. */
  readonly check: 'not yet' | 'sound' | 'failed' | { readonly damaged: string };
  /** Why no new action is accepted; null: new actions are accepted. */
  readonly problem: string | null;
};

/** Keeps the journal within its bounds, and reports when no new action is accepted. */
export interface Upkeep {
  readonly problem: string | null;
  status(): UpkeepStatus;
  stop(): void;
}

/** How often the file is checked (ms), and the time between two steps while there is something to delete. */
const LOOK = 1000;
const STEP = 20;
/** Old history is searched at one of so many checks: once a minute. */
const AGE_LOOKS = 60;
/** The longest time of a step, so that no commit is delayed noticeably (ms). */
const STEP_TAKES = 2;
/** More writes a second than this count as load. Under load, history is deleted only when the file is too large. */
const BUSY = 200;
/** History is deleted down to this part of the size. Below it, a full journal accepts new actions again. */
const ENOUGH = 0.95;
const FULL_CHECK_AFTER = 30_000;

export function startUpkeep(options: UpkeepOptions): Upkeep {
  const { db, group, events, suspicion, folder, bounds, now, log } = options;
  const checkFully = options.fullCheck ?? startFullCheck;
  const { journal: file, ballast: ballastFile } = filesIn(folder);
  const pruner = createPruner(db, group, bounds);
  let isFull = false;
  /** Checks until the next search for old history. */
  let untilAge = 0;
  let check: UpkeepStatus['check'] = 'not yet';
  let timer: NodeJS.Timeout | undefined;
  let last = { writes: group.writes, at: performance.now() };

  const ballast = createBallast({
    file: ballastFile,
    size: options.ballast,
    log,
    onRoom() {
      log.info({ folder }, 'the disk has room again');
      events.note('disk_free', 'the disk has room again');
    },
  });
  group.onRollback(cause => {
    if (failureOf(cause) !== 'full' || !ballast.release()) return;
    log.error(
      { folder },
      'the disk is full: the ballast file was deleted, and no new action is accepted until there is room',
    );
    events.note('disk_full', errorMessage(cause));
  });
  const fullCheck = checkFully({
    file,
    delay: FULL_CHECK_AFTER,
    onEnd(found) {
      check = found === null ? 'sound' : { damaged: found };
      if (found === null) return;
      suspicion.raise(found);
      log.error(
        { file, found },
        'the journal is damaged: the gateway goes on with the readable part, and its next start refuses the file; see gateway.journal.on_corrupt',
      );
      events.note('damaged', found);
    },
    onFailed(cause) {
      check = 'failed';
      log.warn({ file, error: errorMessage(cause) }, 'the journal could not be checked');
    },
  });

  function look(): void {
    timer = setTimeout(look, prune() ? STEP : LOOK);
    timer.unref();
  }

  /** True when there is more to delete. */
  function prune(): boolean {
    const used = pruner.used();
    const isOver = used > bounds.maxSize;
    const target = bounds.maxSize * ENOUGH;
    untilAge -= 1;
    if (isBusy() && !isOver) return false;
    if (untilAge > 0 && used <= target && !isFull) return false;
    let more: boolean;
    try {
      more = pruner.step(now(), STEP_TAKES, target);
    } catch (cause) {
      // The disk is full. There will be room later, or after the ballast was deleted.
      log.debug({ error: errorMessage(cause) }, 'history could not be deleted; it is tried again');
      return false;
    }
    untilAge = more ? 0 : AGE_LOOKS;
    notify(!more && pruner.used() > (isFull ? target : bounds.maxSize));
    return more;
  }

  function notify(full: boolean): void {
    if (full && !isFull) log.error({ maxSize: formatSize(bounds.maxSize) }, problemOfSize());
    if (!full && isFull) log.info({}, 'the journal has room again');
    isFull = full;
  }

  function isBusy(): boolean {
    const { writes } = group;
    const at = performance.now();
    const perSecond = ((writes - last.writes) / Math.max(1, at - last.at)) * 1000;
    last = { writes, at };
    return perSecond > BUSY;
  }

  function problemOfSize(): string {
    return `the journal is full of actions that were not sent yet (${formatSize(bounds.maxSize)}): correct what keeps the gateway from sending, decide about the dead letters, or raise gateway.journal.max_size`;
  }

  const problem = () => ballast.problem ?? (isFull ? problemOfSize() : null);
  look();

  return {
    get problem() {
      return problem();
    },
    status: () => ({
      used: pruner.used(),
      wal: statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0,
      maxSize: bounds.maxSize,
      check,
      problem: problem(),
    }),
    stop() {
      clearTimeout(timer);
      ballast.stop();
      fullCheck[Symbol.dispose]();
    },
  };
}
