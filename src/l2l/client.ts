import { Pool } from 'undici';
import type { Clock } from '../core/clock.ts';
import type { FrozenRequest } from '../core/delivery.ts';
import { StartError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { Budget, Priority } from './budget.ts';
import { createConnector } from './connector.ts';
import { createExchange, type Exchange, type HttpRequest } from './exchange.ts';
import { apiPath, encodeFields, type Fields } from './form.ts';
import type { HttpProxy } from './proxy-address.ts';
import { createSeal, type Signing } from './seal.ts';

/** HTTP with one L2L address: budget, time-out, key. It does not know what the requests mean. Its promises never reject. */
export interface Client {
  /** Waits for the budget's permit for one `post`. Resolves to false when `signal` aborts first. */
  admit(signal: AbortSignal): Promise<boolean>;
  /** Sends at once. Call `admit` before. */
  post(request: FrozenRequest, signal: AbortSignal): Promise<Exchange>;
  /** `method` as in `machines/`. */
  get(method: string, query: Fields, priority: Priority, signal: AbortSignal): Promise<Exchange>;
  /** Closes the connections. Requests under way fail. */
  close(): Promise<void>;
}

export type ClientOptions = {
  /** The company's address, such as `https://acme.leading2lean.com`. */
  readonly url: string;
  readonly apiKey: Secret;
  readonly budget: Budget;
  readonly clock: Clock;
  /** Longest time from the start of the connection to the end of the answer (ms). Default 60 s. */
  readonly timeout?: number;
  /** Connections open at the same time. Default 16. */
  readonly connections?: number;
  /** Left out: straight to L2L. */
  readonly proxy?: HttpProxy;
  /** The certificates of the authorities that may sign the one of L2L, in PEM form. Left out: those that this host knows. */
  readonly authorities?: readonly string[];
  /** Login of the user in whose name the gateway writes. Left out: the user of the key. */
  readonly realUser?: string;
  /** The calls that are signed, and how. Left out: none. */
  readonly signed?: Signing;
  /** Shows L2L's support who calls. */
  readonly userAgent?: string;
};

const DEFAULT_TIMEOUT = 60_000;
const CONNECT_TIMEOUT = 10_000;
/** How long a connection is used, and how long it may be idle although the server promises more (ms). */
const LONGEST_USE = 60_000;
const LONGEST_IDLE = 30_000;
/** The characters that a header may have. With others, undici would quote the key in an error. */
const KEY = /^[\x21-\x7e]+$/;

/** Throws a StartError when the address or the key can't be used. Connects with the first request. */
export function createClient(options: ClientOptions): Client {
  const { budget, clock, timeout = DEFAULT_TIMEOUT, proxy = null, authorities = null } = options;
  const { userAgent = 'l2l-gateway' } = options;
  const address = addressOf(options.url);
  const key = options.apiKey.reveal();
  if (!KEY.test(key)) throw new StartError('the L2L API key is empty or has characters no key has; check its secret');
  const pool = new Pool(address.origin, {
    connections: options.connections ?? 16,
    pipelining: 1,
    connect: createConnector({
      proxy,
      authorities,
      userAgent,
      timeout: Math.min(CONNECT_TIMEOUT, timeout),
      now: () => clock.now(),
    }),
    // L2L's addresses change. Each new connection asks for them again, so none is used for long.
    clientTtl: LONGEST_USE,
    // A firewall forgets an idle connection without a word. A call on it would be in doubt.
    keepAliveMaxTimeout: LONGEST_IDLE,
    // The exchange has one time-out for everything.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const secrets = [key, ...(options.signed ? [options.signed.secret.reveal()] : [])];
  const exchange = createExchange({ pool, address, key, secrets, proxy, userAgent, timeout, clock });
  const seal = createSeal({ ...options, clock });

  async function admit(priority: Priority, signal: AbortSignal): Promise<boolean> {
    try {
      await budget.take(priority, signal);
      return true;
    } catch {
      return false; // Only an abort ends the wait early.
    }
  }

  async function perform(request: HttpRequest, signal: AbortSignal): Promise<Exchange> {
    if (signal.aborted) return { kind: 'failed', left: false, reason: 'stopped', detail: 'the gateway is stopping' };
    const result = await exchange(seal(request), signal);
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
