import { type Compared, type PlacedRow, saidAbout } from '../config/compared.ts';
import type { Clock } from '../core/clock.ts';
import { errorMessage } from '../core/errors.ts';
import { backoff } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';
import { type CheckFile, type CheckResult, type OnlineCheck, rowKey } from '../core/online-check.ts';

export type OnlineChecksOptions = {
  readonly check: (signal: AbortSignal) => Promise<CheckResult>;
  /** Resolves when L2L has said something about the settings, or could not. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly file: CheckFile;
  readonly compared: Compared;
  /** As an OnlineCheck names it. */
  readonly destination: string;
  readonly clock: Clock;
  readonly log: Logger;
};

/** Compares the config with L2L again and again while the gateway runs. It holds up nothing, and ends nothing. */
export interface OnlineChecks {
  start(): void;
  /** The last result; null: there is none yet. */
  last(): OnlineCheck | null;
  stop(): void;
}

/** Time between two checks (ms). */
const EVERY = 6 * 3_600_000;
/** While L2L gives no answer, or does not take the key or the site: the first pause, and the longest. */
const FIRST_AGAIN = 30_000;
const LONGEST_AGAIN = 10 * 60_000;
/** So many findings have a line of the log each. */
const MOST_LINES = 20;

export function createOnlineChecks(options: OnlineChecksOptions): OnlineChecks {
  const { file, compared, clock, log } = options;
  const abort = new AbortController();
  const kept = file.read();
  let last = kept?.destination === options.destination ? kept : null;
  /** What the log has said. */
  let wrong = new Map(last ? wrongIn(last).map(row => [rowKey(row), row]) : []);
  let unchecked = last ? uncheckedIn(last) : new Set<string>();
  let summed = '';
  let failures = 0;
  let timer: Disposable | undefined;

  function wrongIn(check: OnlineCheck): readonly PlacedRow[] {
    // The check of key and zone before each call says these itself.
    const isSaid = ({ what }: PlacedRow) => what === 'api key' || what === 'time zone';
    return saidAbout(check.rows, compared).rows.filter(row => row.state === 'wrong' && !isSaid(row));
  }

  function uncheckedIn(check: OnlineCheck): Set<string> {
    if (isBarred(check)) return new Set();
    const rows = saidAbout(check.rows, compared).rows.filter(({ state }) => state === 'unchecked');
    return new Set(rows.map(({ what, words }) => `${what}: ${words}`));
  }

  /** Each finding has one line when it comes, and one when it is gone. */
  function notify(check: OnlineCheck): void {
    const now = new Map(wrongIn(check).map(row => [rowKey(row), row]));
    const found = [...now.values()].filter(row => wrong.get(rowKey(row))?.words !== row.words);
    for (const { what, code, words, place } of found.slice(0, MOST_LINES)) {
      log.warn(
        { ...at(place), what, ...(code !== '' && { code }), detail: words },
        'L2L does not agree with the config',
      );
    }
    if (found.length > MOST_LINES)
      log.warn(
        { more: found.length - MOST_LINES },
        'L2L does not agree with more of the config; see /status or `check`',
      );
    const isGood = new Set(check.rows.filter(({ state }) => state === 'good').map(rowKey));
    for (const [key, { what, code }] of wrong) {
      if (isGood.has(key))
        log.info({ what, ...(code !== '' && { code }) }, 'L2L agrees with this part of the config now');
      // What could not be compared this time may still be wrong.
      else if (!now.has(key) && check.rows.some(row => rowKey(row) === key)) now.set(key, wrong.get(key) as PlacedRow);
    }
    wrong = now;
    const words = uncheckedIn(check);
    for (const detail of [...words].filter(one => !unchecked.has(one)))
      log.info({ detail }, 'a part of the config could not be compared with L2L');
    unchecked = words;
    const sum = `${compared.codes.length} ${wrong.size} ${words.size}`;
    if (sum !== summed)
      log.info({ codes: compared.codes.length, wrong: wrong.size }, 'the config is compared with L2L');
    summed = sum;
  }

  /** Resolves to the time until the next check (ms). */
  async function look(): Promise<number> {
    await options.ready(abort.signal);
    if (abort.signal.aborted) return EVERY;
    const result = await options.check(abort.signal);
    if (abort.signal.aborted) return EVERY;
    if (result.kind === 'no answer') {
      log.debug({ detail: result.detail }, 'L2L could not be asked about the config; the gateway tries again');
      return again();
    }
    const { check } = result;
    last = check;
    notify(check);
    const problem = file.write(check);
    if (problem !== null) log.debug({ error: problem }, 'the result of the comparison with L2L could not be kept');
    if (isBarred(check)) return again();
    failures = 0;
    return EVERY;
  }

  function again(): number {
    failures += 1;
    return backoff(failures, FIRST_AGAIN, LONGEST_AGAIN, 1);
  }

  async function round(): Promise<void> {
    let wait = EVERY;
    try {
      wait = await look();
    } catch (error) {
      // A comparison is a help. Its error must not end the gateway.
      log.error({ error: errorMessage(error) }, 'the config could not be compared with L2L; the gateway tries again');
    }
    if (!abort.signal.aborted) timer = clock.at(clock.now() + wait, () => void round());
  }

  return {
    start: () => void round(),
    last: () => last,
    stop() {
      abort.abort();
      timer?.[Symbol.dispose]();
    },
  };
}

/** L2L says nothing about the codes. */
function isBarred({ rows }: OnlineCheck): boolean {
  return rows.some(({ what, state }) => (what === 'api key' || what === 'site') && state === 'wrong');
}

function at(place: PlacedRow['place']): { readonly at?: string } {
  return place === null ? {} : { at: `${place.file}:${place.line}:${place.column}` };
}
