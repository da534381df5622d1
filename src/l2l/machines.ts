import { numberField, textField } from './envelope.ts';
import type { ReadFailure } from './outcome.ts';
import type { Reader } from './reader.ts';

type CountRead = { readonly ok: true; readonly count: number } | { readonly ok: false; readonly outcome: ReadFailure };

/** A machine's cycle count as L2L has it now; a machine that never had one stands at 0. */
export async function readCycleCount(
  reader: Reader,
  site: number,
  machine: string,
  signal: AbortSignal,
): Promise<CountRead> {
  const read = await reader.read('machines/', { site, code: machine, fields: 'id,code,cyclecount' }, signal);
  if (!read.ok) return read;
  const record = read.records.find(candidate => textField(candidate, 'code') === machine);
  if (record) return { ok: true, count: numberField(record, 'cyclecount') ?? 0 };
  const detail = `L2L knows no machine ${machine} at site ${site}; correct the code in the rule or set the machine up in L2L`;
  return { ok: false, outcome: { kind: 'retry', reason: 'refused', detail } };
}
