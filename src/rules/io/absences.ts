import type { Absence } from '../../core/commit.ts';
import type { RuleJournal } from '../../core/rule-journal.ts';
import type { SourceState } from '../../core/sample.ts';
import type { Program } from '../program.ts';

/**
 * For each source whose broker keeps messages: since when the source is away, and how many kept messages were taken since. The
 * journal holds this over a kill, because it decides whether messages may be lost. Each method returns whether anything changed.
 */
export interface Absences {
  readonly all: () => readonly Absence[];
  became(source: string, state: SourceState, at: number): boolean;
  /** A message came that the broker may have queued. */
  took(source: string): boolean;
  /** The broker kept no session. */
  beganAnew(source: string): boolean;
}

/** Sources that were connected when the earlier process ended have been away since it was last alive. */
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
