import { numberField, textField } from './envelope.ts';
import type { ReadFailure } from './outcome.ts';
import type { Reader } from './reader.ts';

type LineId =
  /** null: L2L has no line with this code. */
  { readonly ok: true; readonly id: number | null } | { readonly ok: false; readonly outcome: ReadFailure };

/** Record ids of lines by code, for reads that take only the id. Each is read once, because an id never changes. */
export interface LineIds {
  id(code: string, signal: AbortSignal): Promise<LineId>;
}

export function createLineIds(reader: Reader, site: number): LineIds {
  const ids = new Map<string, number>();

  /** L2L has other lines, but not this one. Or it lists no line at all: then the line may exist, and the user of the key may not see it. */
  async function noLine(code: string, signal: AbortSignal): Promise<LineId> {
    const others = await reader.read('lines/', { site, limit: 1, fields: 'id,code' }, signal);
    if (!others.ok) return others;
    if (others.records.length > 0) return { ok: true, id: null };
    const detail = `L2L lists no line of site ${site} for the user of the key, so the gateway can't look for the production of ${code}; give the user the right to read lines in L2L`;
    return { ok: false, outcome: { kind: 'retry', reason: 'code', detail } };
  }

  return {
    async id(code, signal) {
      const known = ids.get(code);
      if (known !== undefined) return { ok: true, id: known };
      const read = await reader.read('lines/', { site, code, fields: 'id,code' }, signal);
      if (!read.ok) return read;
      const line = read.records.find(record => textField(record, 'code') === code);
      const id = numberField(line, 'id') ?? null;
      if (id !== null) ids.set(code, id);
      return id === null ? noLine(code, signal) : { ok: true, id };
    },
  };
}
