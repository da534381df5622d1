import type { Clock } from '../core/clock.ts';
import { errorMessage } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Client } from './client.ts';
import { isOpen, OPEN_FIELDS } from './dispatches.ts';
import { type L2lRecord, numberField, textField } from './envelope.ts';
import type { ReadFailure } from './outcome.ts';
import { createReader, readPages } from './reader.ts';
import { parseUtc } from './site-time.ts';

/** An episode whose rule reacts when a person closes its dispatch. */
export type WatchedEpisode = { readonly rule: string; readonly chain: string };

export type WatchOptions = {
  readonly client: Pick<Client, 'get'>;
  /** The site number (sites.site), not the record id. */
  readonly site: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Time between two reads (ms). */
  readonly every: number;
  /** The episodes that go on now. Without any, L2L is not read. */
  readonly watched: () => readonly WatchedEpisode[];
  /** Id of the dispatch of a chain; undefined: it has none yet. */
  readonly dispatchOf: (chain: string) => number | undefined;
  /**
   * A person completed, closed or deleted the dispatch at `at` (ms since 1970); null: L2L does not give the time. Every read repeats
   * this call as long as the episode is watched.
   */
  readonly onClosed: (chain: string, at: number | null) => void;
};

/** Finds out which dispatches people closed. Each time, it reads the list of the site's open dispatches once. */
export interface Watch {
  start(): void;
  stop(): void;
}

/** The most that one read of dispatches may ask for. */
const PAGES = { size: 1000, most: 10 };

type Found =
  | { readonly ok: true; readonly open: ReadonlySet<number> }
  | { readonly ok: false; readonly outcome: ReadFailure };

export function createWatch(options: WatchOptions): Watch {
  const { client, site, clock, log, watched, dispatchOf } = options;
  const reader = createReader(client, [], 'feed');
  const abort = new AbortController();
  let timer: Disposable | undefined;

  async function openIds(): Promise<Found> {
    const query = { site, open: 'T', order_by: 'id', fields: `id,${OPEN_FIELDS}` };
    const read = await readPages(reader, 'dispatches/', query, PAGES, abort.signal);
    if (!read.ok) return read;
    return { ok: true, open: new Set(read.records.filter(isOpen).flatMap(record => numberField(record, 'id') ?? [])) };
  }

  /** When one dispatch was closed. It is read by its id, because a list can be incomplete. undefined: it is open, or L2L did not answer; null: closed at an unknown time. */
  async function endOf(id: number): Promise<number | null | undefined> {
    const fields = `id,completed_utc,closed_utc,${OPEN_FIELDS}`;
    const read = await reader.read('dispatches/', { site, id, fields }, abort.signal);
    if (!read.ok) return undefined;
    const record = read.records.find(candidate => numberField(candidate, 'id') === id);
    return record && !isOpen(record) ? (endTime(record) ?? null) : undefined;
  }

  async function look(): Promise<void> {
    const ids = new Map<string, number>();
    for (const { chain } of watched()) {
      const id = dispatchOf(chain);
      if (id !== undefined) ids.set(chain, id);
    }
    if (ids.size === 0) return;
    const found = await openIds();
    if (!found.ok) {
      log.debug(
        { detail: found.outcome.detail },
        'the list of open dispatches could not be read; the gateway tries again',
      );
      return;
    }
    for (const [chain, id] of ids) {
      if (found.open.has(id)) continue;
      const at = await endOf(id);
      // The episode may have ended since, and the gateway itself closed the dispatch.
      if (at !== undefined && watched().some(episode => episode.chain === chain)) options.onClosed(chain, at);
    }
  }

  async function round(): Promise<void> {
    try {
      await look();
    } catch (error) {
      if (!abort.signal.aborted)
        log.error(
          { error: errorMessage(error) },
          'the gateway could not find out which dispatches people closed; it tries again',
        );
    }
    if (!abort.signal.aborted) arm();
  }

  function arm(): void {
    timer = clock.at(clock.now() + options.every, () => void round());
  }

  return {
    start: arm,
    stop() {
      abort.abort();
      timer?.[Symbol.dispose]();
    },
  };
}

function endTime(record: L2lRecord): number | undefined {
  return parseUtc(textField(record, 'completed_utc') ?? textField(record, 'closed_utc') ?? '');
}
