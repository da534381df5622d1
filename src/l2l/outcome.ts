import type { Outcome, Reason, Setback } from '../core/delivery.ts';
import { type Envelope, parseEnvelope } from './envelope.ts';
import type { Exchange } from './exchange.ts';
import { isNotNow, type OwnWords, saysTimeOut } from './not-now.ts';
import { isAboutKey, isAboutRight, isAboutSignature } from './refusal-words.ts';

/** The meaning of an exchange: L2L reported success, and the kind of call reads the rest; or any other outcome. */
export type Verdict =
  | { readonly kind: 'success'; readonly envelope: Envelope; readonly answer: string }
  | Exclude<Outcome, { kind: 'delivered' | 'accepted' | 'again' }>;

/** The outcome of a failed read. A read has no effect, so it can always be repeated. */
export type ReadFailure = Setback;

type Answer = {
  readonly status: number;
  readonly body: string;
  readonly envelope: Envelope | null;
  readonly isNotNow: boolean;
};
type Row = {
  readonly when: (answer: Answer) => boolean;
  readonly means:
    | { readonly kind: 'success' | 'rejected' }
    | { readonly kind: 'retry'; readonly reason: Reason }
    | { readonly kind: 'unknown'; readonly reason: Reason }
    | { readonly kind: 'halt'; readonly reason: 'auth' };
  readonly what: string;
};

const isStatus = (from: number, to: number) => (answer: Answer) => answer.status >= from && answer.status <= to;

/** What L2L's answer to a wrong or missing signature means. */
export const BAD_SIGNATURE =
  'does not accept the signature of the call (check server, secret and calls of l2l.signed, and the clock of this host)';

const LET_THROUGH = 'ask plant IT to let this host reach L2L';

/**
 * The table: the first row that fits decides what an answer means. `retry`: the request was refused before it had any effect, so it
 * may be repeated. `unknown`: that is not certain, whatever the status suggests. A proxy answers 502 for a call that L2L carried out,
 * and L2L answers 200 for a call that it refused.
 */
const TABLE: readonly Row[] = [
  {
    when: a => a.envelope?.success === false && a.isNotNow && a.status < 500 && a.status !== 429,
    means: { kind: 'retry', reason: 'refused' },
    what: 'refused for now',
  },
  {
    when: a => isStatus(503, 503)(a) && a.envelope?.success === false && a.isNotNow && !saysTimeOut(a.envelope.words),
    means: { kind: 'retry', reason: 'refused' },
    what: 'refused for now',
  },
  {
    when: a =>
      a.envelope?.success === false && a.status < 500 && a.status !== 429 && isAboutSignature(a.envelope.words),
    means: { kind: 'halt', reason: 'auth' },
    what: BAD_SIGNATURE,
  },
  { when: isStatus(429, 429), means: { kind: 'retry', reason: 'rate_limited' }, what: 'asks to slow down' },
  {
    when: a => isStatus(401, 401)(a) && a.envelope !== null,
    means: { kind: 'halt', reason: 'auth' },
    what: 'does not accept the API key',
  },
  {
    when: a => isStatus(403, 403)(a) && a.envelope !== null,
    means: { kind: 'halt', reason: 'auth' },
    what: "does not allow this with the API key's user",
  },
  {
    when: a => a.envelope === null && (a.status === 407 || a.status === 511),
    means: { kind: 'unknown', reason: 'unreadable' },
    what: `is not L2L: a proxy or the network asks for a login, so ${LET_THROUGH} without one, or write the address of the proxy with a login under l2l.proxy`,
  },
  { when: isStatus(500, 599), means: { kind: 'unknown', reason: 'server' }, what: 'failed' },
  {
    when: isStatus(300, 399),
    means: { kind: 'unknown', reason: 'unreadable' },
    what: `points elsewhere; redirects are not followed. If that is L2L's new address, correct l2l.url; if it is a login page or a web filter, ${LET_THROUGH}`,
  },
  {
    when: a => a.envelope === null && /^\s*[{[]/.test(a.body) && !isJson(a.body),
    means: { kind: 'unknown', reason: 'unreadable' },
    what: `gave an answer that is cut or damaged; when this goes on, ${LET_THROUGH}`,
  },
  {
    when: a => a.envelope === null && isStatus(400, 499)(a),
    means: { kind: 'unknown', reason: 'unreadable' },
    what: `gave an answer that is not L2L's: something between answered, such as a web filter or a proxy; ${LET_THROUGH}`,
  },
  {
    when: a => a.envelope === null,
    means: { kind: 'unknown', reason: 'unreadable' },
    what: `gave an answer that is not L2L's: something between answered, such as a proxy or a login page, or L2L is under maintenance; when this goes on, ${LET_THROUGH}`,
  },
  { when: a => isStatus(200, 299)(a) && a.envelope?.success === true, means: { kind: 'success' }, what: 'succeeded' },
  {
    when: a => a.envelope?.success === false && isAboutKey(a.envelope.words),
    means: { kind: 'halt', reason: 'auth' },
    what: 'does not accept the API key',
  },
  {
    when: a => a.envelope?.success === false && a.status < 500 && isAboutRight(a.envelope.words),
    means: { kind: 'halt', reason: 'auth' },
    what: "does not allow this with the API key's user",
  },
  { when: a => a.envelope?.success === false, means: { kind: 'rejected' }, what: 'refused' },
  { when: () => true, means: { kind: 'unknown', reason: 'unreadable' }, what: 'contradicts itself' },
];

const LONGEST_ANSWER_KEPT = 2000;
const LONGEST_DETAIL = 500;

/** @param own What is known about L2L's words besides the gateway's own list of those that mean "not now". */
export function judge(exchange: Exchange, own: OwnWords): Verdict {
  if (exchange.kind === 'failed') {
    const { reason, detail } = exchange;
    return { kind: exchange.left ? 'unknown' : 'retry', reason, detail };
  }
  const { status, body, retryAfter, location } = exchange;
  const envelope = parseEnvelope(body);
  const refusal = envelope?.words ?? '';
  const answered = { status, body, envelope, isNotNow: isNotNow(refusal, own) };
  const row = TABLE.find(candidate => candidate.when(answered));
  if (!row) throw new Error('the last row of the outcome table fits everything');

  const answer = shorten(body, LONGEST_ANSWER_KEPT);
  if (row.means.kind === 'success' && envelope) return { kind: 'success', envelope, answer };
  if (!('reason' in row.means)) {
    const detail = shorten(refusal, LONGEST_DETAIL) || `refused without a word (HTTP ${status})`;
    return { kind: 'rejected', reason: 'refused', detail, answer };
  }
  const page = location === undefined ? firstWords(body) : `to ${location}`;
  const said = shorten(envelope ? refusal : page, LONGEST_DETAIL);
  const detail = `HTTP ${status}: the server ${row.what}${said === '' ? '' : `: ${said}`}`;
  const isTimed = row.means.kind === 'retry' && retryAfter !== undefined;
  return { ...row.means, detail, ...(isTimed ? { retryAfter } : {}) };
}

/** The outcome of a read that failed: it is repeated later, or everything halts. */
export function readFailure(verdict: Exclude<Verdict, { kind: 'success' }>): ReadFailure {
  if (verdict.kind === 'halt' || verdict.kind === 'retry') return verdict;
  const reason = verdict.kind === 'rejected' ? 'denied' : verdict.reason;
  return { kind: 'retry', reason, detail: verdict.detail };
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // It is expected that an answer is no JSON.
    return false;
  }
}

/** The text of a page without its markup. It helps a person to recognize the page of a proxy or a login. */
function firstWords(page: string): string {
  return page
    .slice(0, 10_000)
    .replaceAll(/<(script|style)[\s\S]*?<\/\1>/gi, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
