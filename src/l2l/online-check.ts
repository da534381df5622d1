import { type Clock, sleep } from '../core/clock.ts';
import { formatSeconds } from '../core/fields.ts';
import {
  type CheckResult,
  type CheckRow,
  CODE_SUBJECTS,
  type CodeSubject,
  type SentCode,
} from '../core/online-check.ts';
import type { Priority } from './budget.ts';
import type { Client } from './client.ts';
import { CODE_AREAS, isFalse, isTrue } from './code-areas.ts';
import { compareCodes } from './compare-codes.ts';
import { recordsOf, textField } from './envelope.ts';
import { judge, type ReadFailure } from './outcome.ts';
import { createReader, type Reader } from './reader.ts';
import { checkSite, type Finding, type SiteCheckOptions } from './site-check.ts';

export type OnlineCheckOptions = Omit<SiteCheckOptions, 'now'> & {
  readonly client: Pick<Client, 'get'>;
  readonly clock: Clock;
  /** Parts of the texts with which this L2L refuses for the moment. */
  readonly transient: readonly string[];
  /** How an OnlineCheck names this L2L. */
  readonly destination: string;
  readonly codes: readonly SentCode[];
};

/** The queue sends first. */
const PRIORITY: Priority = 'feed';
/** A larger difference between the clocks of this host and of L2L makes times wrong (ms). */
const CLOCK_TOLERANCE = 30_000;
/** A read that L2L refuses for the moment is repeated so often, after such a pause (ms). */
const READ_AGAIN = 3;
const PAUSE = 5000;

/** A login page has a clock of its own. */
const SAID_BY_L2L: ReadonlySet<string> = new Set(['success', 'rejected', 'halt']);

/**
 * Asks L2L about everything that a config says about it. The reads follow one another, with the lowest priority. A read that L2L does not
 * allow makes rows "unchecked".
 */
export async function checkOnline(options: OnlineCheckOptions, signal: AbortSignal): Promise<CheckResult> {
  const { clock, codes, destination, timezone } = options;
  const site = String(options.site);
  const at = clock.now();
  const checked = (rows: readonly CheckRow[]): CheckResult => ({ kind: 'checked', check: { at, destination, rows } });
  const uncheckedCodes = (words: string) => codes.map(({ what, code }) => row(what, code, 'unchecked', words));

  const finding = await checkSite({ ...options, now: () => clock.now() }, signal);
  const isKeyWrong = finding.kind === 'key';
  if (finding.kind === 'key' || finding.kind === 'site') {
    const words = isKeyWrong ? 'L2L does not take the API key' : 'L2L does not have the site';
    return checked([
      ...(isKeyWrong
        ? [row('api key', '', 'wrong', finding.detail), row('site', site, 'unchecked', words)]
        : [row('api key', '', 'good'), row('site', site, 'wrong', finding.detail)]),
      row('time zone', timezone, 'unchecked', words),
      ...uncheckedCodes(words),
    ]);
  }
  if (finding.kind !== 'good' && finding.kind !== 'zone' && finding.kind !== 'unchecked')
    return { kind: 'no answer', detail: 'detail' in finding ? finding.detail : 'L2L asks to slow down' };

  const rows = [row('api key', '', 'good'), ...(await siteRows(options, finding, signal))];
  const reader = patient(createReader(options.client, options.transient, PRIORITY), clock);
  for (const what of CODE_SUBJECTS) {
    const sent = codes.filter(one => one.what === what);
    if (sent.length === 0) continue;
    const compared = await compareCodes(reader, options.site, what, sent, signal);
    if (compared.ok) rows.push(...compared.rows);
    else if (isAway(compared.outcome)) return { kind: 'no answer', detail: compared.outcome.detail };
    else rows.push(...sent.map(({ code }) => row(what, code, 'unchecked', uncheckedWords(what, compared.outcome))));
  }
  return checked(rows);
}

function row(what: CheckRow['what'], code: string, state: CheckRow['state'], words = ''): CheckRow {
  return { what, code, state, words };
}

/** The site as such, its zone, and the clock of L2L. */
async function siteRows(
  { client, site, timezone, clock, transient }: OnlineCheckOptions,
  finding: Finding,
  signal: AbortSignal,
): Promise<readonly CheckRow[]> {
  const before = clock.now();
  const fields = 'site,description,active,test_site';
  const exchange = await client.get('sites/', { site, limit: 10, fields }, PRIORITY, signal);
  const half = (clock.now() - before) / 2;
  const verdict = judge(exchange, { transient });
  const found = verdict.kind === 'success' ? recordsOf(verdict.envelope) : [];
  const record = found.find(one => textField(one, 'site') === String(site));
  const detail = 'detail' in finding ? finding.detail : '';
  const zone = ({ good: 'good', zone: 'wrong' } as const)[finding.kind as string] ?? 'unchecked';
  const date = exchange.kind === 'answered' && SAID_BY_L2L.has(verdict.kind) ? exchange.date : undefined;
  return [
    ...(record
      ? [siteRow(site, record)]
      : [row('site', String(site), finding.kind === 'unchecked' ? 'unchecked' : 'good', detail)]),
    row('time zone', timezone, zone, detail),
    ...(date === undefined ? [] : [clockRow(before + half - (date + 500))]),
  ];
}

function siteRow(site: number, record: Readonly<Record<string, unknown>>): CheckRow {
  if (isFalse(record.active)) return row('site', String(site), 'wrong', 'not active in L2L; activate it there');
  const name = textField(record, 'description');
  const words = [...(name === undefined ? [] : [`"${name}"`]), ...(isTrue(record.test_site) ? ['a test site'] : [])];
  return row('site', String(site), 'good', words.join(', '));
}

/** `ahead`: how far the clock of this host is ahead of L2L's (ms). L2L gives whole seconds. */
function clockRow(ahead: number): CheckRow {
  const off = Math.abs(ahead);
  if (off < 2000) return row('clock', '', 'good', 'as the clock of L2L');
  const words = `this host is ${formatSeconds(off)} ${ahead > 0 ? 'ahead of' : 'behind'} L2L`;
  if (off <= CLOCK_TOLERANCE) return row('clock', '', 'good', words);
  return row('clock', '', 'wrong', `${words}; set the clock of this host (NTP), because L2L gets its times`);
}

/** Repeats a read that L2L refuses for the moment. The budget keeps the pause that L2L asks for. */
function patient(reader: Reader, clock: Clock): Reader {
  return {
    async read(method, query, signal) {
      let read = await reader.read(method, query, signal);
      for (let again = 0; again < READ_AGAIN && !read.ok && isNotNow(read.outcome) && !signal.aborted; again += 1) {
        // An abort ends the wait, and the next read says so.
        await sleep(clock, PAUSE, signal).catch(() => undefined);
        read = await reader.read(method, query, signal);
      }
      return read;
    },
  };
}

function isNotNow({ kind, reason }: ReadFailure): boolean {
  return kind === 'retry' && (reason === 'rate_limited' || reason === 'refused');
}

/** Nothing more can be asked now. */
function isAway(outcome: ReadFailure): boolean {
  return outcome.reason === 'network' || outcome.reason === 'stopped' || isNotNow(outcome);
}

function uncheckedWords(what: CodeSubject, { kind, reason, detail }: ReadFailure): string {
  const area = `/${CODE_AREAS[what].method}`;
  if (kind === 'halt') return `the key lacks the right to read ${area}; give its user this right in L2L (${detail})`;
  return reason === 'denied'
    ? `L2L refuses to read ${area}, so the key may lack this right: ${detail}`
    : `reading ${area} failed: ${detail}`;
}
