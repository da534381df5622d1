import { actionWords } from '../../actions/words.ts';
import type { Journal } from '../../journal/journal.ts';
import { type Iso, isoOrNull } from './page-time.ts';

const MOST_LISTED = 50;
const MOST_EVENTS = 10;

/** The journal's part of the status page, with what a person has to see to, and what happened to it last. */
export function journalStatus(journal: Pick<Journal, 'counts' | 'unsettled' | 'events' | 'upkeep'>, iso: Iso): object {
  const { waiting, oldestWaitingAt, ...counts } = journal.counts();
  const unsettled = journal.unsettled(MOST_LISTED).map(action => ({
    id: action.id,
    state: action.state === 'dead' ? 'dead letter' : 'parked',
    what: actionWords(action),
    rule: action.rule,
    lane: action.lane,
    at: iso(action.at),
    settledAt: isoOrNull(action.settledAt, iso),
    detail: action.detail,
  }));
  return {
    actionsWaiting: waiting,
    oldestActionAt: isoOrNull(oldestWaitingAt, iso),
    ...counts,
    file: fileStatus(journal.upkeep()),
    newestUnsettled: unsettled,
    newestEvents: journal.events(MOST_EVENTS).map(event => ({ ...event, at: iso(event.at) })),
  };
}

function fileStatus(upkeep: ReturnType<Journal['upkeep']>): object | null {
  if (!upkeep) return null;
  const { used, wal, maxSize, check, problem } = upkeep;
  return {
    used: megabytes(used),
    writeAheadLog: megabytes(wal),
    maxSize: megabytes(maxSize),
    check: typeof check === 'string' ? check : `damaged: ${check.damaged}`,
    problem,
  };
}

/** All sizes in one unit, so that they can be compared. */
function megabytes(bytes: number): string {
  return `${Number((bytes / 1_000_000).toFixed(1))}MB`;
}
