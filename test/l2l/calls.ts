import type { ActionKind, ActionParams } from '../../src/actions/action.ts';
import { type Call, type ChainState, type Delivery, NO_CHAIN, type StoredAction } from '../../src/core/delivery.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { Client } from '../../src/l2l/client.ts';
import { createDelivery, type DeliveryOptions } from '../../src/l2l/delivery.ts';
import type { Exchange } from '../../src/l2l/exchange.ts';
import { encodeFields } from '../../src/l2l/form.ts';
import { createSiteZone, type SiteZone } from '../../src/l2l/site-time.ts';
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts';

export const NEVER = new AbortController().signal;
export const DENVER: SiteZone = createSiteZone('America/Denver');

/** An instant by the site's clock. */
export function at(text: string): number {
  const [instant] = DENVER.parse(text);
  if (instant === undefined) throw new Error(`${text} is no time`);
  return instant;
}

let lastId = 0;

/** A stored action as the journal would give it. */
export function stored<K extends ActionKind>(
  kind: K,
  params: ActionParams[K],
  fields: Partial<StoredAction> = {},
): StoredAction {
  lastId += 1;
  return {
    id: lastId,
    key: `rule#${lastId}:${kind}`,
    kind,
    rule: 'rule',
    lane: 'lane',
    chain: 'rule#1',
    at: 0,
    time: 'source',
    cause: { rule: 'rule', where: 'gateway.yaml:1', text: '', values: [] },
    mode: 'live',
    ...fields,
    params,
    // The signature makes kind and params belong together; the union type cannot express that.
  } as unknown as StoredAction;
}

/** Builds the call as the queue does, with the numbers that the journal would give it. */
export function frozenCall(
  delivery: Delivery,
  actions: readonly StoredAction[],
  chain: ChainState = NO_CHAIN,
  fields: Partial<Call> = {},
): Call {
  const [first] = actions;
  const freeze = delivery.freeze(actions, chain);
  if (!first || freeze.kind !== 'request') throw new Error(`nothing to send: ${JSON.stringify(freeze)}`);
  return {
    id: first.id,
    kind: first.kind,
    lanes: [first.lane],
    actions,
    request: freeze.request,
    state: 'frozen',
    attempt: 0,
    looks: 0,
    notBefore: 0,
    createdAt: first.at,
    sentAt: null,
    base: null,
    result: null,
    reason: null,
    detail: null,
    ...fields,
  };
}

export type Sent = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
};

/** An answer with L2L's envelope. */
export function answer(body: object, status = 200): Exchange {
  return { kind: 'answered', status, body: JSON.stringify(body) };
}

/** A delivery over a client whose answers the test gives; `sent` holds the requests. */
export function scripted(respond: (sent: Sent) => Exchange, options: Partial<DeliveryOptions> = {}) {
  const sent: Sent[] = [];
  const exchange = (method: Sent['method'], path: string, form: string): Promise<Exchange> => {
    const request: Sent = {
      method,
      path: path.replace('/api/1.0/', ''),
      fields: Object.fromEntries(new URLSearchParams(form)),
    };
    sent.push(request);
    return Promise.resolve(respond(request));
  };
  const client: Client = {
    admit: async () => true,
    post: ({ path, body }) => exchange('POST', path, body),
    get: (method, query) => exchange('GET', method, encodeFields(query)),
    close: () => Promise.resolve(),
  };
  const clock: VirtualClock = virtualClock(at('2026-03-02 06:05:00'));
  const delivery = createDelivery({
    settle: { call: 60_000, batch: 300_000 },
    client,
    site: 43,
    user: 'gateway',
    zone: DENVER,
    clock,
    log: silentLogger,
    chainOf: () => NO_CHAIN,
    ...options,
  });
  return { delivery, sent, clock };
}
