import type { Clock } from '../core/clock.ts';
import type { Breaker } from './breaker.ts';
import type { OpenCall } from './open-call.ts';
import type { OpenCalls } from './open-calls.ts';
import type { Emit } from './queue-event.ts';
import type { Refusals } from './refusals.ts';
import type { Scheduler } from './scheduler.ts';

export type ProbeOptions = {
  readonly calls: OpenCalls;
  readonly breaker: Breaker;
  readonly clock: Clock;
  readonly refusals: Refusals;
  readonly scheduler: Scheduler;
  /** Redis answers, and the gateway does not stop. */
  readonly ready: () => boolean;
  readonly emit: Emit;
};

/** The one call that may run during a pause, to find out whether the cause is gone. */
export interface Probe {
  /** Sends a call when a probe is due and none is under way. */
  tryOne(): void;
  is(open: OpenCall): boolean;
  /** The run of a call ended. */
  ended(call: number): void;
}

export function createProbe(options: ProbeOptions): Probe {
  const { calls, breaker, clock, emit } = options;
  let current: number | null = null;

  /** Each probe takes another call, so that a call with its own fault cannot keep the pause up. A refused call comes last. */
  function choose(): OpenCall | undefined {
    const now = clock.now();
    const mayWrite = ({ call }: OpenCall) => call.state === 'frozen' || call.state === 'retry';
    const mayRead = ({ call, due }: OpenCall) => call.state === 'accepted' || due <= now;
    const idle = calls.all().filter(({ isRunning }) => !isRunning);
    const writes = idle
      .filter(mayWrite)
      .sort((a, b) => a.probes - b.probes || Number(a.refusal !== null) - Number(b.refusal !== null));
    const refusesAll = breaker.refusesAll;
    if (writes[0] && writes[0].probes === 0) return writes[0];
    const fresh = options.scheduler.fill(1)[0];
    if (fresh) return fresh;
    return writes[0] ?? (refusesAll ? undefined : idle.find(mayRead));
  }

  return {
    tryOne() {
      if (!options.ready() || !breaker.pause || clock.now() < breaker.pause.probeAt) return;
      if (current !== null && calls.get(current)) return;
      const open = choose();
      if (!open) return;
      current = open.call.id;
      open.probe(clock.now());
      options.refusals.forgive(open);
      emit({ kind: 'call_waiting', open });
    },
    is: ({ call }) => call.id === current,
    ended(call) {
      if (call !== current) return;
      current = null;
      if (breaker.pause && breaker.pause.probeAt <= clock.now())
        emit({ kind: 'evidence', evidence: { kind: 'probe_undecided' } });
    },
  };
}
