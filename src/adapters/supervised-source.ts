import { type Clock, sleep } from '../core/clock.ts';
import { errorMessage } from '../core/errors.ts';
import { formatDuration } from '../core/fields.ts';
import { backoff } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';
import type { SampleBatch, SignalDefinition, SourceState, SourceStatus } from '../core/sample.ts';
import type { Adapter, SourceSink } from './adapter.ts';
import { watchFirstValues } from './first-values.ts';
import { createStaleness } from './staleness.ts';

/** Receives the reports of all sources. Calls return at once and never throw. */
export type SourcePort = {
  samples(batch: SampleBatch): void;
  status(status: SourceStatus): void;
  /** Acknowledging transports, before the session's first message: whether the broker kept it. */
  session(source: string, present: boolean): void;
};

export type SourceToRun = {
  readonly name: string;
  readonly adapter: Adapter;
  readonly signals: readonly SignalDefinition[];
};

export type SourceContext = {
  readonly port: SourcePort;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); spreads the attempts of many gateways. */
  readonly random: () => number;
  /** When values restored from the journal were last received (ms since 1970), by signal. */
  readonly restored: ReadonlyMap<string, number>;
};

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** After a connection of this length the next loss waits briefly again. */
const STABLE_MS = 60_000;

/** Thousands of signals that become stale one by one are checked together; their times stay exact. */
const LEAST_CHECK_MS = 20;

/**
 * Runs one source from start to abort: one life of its connection after the other, each after a longer wait. A source that is
 * away is reported as a status. The rules know that its signals are unknown then, and which of them hold again with a kept session.
 */
export async function runSource(source: SourceToRun, context: SourceContext, signal: AbortSignal): Promise<void> {
  const { port, clock, log, random } = context;
  const silence = watchSilence(source, context);
  const { name, signals } = source;
  const firstValues = watchFirstValues({ source: name, signals, known: context.restored, clock, log, onSilent });
  let state: SourceState | undefined;
  let reason: string | undefined;
  let connectedAt: number | undefined;
  let attempt = 0;

  /** Reports changes only, so that a source that stays away is one line in the log, not one for each attempt. */
  function become(next: SourceState, why?: string): void {
    if (next === state && why === reason) return;
    state = next;
    reason = why;
    const at = clock.now();
    if (next === 'disconnected') log.warn({ source: source.name, reason: why }, 'source disconnected');
    else log.info({ source: source.name }, STATE_MESSAGE[next]);
    port.status({ source: source.name, state: next, at, ...(why !== undefined && { reason: why }) });
  }

  /** Reports to the rules why such a signal is unknown: its source is back, so its absence is no reason any more. */
  function onSilent(names: readonly string[], why: string): void {
    // Nothing is known about a time whose messages are not read yet.
    if (state !== 'connected') return;
    const at = clock.now();
    // Signals with a limit become stale by themselves.
    const stale = new Set(signals.flatMap(({ name: signal, staleAfter }) => (staleAfter === undefined ? [] : signal)));
    const others = names.filter(signal => !stale.has(signal));
    if (others.length === 0) return;
    const samples = others.map(signal => ({ signal, value: null, quality: 'bad' as const, reason: why }));
    port.samples({ source: name, at, receivedAt: at, time: 'received', samples });
  }

  /** The reports of one life. Reports after its end are ignored. */
  function sinkOfLife(): SourceSink & { over(): void } {
    let over = false;
    return {
      over: () => {
        over = true;
      },
      connected() {
        if (over) return;
        connectedAt ??= clock.now();
        become('connected');
        silence.watch();
        firstValues.connected();
      },
      catchingUp() {
        if (over) return;
        connectedAt ??= clock.now();
        become('catching_up');
      },
      session(present) {
        if (over) return;
        firstValues.session(present);
        port.session(source.name, present);
      },
      samples(batch) {
        if (over) return;
        silence.received(batch);
        for (const { signal } of batch.samples) firstValues.received(signal);
        port.samples({ source: source.name, ...batch });
      },
    };
  }

  async function live(): Promise<string> {
    const sink = sinkOfLife();
    try {
      await source.adapter.run(sink, signal);
      return 'the adapter ended by itself';
    } catch (error) {
      return errorMessage(error);
    } finally {
      sink.over();
    }
  }

  become('connecting');
  while (!signal.aborted) {
    connectedAt = undefined;
    const why = await live();
    if (signal.aborted) break;
    if (connectedAt !== undefined && clock.now() - connectedAt >= STABLE_MS) attempt = 0;
    attempt += 1;
    silence.unwatch();
    firstValues.disconnected();
    become('disconnected', why);
    await sleep(clock, backoff(attempt, FIRST_WAIT_MS, LONGEST_WAIT_MS, random()), signal).catch(() => undefined); // aborted: the loop ends
  }
  silence.unwatch();
  firstValues.disconnected();
  become('stopped');
}

const STATE_MESSAGE = {
  connecting: 'source connecting',
  connected: 'source connected',
  catching_up: 'source connected, reading what was queued',
  stopped: 'source stopped',
} as const satisfies Record<Exclude<SourceState, 'disconnected'>, string>;

/** Reports which signals of a source have been silent for too long, while it is connected and has caught up. */
function watchSilence({ name, signals }: SourceToRun, { port, clock, restored }: SourceContext) {
  const staleness = createStaleness(signals, restored);
  let watching = false;
  let timer: Disposable | undefined;

  function unwatch(): void {
    watching = false;
    timer?.[Symbol.dispose]();
  }

  function check(): void {
    for (const { signal, at, staleAfter } of staleness.due(clock.now())) {
      const reason = `stale: nothing received for ${formatDuration(staleAfter)}`;
      const samples = [{ signal, value: null, quality: 'bad' as const, reason }];
      port.samples({ source: name, at, receivedAt: clock.now(), time: 'received', samples });
    }
    arm();
  }

  function arm(): void {
    timer?.[Symbol.dispose]();
    const next = staleness.next();
    timer = next === null ? undefined : clock.at(Math.max(next, clock.now() + LEAST_CHECK_MS), check);
  }

  return {
    received({ samples, receivedAt }: Omit<SampleBatch, 'source'>): void {
      let anew = false;
      for (const { signal } of samples) anew = staleness.received(signal, receivedAt) || anew;
      if (anew && watching) arm();
    },
    watch(): void {
      watching = true;
      staleness.connected(clock.now());
      check();
    },
    unwatch,
  };
}
