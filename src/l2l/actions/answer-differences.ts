import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { SiteMemory } from '../../core/site-memory.ts';
import { type L2lRecord, textField } from '../envelope.ts';
import type { SiteZone } from '../site-time.ts';

/** Fields of a dispatch with the values that a call sent. One that is undefined was not sent. */
type Sent = Readonly<Partial<Record<(typeof CODES)[number] | (typeof TIMES)[number], string | undefined>>>;

const CODES = ['machinecode', 'dispatchtypecode', 'tradecode', 'reasoncode'] as const;
const TIMES = ['reported', 'completed'] as const;

/** A difference of one kind is reported once in this time (ms). */
const EVERY = 3_600_000;

/** Reports what L2L stored differently from what was sent. L2L's reference is ambiguous, and only its answers show what it does. */
export interface Differences {
  /** Compares the fields that the record has. */
  dispatch(machine: string, sent: Sent, stored: L2lRecord | undefined): void;
  /** The count of a machine, which is not the one that the call should lead to. */
  count(machine: string, expected: number, stored: number, words: string): void;
}

export function createDifferences(options: {
  readonly memory: () => SiteMemory;
  readonly clock: Clock;
  readonly log: Logger;
  readonly zone: SiteZone;
}): Differences {
  const { memory, clock, log, zone } = options;
  /** When a difference of this kind was reported. */
  const reported = new Map<string, number>();

  function report(kind: string, event: string, fields: object, words: string): void {
    const last = reported.get(kind) ?? Number.NEGATIVE_INFINITY;
    if (clock.now() - last < EVERY) return;
    reported.set(kind, clock.now());
    log.warn(fields, words);
    memory().differs(event);
  }

  function isSame(name: string, stored: string, sent: string): boolean {
    if (!TIMES.some(time => time === name)) return stored === sent;
    return isSameTime(zone, stored, sent);
  }

  return {
    dispatch(machine, sent, record) {
      for (const name of [...CODES, ...TIMES]) {
        const value = sent[name];
        if (value === undefined || record?.[name] === undefined) continue;
        const stored = textField(record, name);
        if (stored !== undefined && isSame(name, stored, value)) continue;
        const event = `${machine}: L2L stored ${name} ${stored ?? 'nothing'}, sent ${value}`;
        const fields = { machine, stored: stored ?? null, sent: value };
        report(name, event, fields, `L2L stored another ${name} than the one that was sent`);
      }
    },
    count(machine, expected, stored, words) {
      const event = `${machine}: L2L stored cyclecount ${stored}, expected ${expected}`;
      report(`cyclecount of ${machine}`, event, { machine, stored, expected }, words);
    },
  };
}

/** Whether two texts of L2L mean the same second. A text that is no time differs from nothing. */
export function isSameTime(zone: SiteZone, one: string, other: string): boolean {
  const [first, second] = [one, other].map(text => zone.parse(text).map(at => Math.floor(at / 1000)));
  if (!first?.length || !second?.length) return true;
  return first.some(at => second.includes(at));
}
