import { StartError } from '../../core/errors.ts';
import type { HistoryQuery, HistoryReader } from '../../core/history.ts';
import { nearest } from '../../core/nearest.ts';
import { collect } from './list.ts';
import type { ConfigNames } from './source.ts';

/** Throws a StartError, with the nearest name, for a rule, machine or line that neither the config nor the journal has. */
export async function refuseUnknown(
  { reader, inConfig }: { readonly reader: HistoryReader } & ConfigNames,
  { rule, machine }: Pick<HistoryQuery, 'rule' | 'machine'>,
  signal: AbortSignal,
): Promise<void> {
  if (rule === undefined && machine === undefined) return;
  const inJournal = await reader.names();

  async function refuse(what: string, name: string, known: readonly string[], wanted: Partial<HistoryQuery>) {
    // An old action can name what nothing else names any more.
    if (known.includes(name) || (await collect(reader, wanted, 1, signal)).entries.length > 0) return;
    const near = nearest(name, known);
    const nearWords = near === undefined ? '' : `; did you mean ${near}?`;
    throw new StartError(
      inConfig === null
        ? `the journal has no ${what} ${name} (no config was named to look in)${nearWords}`
        : `neither the config nor the journal has a ${what} ${name}${nearWords}`,
    );
  }

  if (rule !== undefined) await refuse('rule', rule, [...(inConfig?.rules ?? []), ...inJournal.rules], { rule });
  if (machine !== undefined) {
    const known = [...(inConfig?.machines ?? []), ...inJournal.machines];
    await refuse('machine or line', machine, known, { machine });
  }
}
