import type { Clock } from '../core/clock.ts';
import { formatDuration } from '../core/fields.ts';
import type { Logger } from '../core/logger.ts';
import type { SignalDefinition } from '../core/sample.ts';

export type FirstValuesOptions = {
  readonly source: string;
  readonly signals: readonly SignalDefinition[];
  /** Signals whose value an earlier process kept. */
  readonly known: ReadonlySet<string> | ReadonlyMap<string, unknown>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Signals without a value since the source is back and without an earlier value that holds, with the reason. */
  readonly onSilent: (signals: readonly string[], why: string) => void;
};

/** A source that answers sends its first values within this time (ms). */
export const FIRST_VALUES_WITHIN = 30_000;
const MOST_NAMED = 10;
const SILENT = `no value came within ${formatDuration(FIRST_VALUES_WITHIN)} after`;

/**
 * Reports which signals of a connected source have had no value since the connect. The log names signals that never had a value, because a
 * misspelt topic or node otherwise looks healthy.
 */
export interface FirstValues {
  received(signal: string): void;
  /** Whether the broker kept the session. Without it, no earlier value holds. */
  session(present: boolean): void;
  connected(): void;
  disconnected(): void;
}

export function watchFirstValues({ source, signals, known, clock, log, onSilent }: FirstValuesOptions): FirstValues {
  const never = new Set(signals.flatMap(({ name }) => (known.has(name) ? [] : name)));
  const silent = new Set(never);
  let timer: Disposable | undefined;

  function endTimer(): void {
    timer?.[Symbol.dispose]();
    timer = undefined;
  }

  function warn(): void {
    endTimer();
    if (silent.size === 0) return;
    const names = [...never];
    never.clear();
    if (names.length > 0)
      log.warn(
        { source, signals: names.slice(0, MOST_NAMED), count: names.length },
        `no value yet from these signals, ${formatDuration(FIRST_VALUES_WITHIN)} after the source connected: check the spelling of their topics or nodes, and whether the device sends them`,
      );
    const all = [...silent];
    silent.clear();
    onSilent(all, `${SILENT} ${source} connected`);
  }

  return {
    received(signal) {
      never.delete(signal);
      silent.delete(signal);
    },
    session(present) {
      if (!present) for (const { name } of signals) silent.add(name);
    },
    connected() {
      if (silent.size > 0) timer ??= clock.at(clock.now() + FIRST_VALUES_WITHIN, warn);
    },
    disconnected() {
      endTimer();
      // Values of a broker may still hold with a kept session; values of a polled device do not.
      for (const { name, restorable } of signals) if (!restorable) silent.add(name);
    },
  };
}

/** Whether a signal is unknown because its source is back and has not sent a value of it. */
export function isSilence(reason: string): boolean {
  return reason.startsWith(SILENT);
}
