import { actionWords } from '../../actions/words.ts';
import type { TimeNotation } from '../../core/time-notation.ts';
import type { Journal } from '../../journal/journal.ts';

const MOST_LISTED = 50;
const MOST_EVENTS = 10;

/** The journal on the status page: its counts, its file, the newest actions that wait for a person, and the newest events. */
export function journalStatus(
  journal: Pick<Journal, 'counts' | 'unsettled' | 'events' | 'upkeep'>,
  iso: TimeNotation['iso'],
) {
  const { waiting, oldestWaitingAt, ...counts } = journal.counts();
  const unsettled = journal.unsettled(MOST_LISTED).map(action => ({
    id: action.id,
    state: action.state === 'dead' ? 'dead letter' : 'parked',
    what: actionWords(action),
    rule: action.rule,
    lane: action.lane,
    at: iso(action.at),
    settledAt: iso(action.settledAt),
    detail: action.detail,
  }));
  return {
    actionsWaiting: waiting,
    oldestActionAt: iso(oldestWaitingAt),
    ...counts,
    file: fileStatus(journal.upkeep()),
    newestUnsettled: unsettled,
    newestEvents: journal.events(MOST_EVENTS).map(event => ({ ...event, at: iso(event.at) })),
  };
}

function fileStatus(upkeep: ReturnType<Journal['upkeep']>) {
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

/** All sizes have the same unit, so that a reader can compare them. */
function megabytes(bytes: number): string {
  return `${Number((bytes / 1_000_000).toFixed(1))}MB`;
}
