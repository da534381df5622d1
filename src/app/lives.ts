import { once } from 'node:events';
import type { LoadedConfig } from '../config/load.ts';
import { anchoredClock, type Clock } from '../core/clock.ts';
import { type ClockChange, type ClockWatch, watchClock } from '../core/clock-watch.ts';
import { errorMessage } from '../core/errors.ts';
import { formatDuration } from '../core/fields.ts';
import type { Logger } from '../core/logger.ts';
import { createTimeNotation, type TimeNotation } from '../core/time-notation.ts';
import {
  beginTime,
  CLOCK_TOLERANCE,
  type ClockPolicy,
  doubtOf,
  isPlausible,
  type LastLife,
  type MachineTime,
  type TimeBase,
} from '../core/wall-clock.ts';
import { readLastLife } from '../journal/clock/last-life.ts';
import type { JournalTime } from '../journal/clock/time-shift.ts';
import type { App } from './assemble.ts';
import type { TimeEdges } from './edges.ts';

export type LivesOptions = {
  readonly loaded: LoadedConfig;
  readonly log: Logger;
  readonly machine: MachineTime;
  /** Begins one life of the gateway. The life before it has stopped by then. */
  readonly startLife: (time: TimeEdges) => Promise<App>;
  /** Aborted when the gateway is to end. */
  readonly signal: AbortSignal;
  /** Called for each life that has started. */
  readonly onStart: (app: App) => void;
};

/** The time of one life, and what the next life needs from it. */
type Life = {
  readonly base: TimeBase;
  readonly clock: Clock;
  readonly time: JournalTime;
  /** When the process before this one was last alive (ms since 1970). */
  readonly alive: number | null;
};

/** How long the calls under way may take when a life ends for the next one (ms). A call that is cut off is looked up afterwards. */
const SHORT_DRAIN = 1000;

/**
 * Runs the gateway until it is asked to end. No part of the gateway ever sees the time jump. When the clock was set or the host was
 * suspended, the gateway stops and starts again in the same process, with corrected times in its journal. Resolves to what did not stop
 * cleanly.
 */
export async function runLives(options: LivesOptions): Promise<readonly Error[]> {
  const { loaded, log, machine, startLife, signal } = options;
  const policy = loaded.config.gateway.clock;
  const { iso } = createTimeNotation(loaded.config.l2l.timezone);
  let life = firstLife(machine.wall(), readLastLife(loaded.dataFolder), policy, iso);
  for (;;) {
    const { base, clock, time } = life;
    if (base.doubt !== null) log.error({ detail: base.doubt }, 'the clock cannot be right: nothing is sent');
    const watch = watchClock({ clock, machine, base, policy, log });
    try {
      const app = await startOrEnd(() => startLife({ clock, clockGuard: watch, time }), signal);
      if (app === null) return [];
      options.onStart(app);
      const change = await changeOrEnd(watch, signal);
      if (change === null) return await app.stop();
      log.warn(change, 'the clock was set or the host was suspended: the gateway starts again');
      const errors = await app.stop(SHORT_DRAIN);
      if (errors.length > 0)
        log.error({ errors: errors.map(errorMessage).join('; ') }, 'not everything stopped cleanly');
      if (signal.aborted) return errors;
      life = nextLife(life, change, watch, { policy, iso });
    } finally {
      watch.stop();
    }
  }
}

/** Null: the gateway was asked to end during its start. Then it has stopped what it had started. */
async function startOrEnd(start: () => Promise<App>, signal: AbortSignal): Promise<App | null> {
  try {
    return await start();
  } catch (cause) {
    if (signal.aborted) return null;
    throw cause;
  }
}

async function changeOrEnd(watch: ClockWatch, signal: AbortSignal): Promise<ClockChange | null> {
  if (signal.aborted) return null;
  const decided = new AbortController();
  const ended = once(signal, 'abort', { signal: decided.signal }).then(
    () => null,
    () => null, // The clock changed before the gateway was asked to end.
  );
  const first = await Promise.race([watch.changed, ended]);
  decided.abort();
  return first;
}

function firstLife(wall: number, last: LastLife, policy: ClockPolicy, iso: TimeNotation['iso']): Life {
  const { from, doubt, shift } = beginTime(wall, last, policy, iso);
  const time: JournalTime = {
    shift,
    marked: last.doubted !== null && shift === last.doubted ? 'correct' : 'park',
    doubted: doubt === null ? null : { from, by: wall - from },
    event:
      doubt === null
        ? shift && clockStep(shift.by, 'the clock is trusted although it stood behind the journal')
        : { kind: 'clock_doubt', detail: doubt },
  };
  return { base: { from, doubt }, clock: anchoredClock(from), time, alive: last.alive };
}

/** The time after a change. The clocks are read again here, because somebody may have set them again while the gateway stopped. */
function nextLife(
  { base, clock, alive }: Life,
  change: ClockChange,
  watch: ClockWatch,
  { policy, iso }: { readonly policy: ClockPolicy; readonly iso: TimeNotation['iso'] },
): Life {
  const { off, slept: measured } = watch.measure();
  const slept = measured > CLOCK_TOLERANCE ? measured : 0;
  const now = clock.now() + slept;
  const by = off - slept;
  const wall = now + by;
  const suspended = slept > 0 ? suspension(slept) : null;
  // No clock can be trusted, so the time base goes on. It includes the suspension, because its length is known.
  const isDoubted = base.doubt !== null;
  if (!isPlausible(wall, base, policy) || (isDoubted && change.kind === 'suspended')) {
    // Somebody may have set the clock to another time that is not plausible either. A person who confirms the clock confirms the time that
    // it showed last.
    const doubt = isDoubted ? (doubtOf(wall, alive, iso) ?? base.doubt) : null;
    const doubted = isDoubted ? { from: base.from, by } : null;
    const event = suspended ?? (doubt === null ? null : ({ kind: 'clock_doubt', detail: doubt } as const));
    const time: JournalTime = { shift: null, marked: 'keep', doubted, event };
    return { base: { from: base.from, doubt }, clock: anchoredClock(now), time, alive };
  }
  const isStepped = isDoubted || Math.abs(by) > CLOCK_TOLERANCE;
  const time: JournalTime = {
    shift: isStepped ? { from: base.from, by } : null,
    marked: 'correct',
    doubted: null,
    event: isStepped ? clockStep(by, 'the clock was set') : suspended,
  };
  // The times in the journal move with the time base. When the clock is set again, they move again.
  return { base: { from: base.from + (isStepped ? by : 0), doubt: null }, clock: anchoredClock(wall), time, alive };
}

function suspension(ms: number) {
  return { kind: 'suspended', detail: `the host was suspended for ${formatDuration(ms)}` } as const;
}

function clockStep(by: number, why: string) {
  const way = by < 0 ? 'back' : 'forward';
  return { kind: 'clock_step', detail: `${why}: times moved ${way} by ${formatDuration(Math.abs(by))}` } as const;
}
