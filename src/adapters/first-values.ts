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
  /** Signals that never had a value, and why they are unknown. */
  readonly onSilent: (signals: readonly string[], why: string) => void;
};

/** A source that answers sends its first values within so long (ms). */
export const FIRST_VALUES_WITHIN = 30_000;
const MOST_NAMED = 10;

/** Says once which signals of a connected source never had a value: a misspelt topic or node looks healthy otherwise. */
export interface FirstValues {
  received(signal: string): void;
  connected(): void;
  disconnected(): void;
}

export function watchFirstValues({ source, signals, known, clock, log, onSilent }: FirstValuesOptions): FirstValues {
  const silent = new Set(signals.flatMap(({ name }) => (known.has(name) ? [] : name)));
  let timer: Disposable | undefined;

  function disconnected(): void {
    timer?.[Symbol.dispose]();
    timer = undefined;
  }

  function warn(): void {
    disconnected();
    if (silent.size === 0) return;
    const names = [...silent];
    silent.clear();
    log.warn(
      { source, signals: names.slice(0, MOST_NAMED), count: names.length },
      `no value yet from these signals, ${formatDuration(FIRST_VALUES_WITHIN)} after the source connected: check the spelling of their topics or nodes, and whether the device sends them`,
    );
    onSilent(names, `no value came within ${formatDuration(FIRST_VALUES_WITHIN)} after ${source} connected`);
  }

  return {
    received: signal => void silent.delete(signal),
    connected() {
      if (silent.size > 0) timer ??= clock.at(clock.now() + FIRST_VALUES_WITHIN, warn);
    },
    disconnected,
  };
}
