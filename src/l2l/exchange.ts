import type { Dispatcher, Pool } from 'undici';
import type { Clock } from '../core/clock.ts';
import type { Reason } from '../core/delivery.ts';
import { errorMessage } from '../core/errors.ts';
import { formatDuration } from '../core/fields.ts';
import { redactor } from '../core/redact.ts';
import { certificateFacts, tlsCode, tlsWords } from '../core/tls-words.ts';
import { answerText } from './answer-text.ts';
import { LONGEST_PAUSE } from './budget.ts';
import type { HttpProxy } from './proxy-address.ts';

/** The outcome of one HTTP request. No text in it contains the key. */
export type Exchange =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly body: string;
      /** Milliseconds of a Retry-After header; undefined without one. */
      readonly retryAfter?: number;
      /** What time it is for the server that answered (ms since 1970, whole seconds); undefined: it does not say. */
      readonly date?: number;
      /** Where a redirect points, without its query. */
      readonly location?: string;
    }
  | {
      readonly kind: 'failed';
      /** false: not one byte of the request was written, so it had no effect. */
      readonly left: boolean;
      readonly reason: FailReason;
      readonly detail: string;
    };
type FailReason = Extract<Reason, 'network' | 'timeout' | 'reset' | 'unreadable' | 'stopped'>;

export type HttpRequest = { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: string };

export type ExchangeOptions = {
  readonly pool: Pool;
  readonly address: URL;
  readonly key: string;
  /** What no text may show, the key too. */
  readonly secrets: readonly string[];
  readonly proxy: HttpProxy | null;
  readonly userAgent: string;
  readonly timeout: number;
  readonly clock: Clock;
};

/** An answer longer than this is not read to its end: 1,000 full dispatch records are about 2 MiB. */
const LONGEST_ANSWER = 8 * 1024 * 1024;

/** Sends one request and resolves to its outcome; never rejects. */
export function createExchange({ pool, address, key, secrets, proxy, userAgent, timeout, clock }: ExchangeOptions) {
  const redact = redactorOf(secrets, proxy);
  const prefix = address.pathname.replace(/\/+$/, '');

  return (request: HttpRequest, signal: AbortSignal): Promise<Exchange> =>
    new Promise(resolve => {
      let started: Dispatcher.DispatchController | undefined;
      let isDone = false;

      function end(result: Exchange): void {
        if (isDone) return;
        isDone = true;
        timer[Symbol.dispose]();
        signal.removeEventListener('abort', onStop);
        resolve(result);
      }
      function fail(failed: FailReason, detail: string): void {
        const left = started !== undefined;
        const reason = left || failed === 'stopped' ? failed : 'network';
        end({ kind: 'failed', left, reason, detail: redact(detail) });
        started?.abort(new Error(detail));
      }
      const onStop = () => fail('stopped', 'the gateway is stopping');
      const timer = clock.at(clock.now() + timeout, () =>
        fail('timeout', `no complete answer from ${address.host} within ${formatDuration(timeout)}`),
      );
      signal.addEventListener('abort', onStop, { once: true });

      const { method, path, body } = request;
      const type = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
      const headers = {
        l2lauth: key,
        accept: 'application/json',
        'accept-encoding': 'identity',
        'user-agent': userAgent,
        ...type,
      };
      const answer = collectAnswer();
      pool.dispatch(
        { method, path: prefix + path, headers, ...(body !== undefined && { body }) },
        {
          // undici calls this right before it writes the first byte, and never for a connection that it could not open. So this shows
          // which requests were certainly not sent. A list of error codes can't.
          onRequestStart(controller) {
            // The request has failed while it waited for a connection, or undici repeats it on a new one. Neither may be sent.
            if (isDone || started) controller.abort(new Error('not to be sent'));
            else started = controller;
          },
          onResponseStart(_controller, statusCode, fields) {
            answer.status = statusCode;
            answer.coding = textOf(fields['content-encoding']);
            answer.location = locationOf(textOf(fields['location']), address);
            answer.retryAfter = retryAfterMs(textOf(fields['retry-after']), clock.now());
            answer.date = dateOf(textOf(fields['date']), textOf(fields['age']));
          },
          onResponseData(_controller, chunk) {
            if (!answer.add(chunk))
              fail('unreadable', `${address.host}: the answer is longer than ${LONGEST_ANSWER} bytes; ${WHO_ANSWERS}`);
          },
          onResponseEnd() {
            const { status, retryAfter, date, location } = answer;
            const read = answer.text();
            if ('problem' in read) {
              const detail = redact(`HTTP ${status} from ${address.host}: ${read.problem}; ${WHO_ANSWERS}`);
              end({ kind: 'failed', left: true, reason: 'unreadable', detail });
              return;
            }
            end({
              kind: 'answered',
              status,
              body: redact(read.text),
              ...(retryAfter !== undefined && { retryAfter }),
              ...(date !== undefined && { date }),
              ...(location !== undefined && { location: redact(location) }),
            });
          },
          onResponseError(_controller, error) {
            const why = tlsProblem(error, address, clock.now()) ?? httpProblem(error, address) ?? errorMessage(error);
            if (started) fail('reset', `the connection ended before the end of the answer: ${why}`);
            else fail('reset', proxy === null && isBarred(error, address) ? `${why}; ${NO_WAY}` : why);
          },
        },
      );
    });
}

/** A proxy that inspects TLS could echo the login of the gateway, too. */
function redactorOf(secrets: readonly string[], proxy: HttpProxy | null): (text: string) => string {
  const login = proxy?.login?.reveal() ?? '';
  const redacts = [...secrets, login, login.replace(/^[^:]*:/, '')].map(redactor);
  return text => redacts.reduce((clean, redact) => redact(clean), text);
}

const NO_WAY =
  'check l2l.url, and the DNS and the firewall of this host; if it reaches the internet only through a proxy, write the address of the proxy under l2l.proxy, or set HTTPS_PROXY for the gateway';
const BARRED =
  /^(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT|UND_ERR_SOCKET)$/;

/** Whether a plant's network may have kept the connection from L2L, as it does when only its proxy leads outside. */
function isBarred(error: unknown, { hostname }: URL): boolean {
  const isHere = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
  return !isHere && BARRED.test(String((error as NodeJS.ErrnoException).code));
}

const OTHERWISE =
  'otherwise a login page or a web filter answers in its place: ask plant IT to let this host reach L2L';
const WHO_ANSWERS =
  'something between the gateway and L2L may have answered or changed the answer; `curl -v` from this host shows what, and plant IT can let the host through';

/** What a broken form of HTTP means; null: the error is another one. */
function httpProblem(error: unknown, { host }: URL): string | null {
  const { code, name } = error as NodeJS.ErrnoException;
  return name === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW'
    ? `the server at ${host} does not speak HTTP as L2L does (${errorMessage(error)}); check l2l.url; ${WHO_ANSWERS}`
    : null;
}

function collectAnswer() {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    status: 0,
    retryAfter: undefined as number | undefined,
    date: undefined as number | undefined,
    location: undefined as string | undefined,
    /** The content codings, as a header names them. */
    coding: '',
    /** false: the answer is too long. */
    add(chunk: Buffer): boolean {
      size += chunk.length;
      if (size > LONGEST_ANSWER) return false;
      chunks.push(chunk);
      return true;
    },
    text() {
      return answerText(Buffer.concat(chunks), this.coding, LONGEST_ANSWER);
    },
  };
}

function tlsProblem(error: unknown, address: URL, now: number): string | null {
  const certificate = (error as { readonly cert?: object }).cert;
  const code = tlsCode(error);
  const words = tlsWords(code, certificate ? certificateFacts(certificate) : null, {
    server: 'L2L',
    url: address.origin,
    host: address.hostname,
    urlKey: 'l2l.url',
    caAdvice: 'under l2l.ca',
    nameKey: null,
    ownKey: null,
    now,
  });
  // To follow a name that a login page gives would show it the key.
  return code === 'ERR_TLS_CERT_ALTNAME_INVALID'
    ? `${words}, but only if it is a name of your L2L; ${OTHERWISE}`
    : words;
}

/** Milliseconds of a Retry-After header (seconds or an HTTP date), at most 15 minutes; undefined for any other text. */
function retryAfterMs(header: string, now: number): number | undefined {
  const text = header.trim();
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_PAUSE);
}

/** The time of a Date header. A cache in between keeps that of its copy, and says under Age how many seconds ago that was. */
function dateOf(header: string, age: string): number | undefined {
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : at + (/^\d+$/.test(age) ? Number(age) * 1000 : 0);
}

const LONGEST_LOCATION = 200;

/** The address of a redirect. Its query may hold what the request held. */
function locationOf(header: string, address: URL): string | undefined {
  const to = header === '' ? null : URL.parse(header, address.origin);
  return to ? `${to.origin}${to.pathname}`.slice(0, LONGEST_LOCATION) : undefined;
}

function textOf(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(', ') : (header ?? '');
}
