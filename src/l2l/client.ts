import { type Dispatcher, Pool } from 'undici';
import type { Clock } from '../core/clock.ts';
import type { FrozenRequest, Reason } from '../core/delivery.ts';
import { errorMessage, StartError } from '../core/errors.ts';
import { formatDuration } from '../core/fields.ts';
import { redactor } from '../core/redact.ts';
import type { Secret } from '../core/secret.ts';
import { certificateFacts, tlsCode, tlsWords } from '../core/tls-words.ts';
import { type Budget, LONGEST_PAUSE, type Priority } from './budget.ts';
import { apiPath, encodeFields, type Fields } from './form.ts';

/** What one HTTP request came to. No text in it contains the key. */
export type Exchange =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly body: string;
      /** Milliseconds of a Retry-After header; undefined without one. */
      readonly retryAfter?: number;
    }
  | {
      readonly kind: 'failed';
      /** false: not one byte of the request was written, so it had no effect. */
      readonly left: boolean;
      readonly reason: Extract<Reason, 'network' | 'timeout' | 'reset' | 'unreadable' | 'stopped'>;
      readonly detail: string;
    };

/** HTTP towards one L2L address: budget, time-out, key. Knows nothing of what the requests mean. Never rejects. */
export interface Client {
  /** Takes the budget's permit for one `post`; resolves to false when `signal` aborted first. */
  admit(signal: AbortSignal): Promise<boolean>;
  /** Sends at once: its permit was taken before. */
  post(request: FrozenRequest, signal: AbortSignal): Promise<Exchange>;
  /** `method` as in `machines/`. */
  get(method: string, query: Fields, priority: Priority, signal: AbortSignal): Promise<Exchange>;
  /** Ends the connections; requests under way come to `failed`. */
  close(): Promise<void>;
}

export type ClientOptions = {
  /** The company's address, such as `https://acme.leading2lean.com`. */
  readonly url: string;
  readonly apiKey: Secret;
  readonly budget: Budget;
  readonly clock: Clock;
  /** From the first byte of the connection to the last of the answer (ms). Default 60 s. */
  readonly timeout?: number;
  /** Connections open at the same time. Default 16. */
  readonly connections?: number;
};

const DEFAULT_TIMEOUT = 60_000;
const CONNECT_TIMEOUT = 10_000;
/** An answer longer than this is not read to its end: 1,000 full dispatch records are about 2 MiB. */
const LONGEST_ANSWER = 8 * 1024 * 1024;
/** What a header may carry; anything else would make undici quote the key in an error. */
const KEY = /^[\x21-\x7e]+$/;

type Sent = { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: string };

/** Throws StartError when address or key can't be used. Connects only when a request is made. */
export function createClient(options: ClientOptions): Client {
  const { budget, clock, timeout = DEFAULT_TIMEOUT } = options;
  const address = addressOf(options.url);
  const key = options.apiKey.reveal();
  if (!KEY.test(key)) throw new StartError('the L2L API key is empty or has characters no key has; check its secret');
  const redact = redactor(key);
  const prefix = address.pathname.replace(/\/+$/, '');
  const pool = new Pool(address.origin, {
    connections: options.connections ?? 16,
    // One request at a time on a connection, and no HTTP/2: only then an error belongs to exactly one request.
    pipelining: 1,
    allowH2: false,
    connect: { timeout: Math.min(CONNECT_TIMEOUT, timeout) },
    // One time-out for the whole exchange, below; undici's would only say the same in other words.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  function exchange(request: Sent, signal: AbortSignal): Promise<Exchange> {
    return new Promise(resolve => {
      const chunks: Buffer[] = [];
      let size = 0;
      let status = 0;
      let retryAfter: number | undefined;
      let started: Dispatcher.DispatchController | undefined;
      let done = false;

      const end = (result: Exchange) => {
        if (done) return;
        done = true;
        timer[Symbol.dispose]();
        signal.removeEventListener('abort', onStop);
        resolve(result);
      };
      const fail = (reason: Extract<Exchange, { kind: 'failed' }>['reason'], detail: string) => {
        const left = started !== undefined;
        end({
          kind: 'failed',
          left,
          reason: left || reason === 'stopped' ? reason : 'network',
          detail: redact(detail),
        });
        started?.abort(new Error(detail));
      };
      const onStop = () => fail('stopped', 'the gateway is stopping');
      const timer = clock.at(clock.now() + timeout, () =>
        fail('timeout', `no complete answer from ${address.host} within ${formatDuration(timeout)}`),
      );
      signal.addEventListener('abort', onStop, { once: true });

      pool.dispatch(
        {
          method: request.method,
          path: prefix + request.path,
          headers: {
            l2lauth: key,
            accept: 'application/json',
            ...(request.body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          },
          ...(request.body === undefined ? {} : { body: request.body }),
        },
        {
          // Called right before the first byte is written, and never for a connection that could not be made: this, not a
          // list of error codes, says what was certainly not sent.
          onRequestStart(controller) {
            // Given up while waiting for a connection, or a repeat on a new connection: neither may go out.
            if (done || started) controller.abort(new Error('not to be sent'));
            else started = controller;
          },
          onResponseStart(_controller, statusCode, headers) {
            status = statusCode;
            retryAfter = retryAfterMs(headers['retry-after'], clock.now());
          },
          onResponseData(_controller, chunk) {
            size += chunk.length;
            if (size <= LONGEST_ANSWER) chunks.push(chunk);
            else fail('unreadable', `${address.host} answered with more than ${LONGEST_ANSWER} bytes`);
          },
          onResponseEnd() {
            const body = redact(Buffer.concat(chunks, size).toString());
            end({ kind: 'answered', status, body, ...(retryAfter === undefined ? {} : { retryAfter }) });
          },
          onResponseError(_controller, error) {
            const why = tlsProblem(error) ?? errorMessage(error);
            fail('reset', started ? `the connection ended before the answer: ${why}` : why);
          },
        },
      );
    });
  }

  function tlsProblem(error: unknown): string | null {
    const certificate = (error as { readonly cert?: object }).cert;
    return tlsWords(tlsCode(error), certificate ? certificateFacts(certificate) : null, {
      server: 'L2L',
      url: address.origin,
      host: address.hostname,
      urlKey: 'l2l.url',
      caAdvice: 'in the file that NODE_EXTRA_CA_CERTS names in the environment of the gateway',
      nameKey: null,
      ownKey: null,
      now: clock.now(),
    });
  }

  async function admit(priority: Priority, signal: AbortSignal): Promise<boolean> {
    try {
      await budget.take(priority, signal);
      return true;
    } catch {
      return false; // Aborted, which is all that ends the wait early.
    }
  }

  async function perform(request: Sent, signal: AbortSignal): Promise<Exchange> {
    if (signal.aborted) return { kind: 'failed', left: false, reason: 'stopped', detail: 'the gateway is stopping' };
    const result = await exchange(request, signal);
    if (result.kind === 'answered' && result.retryAfter !== undefined) budget.pause(result.retryAfter);
    return result;
  }

  return {
    admit: signal => admit('send', signal),
    post: perform,
    async get(method, query, priority, signal) {
      const admitted = await admit(priority, signal);
      if (!admitted)
        return { kind: 'failed', left: false, reason: 'stopped', detail: 'stopped while waiting for the call budget' };
      return perform({ method: 'GET', path: `${apiPath(method)}?${encodeFields(query)}` }, signal);
    },
    close: () => pool.destroy(),
  };
}

function addressOf(url: string): URL {
  const address = URL.parse(url);
  if (!address || !/^https?:$/.test(address.protocol)) {
    throw new StartError('the L2L address can not be used; write it as https://COMPANY.leading2lean.com');
  }
  if (address.username || address.password || address.search) {
    throw new StartError(
      'the L2L address carries a user, a password or a query; write only https://COMPANY.leading2lean.com',
    );
  }
  return address;
}

/** Milliseconds of a Retry-After header (seconds or an HTTP date), at most 15 minutes; undefined when it says nothing usable. */
function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim() ?? '';
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_PAUSE);
}
