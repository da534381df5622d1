import type { Clock } from '../core/clock.ts';
import { didYouMean } from '../core/nearest.ts';
import { numberField, textField } from './envelope.ts';
import type { ReadFailure } from './outcome.ts';
import { type Reader, readPages } from './reader.ts';

type CountRead = { readonly ok: true; readonly count: number } | { readonly ok: false; readonly outcome: ReadFailure };

/** Reads the cycle counts of the site's machines. */
export interface Machines {
  /** The cycle count that L2L has now; 0 for a machine that never had one. */
  count(machine: string, signal: AbortSignal): Promise<CountRead>;
}

/** The list of all codes is read again after this time (ms). So many rules with unknown machines cause one read a minute. */
const LIST_GOOD_FOR = 60_000;
const PAGES = { size: 2000, most: 10 };

export function createMachines(reader: Reader, site: number, clock: Clock): Machines {
  const unknown = new Set<string>();
  let codes: ReadonlySet<string> = new Set();
  let listedAt = Number.NEGATIVE_INFINITY;
  let listing: Promise<void> | undefined;

  /** A failed read leaves the list as it was. The list only saves reads, and helps an error to name a similar code. */
  async function list(signal: AbortSignal): Promise<void> {
    const read = await readPages(reader, 'machines/', { site, fields: 'code' }, PAGES, signal);
    // A code may be missing in a part of the list.
    if (!read.ok || read.cut) return;
    codes = new Set(read.records.map(record => textField(record, 'code') ?? ''));
    listedAt = clock.now();
  }

  async function freshList(signal: AbortSignal): Promise<void> {
    if (clock.now() - listedAt < LIST_GOOD_FOR) return;
    listing ??= list(signal).finally(() => {
      listing = undefined;
    });
    await listing;
  }

  function noMachine(machine: string): CountRead {
    const suggestion = didYouMean(machine, codes);
    const next = `${suggestion === '' ? '; c' : ' C'}orrect the code in the rule, or set the machine up in L2L`;
    const detail = `L2L knows no machine ${machine} at site ${site}${suggestion}${next}`;
    return { ok: false, outcome: { kind: 'retry', reason: 'code', detail } };
  }

  return {
    async count(machine, signal) {
      if (unknown.has(machine)) {
        await freshList(signal);
        if (clock.now() - listedAt < LIST_GOOD_FOR && !codes.has(machine)) return noMachine(machine);
      }
      const read = await reader.read('machines/', { site, code: machine, fields: 'id,code,cyclecount' }, signal);
      if (!read.ok) return read;
      const record = read.records.find(candidate => textField(candidate, 'code') === machine);
      if (record) {
        unknown.delete(machine);
        return { ok: true, count: numberField(record, 'cyclecount') ?? 0 };
      }
      unknown.add(machine);
      await freshList(signal);
      return noMachine(machine);
    },
  };
}
