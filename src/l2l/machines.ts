import type { Clock } from '../core/clock.ts';
import { didYouMean } from '../core/nearest.ts';
import { numberField, textField } from './envelope.ts';
import type { ReadFailure } from './outcome.ts';
import type { Reader } from './reader.ts';

type CountRead = { readonly ok: true; readonly count: number } | { readonly ok: false; readonly outcome: ReadFailure };

/** The machines of the site, as far as counting needs them. */
export interface Machines {
  /** A machine's cycle count as L2L has it now; a machine that never had one stands at 0. */
  count(machine: string, signal: AbortSignal): Promise<CountRead>;
}

/** The list of all codes is good for so long (ms): however many rules name unknown machines, L2L is asked once a minute for them. */
const LIST_GOOD_FOR = 60_000;
const PAGE = 2000;
const MOST_PAGES = 10;

export function createMachines(reader: Reader, site: number, clock: Clock): Machines {
  const unknown = new Set<string>();
  let codes: ReadonlySet<string> = new Set();
  let listedAt = Number.NEGATIVE_INFINITY;
  let listing: Promise<void> | undefined;

  /** Leaves the list as it was when L2L does not give it: it only saves questions, and helps to name what was meant. */
  async function list(signal: AbortSignal): Promise<void> {
    const found = new Set<string>();
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const range = { limit: PAGE, offset: page * PAGE, fields: 'code' };
      const read = await reader.read('machines/', { site, ...range }, signal);
      if (!read.ok) return;
      for (const record of read.records) found.add(textField(record, 'code') ?? '');
      if (read.records.length < PAGE) break;
    }
    codes = found;
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
    const meant = didYouMean(machine, codes);
    const next = `${meant === '' ? '; c' : ' C'}orrect the code in the rule, or set the machine up in L2L`;
    const detail = `L2L knows no machine ${machine} at site ${site}${meant}${next}`;
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
