import type { Adapter, AdapterOptions, SourceSink } from '../adapter.ts';
import type { SimulatedSource } from './schema.ts';
import { signalsInTime } from './signals.ts';

/** Plays scripted signals. Each change has its time in the script, however late the timer was. */
export function simulatedAdapter({ config, clock }: AdapterOptions<SimulatedSource>): Adapter {
  const signals = signalsInTime(config.signals);
  let began = config.since;

  /** The value of every signal at this moment of the script. */
  function everything(sink: SourceSink, zero: number, time: number): void {
    sink.samples({
      at: zero + time,
      receivedAt: clock.now(),
      time: 'source',
      samples: signals.map(({ name, at }) => {
        const { sample, since } = at(time);
        return { signal: name, ...sample, sourceAt: zero + since };
      }),
    });
  }

  /** The signals that change at this moment of the script, as one batch. */
  function changes(sink: SourceSink, zero: number, time: number): void {
    const samples = signals.flatMap(({ name, at }) => {
      const { sample, since } = at(time);
      return since === time ? [{ signal: name, ...sample, sourceAt: zero + time }] : [];
    });
    sink.samples({ at: zero + time, receivedAt: clock.now(), time: 'source', samples });
  }

  return {
    run(sink, signal) {
      if (signal.aborted) return Promise.resolve();
      began ??= clock.now();
      const zero = began;
      return new Promise(resolve => {
        let playedUntil = Math.max(clock.now() - zero, 0);
        let timer: Disposable | undefined;
        const nextAfter = (time: number) => Math.min(...signals.map(({ at }) => at(time).next));

        function play(): void {
          const now = clock.now() - zero;
          for (let next = nextAfter(playedUntil); next <= now; next = nextAfter(playedUntil)) {
            changes(sink, zero, next);
            playedUntil = next;
          }
          const next = nextAfter(playedUntil);
          timer = Number.isFinite(next) ? clock.at(zero + next, play) : undefined;
        }

        signal.addEventListener(
          'abort',
          () => {
            timer?.[Symbol.dispose]();
            resolve();
          },
          { once: true },
        );
        sink.connected();
        everything(sink, zero, playedUntil);
        play();
      });
    },
  };
}
