import type { Clock } from '../core/clock.ts';
import type { Book, Entry } from './book.ts';
import type { Gate } from './gate.ts';
import type { Scheduler } from './scheduler.ts';
import type { Settler } from './settler.ts';

export type ProbeOptions = {
  readonly book: Book;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly settler: Settler;
  readonly scheduler: Scheduler;
  readonly dispatch: (entry: Entry) => void;
  /** Redis is there and nobody stops. */
  readonly ready: () => boolean;
};

/** The one call that may run during a pause, to find out whether its cause is gone. */
export interface Probe {
  /** Sends a call on its way when a probe is due and none is out. */
  tryOne(): void;
  is(entry: Entry): boolean;
  /** The run of a call ended; if it was the probe, its outcome is reported already. */
  ended(call: number): void;
}

export function createProbe(options: ProbeOptions): Probe {
  const { book, gate, clock } = options;
  let current: number | null = null;

  /** Another call each time, so that one that fails for its own sake can't keep the pause up; a refused one last. */
  function choose(): Entry | undefined {
    const now = clock.now();
    const mayWrite = (entry: Entry) => entry.call.state === 'frozen' || entry.call.state === 'retry';
    const mayRead = (entry: Entry) => entry.call.state === 'accepted' || entry.due <= now;
    const idle = book.all().filter(entry => !entry.running);
    const writes = idle
      .filter(mayWrite)
      .sort((a, b) => a.probes - b.probes || Number(a.refusal !== null) - Number(b.refusal !== null));
    const cause = gate.pause?.cause;
    if (writes[0] && writes[0].probes === 0) return writes[0];
    const fresh = options.scheduler.fill(1)[0];
    if (fresh) return fresh;
    return writes[0] ?? (cause === 'refused' ? undefined : idle.find(mayRead));
  }

  return {
    tryOne() {
      if (!options.ready() || !gate.pause || clock.now() < gate.pause.probeAt) return;
      if (current !== null && book.get(current)) return;
      const entry = choose();
      if (!entry) return;
      current = entry.call.id;
      entry.probes += 1;
      entry.due = clock.now();
      options.settler.forgive(entry);
      options.dispatch(entry);
    },
    is: entry => entry.call.id === current,
    ended(call) {
      if (call !== current) return;
      current = null;
      if (gate.pause && gate.pause.probeAt <= clock.now()) gate.notify({ kind: 'probe_undecided' });
    },
  };
}
