import type { Absence } from '../../core/commit.ts';
import type { RuleJournal } from '../../core/rule-journal.ts';
import type { SourceState } from '../../core/sample.ts';
import type { Program } from '../program.ts';

/**
 * Since when the sources whose broker keeps messages for us are away, and how many of those messages were taken since: what may be
 * lost is judged by that, so a process that is killed in the middle must not take it along. Each answers whether anything changed.
 */
export interface Absences {
  readonly all: () => readonly Absence[];
  became(source: string, state: SourceState, at: number): boolean;
  /** A message came that the broker may have kept. */
  took(source: string): boolean;
  /** The broker kept nothing. */
  beganAnew(source: string): boolean;
}

/** Whoever was there when an earlier process ended has been away since that was last alive. */
export function createAbsences(program: Program, journal: Pick<RuleJournal, 'away' | 'lastAlive'>): Absences {
  const known = new Map(journal.away().map(absence => [absence.source, absence]));
  const away = new Map<string, Absence>();
  const keeping = new Set<string>();
  for (const { source, restorable } of program.signals.values()) {
    if (!restorable) continue;
    keeping.add(source);
    away.set(source, known.get(source) ?? { source, since: journal.lastAlive, queued: 0 });
  }

  return {
    all: () => [...away.values()],
    became(source, state, at) {
      if (state === 'connected') return away.delete(source);
      if (away.has(source) || !keeping.has(source)) return false;
      away.set(source, { source, since: at, queued: 0 });
      return true;
    },
    took(source) {
      const absence = away.get(source);
      if (!absence) return false;
      away.set(source, { ...absence, queued: absence.queued + 1 });
      return true;
    },
    beganAnew(source) {
      const absence = away.get(source);
      if (!absence || absence.queued === 0) return false;
      away.set(source, { ...absence, queued: 0 });
      return true;
    },
  };
}
