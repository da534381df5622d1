import { type Compared, type PlacedRow, saidAbout } from '../../config/compared.ts';
import type { OnlineCheck } from '../../core/online-check.ts';
import type { IsoTime, TimeNotation } from '../../core/time-notation.ts';

type ShownRow = { readonly what: string; readonly code: string; readonly where: string | null; readonly words: string };

/** What L2L said about the config. `at` null: it was not asked yet. */
export type OnlineStatus = {
  readonly at: IsoTime | null;
  /** How many settings and codes are as L2L has them. */
  readonly good: number;
  readonly wrong: readonly ShownRow[];
  readonly unchecked: readonly ShownRow[];
};

export function onlineStatus(check: OnlineCheck | null, compared: Compared, iso: TimeNotation['iso']): OnlineStatus {
  const { rows } = saidAbout(check?.rows ?? [], compared);
  const shown = (state: PlacedRow['state']) => rows.filter(row => row.state === state).map(shownRow);
  return {
    at: iso(check?.at ?? null),
    good: rows.filter(({ state }) => state === 'good').length,
    wrong: shown('wrong'),
    unchecked: shown('unchecked'),
  };
}

function shownRow({ what, code, place, words }: PlacedRow): ShownRow {
  return { what, code, where: place && `${place.file}:${place.line}:${place.column}`, words };
}
