import type { Step } from './schema.ts';

/** The state of a script at one moment. Times are ms since the script began. */
export type ScriptMoment = {
  readonly step: Step;
  /** When this step began. */
  readonly since: number;
  /** When the next step begins; Infinity: this step stays. */
  readonly next: number;
};

/** A script as a pure function of time. */
export interface Script {
  at(time: number): ScriptMoment;
  /** How long it has been true up to `time` (ms). */
  trueFor(time: number): number;
  /** The moment at which it has been true for `ms`; Infinity: it never will be. */
  whenTrueFor(ms: number): number;
}

export function createScript(steps: readonly Step[], repeat: boolean): Script {
  const starts: number[] = [];
  let length = 0;
  let trueLength = 0;
  for (const step of steps) {
    starts.push(length);
    length += step.for;
    if (step.value === true) trueLength += step.for;
  }
  const lastStart = starts.at(-1) ?? 0;

  /** Start of the round with `time`. */
  const roundOf = (time: number) => (repeat ? Math.floor(time / length) * length : 0);

  /** True time within one round up to `into` it. */
  function trueWithin(into: number): number {
    let sum = 0;
    for (const [index, step] of steps.entries())
      if (step.value === true) sum += Math.min(Math.max(into - (starts[index] ?? 0), 0), step.for);
    // Without repeat the last step stays for ever.
    if (!repeat && steps.at(-1)?.value === true) sum += Math.max(into - length, 0);
    return sum;
  }

  return {
    at(time) {
      const round = roundOf(time);
      const into = time - round;
      const index = Math.max(
        starts.findLastIndex(start => start <= into),
        0,
      );
      const step = steps[index];
      if (!step) throw new RangeError('a script has at least one step');
      const stands = !repeat && index === steps.length - 1;
      return {
        step,
        since: round + (starts[index] ?? lastStart),
        next: stands ? Number.POSITIVE_INFINITY : round + (starts[index + 1] ?? length),
      };
    },
    trueFor(time) {
      const round = roundOf(time);
      return (round / length) * trueLength + trueWithin(time - round);
    },
    whenTrueFor(ms) {
      if (ms <= 0) return 0;
      if (trueLength === 0) return Number.POSITIVE_INFINITY;
      // The round in which the sum is reached; a sum reached exactly at its end belongs to it.
      const round = repeat ? Math.ceil(ms / trueLength) - 1 : 0;
      let missing = ms - round * trueLength;
      for (const [index, step] of steps.entries()) {
        if (step.value !== true) continue;
        const stands = !repeat && index === steps.length - 1;
        if (missing <= step.for || stands) return round * length + (starts[index] ?? 0) + missing;
        missing -= step.for;
      }
      return Number.POSITIVE_INFINITY;
    },
  };
}
