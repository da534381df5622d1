import type { Sample } from '../../core/sample.ts';
import { counterDefinition } from '../signal-fields.ts';
import { fullWidth, type SimulatedSignal, type SimulatedSource } from './schema.ts';
import { createScript, type Script } from './script.ts';

/** One simulated signal as a pure function of time (ms since the scripts began). */
export type SignalInTime = {
  readonly name: string;
  /** Its value, since when, and when that changes next (Infinity: never). */
  at(time: number): { readonly sample: Omit<Sample, 'signal'>; readonly since: number; readonly next: number };
};

/** Always true: the gate of a count without `while`. */
const ALWAYS = createScript([{ for: 1, value: true }], true);

function scripted(script: Script): SignalInTime['at'] {
  return time => {
    const { step, since, next } = script.at(time);
    const sample =
      step.value === undefined
        ? { value: null, quality: 'bad' as const, reason: step.reason ?? 'the script says bad' }
        : {
            value: step.value,
            quality: step.quality ?? ('good' as const),
            ...(step.reason !== undefined && { reason: step.reason }),
          };
    return { sample, since, next };
  };
}

/** The lowest value of a count, and how many values there are before it starts again. */
function range({ as, counter }: SimulatedSignal): { readonly lowest: number; readonly size: number } {
  const { wrapsAt, wrapsTo = 0 } = counter ? counterDefinition(counter, as) : { wrapsAt: null };
  const highest = Number(wrapsAt ?? fullWidth(as) ?? Number.POSITIVE_INFINITY);
  return { lowest: Number(wrapsTo), size: highest - Number(wrapsTo) + 1 };
}

function counting(
  signal: SimulatedSignal,
  count: NonNullable<SimulatedSignal['count']>,
  gate: Script,
): SignalInTime['at'] {
  const { lowest, size } = range(signal);
  return time => {
    const steps = Math.floor(gate.trueFor(time) / count.every);
    const total = count.from + steps * count.by;
    return {
      sample: { value: Number.isFinite(size) ? lowest + ((total - lowest) % size) : total, quality: 'good' },
      since: gate.whenTrueFor(steps * count.every),
      next: gate.whenTrueFor((steps + 1) * count.every),
    };
  };
}

/** Compiles the signals of a source; the schema has checked that gates exist. */
export function signalsInTime(signals: SimulatedSource['signals']): readonly SignalInTime[] {
  const scripts = new Map(
    Object.entries(signals).flatMap(([name, { script, repeat }]) =>
      script ? [[name, createScript(script, repeat)] as const] : [],
    ),
  );
  return Object.entries(signals).map(([name, signal]) => {
    if (signal.count) {
      const gate = signal.count.while === undefined ? ALWAYS : scripts.get(signal.count.while);
      return { name, at: counting(signal, signal.count, gate ?? ALWAYS) };
    }
    return { name, at: scripted(scripts.get(name) ?? ALWAYS) };
  });
}
