import { parseDuration } from '../../core/fields.ts';
import { nearest } from '../../core/nearest.ts';
import type { FaultInput } from '../../simulation/sandbox/faults.ts';
import { NAMED_FAULTS, type NamedFault } from '../../simulation/sandbox/named-faults.ts';
import { UsageError } from '../command.ts';

export type AskedFault = {
  readonly named: NamedFault;
  readonly fault: FaultInput;
  /** How long it lasts from the start (ms); null: until the sandbox ends, or until its page ends it. */
  readonly lasts: number | null;
};

/** Reads `--fault slow` or `--fault slow=20s`. Throws a UsageError that names the faults there are. */
export function askedFault(text: string): AskedFault {
  const [name = '', time, ...more] = text.split('=');
  const named = NAMED_FAULTS.find(known => known.name === name);
  if (!named) {
    const names = NAMED_FAULTS.map(known => known.name);
    const near = nearest(name, names);
    throw new UsageError(
      `--fault ${text}: there is no such fault; ${near ? `did you mean ${near}?` : `the faults are ${names.join(', ')}`}`,
    );
  }
  const lasts = time === undefined ? null : parseDuration(time);
  if (lasts === undefined || lasts === 0 || more.length > 0)
    throw new UsageError(`--fault ${text}: write for how long with its unit, such as ${name}=20s`);
  // This one ends by itself: nobody can reach the sandbox to end it.
  if (named.fault.kind === 'away')
    return { named, fault: { name, ...named.fault, ms: lasts ?? named.fault.ms }, lasts: null };
  return { named, fault: { name, ...named.fault }, lasts };
}

/** The faults as lines for people, aligned. */
export function faultList(): string {
  const width = Math.max(...NAMED_FAULTS.map(({ name }) => name.length));
  return NAMED_FAULTS.map(({ name, words }) => `  ${name.padEnd(width)}  ${words}`).join('\n');
}
