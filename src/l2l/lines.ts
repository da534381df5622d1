import { numberField, textField } from './envelope.ts';
import type { ReadFailure } from './outcome.ts';
import type { Reader } from './reader.ts';

type LineId =
  /** null: L2L has no line with this code. */
  { readonly ok: true; readonly id: number | null } | { readonly ok: false; readonly outcome: ReadFailure };

/** Record ids of lines by their code: some reads take only the id. Read once a process, as an id never changes. */
export interface LineIds {
  id(code: string, signal: AbortSignal): Promise<LineId>;
}

export function createLineIds(reader: Reader, site: number): LineIds {
  const ids = new Map<string, number>();
  return {
    async id(code, signal) {
      const known = ids.get(code);
      if (known !== undefined) return { ok: true, id: known };
      const read = await reader.read('lines/', { site, code, fields: 'id,code' }, signal);
      if (!read.ok) return read;
      const line = read.records.find(record => textField(record, 'code') === code);
      const id = numberField(line, 'id') ?? null;
      if (id !== null) ids.set(code, id);
      return { ok: true, id };
    },
  };
}
