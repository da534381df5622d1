import type { Delivery } from '../core/delivery.ts';
import { createTimeNotation } from '../core/time-notation.ts';
import { version } from '../core/version.ts';
import { readAuthorities } from '../l2l/authorities.ts';
import { createBudget } from '../l2l/budget.ts';
import type { Client } from '../l2l/client.ts';
import { createDelivery, type DeliveryOptions } from '../l2l/delivery.ts';
import { proxyFor } from '../l2l/proxy-address.ts';
import { createReachability, type Reachability } from '../l2l/reachability.ts';
import { createSiteZone } from '../l2l/site-time.ts';
import type { Assembly } from './edges.ts';

export type L2l = { readonly client: Client; readonly reachability: Reachability; readonly delivery: Delivery };

export type L2lNeeds = Required<Pick<DeliveryOptions, 'chainOf' | 'memory' | 'recordedSets'>> & {
  /** L2L takes the API key. */
  readonly onGood: () => void;
};

/** Makes the budget, the connections, the check of key, site and zone, and the delivery of calls. Sends nothing to L2L yet. */
export function connectL2l(
  { loaded, edges, started }: Assembly,
  { chainOf, memory, recordedSets, onGood }: L2lNeeds,
): L2l {
  const { config, placeOf } = loaded;
  const { url, site, timezone, ...l2l } = config.l2l;
  const { gateway } = config;
  const { clock, log } = edges;
  const proxy = proxyFor(url, l2l.proxy, process.env);
  if (proxy) log.info({ url, proxy: proxy.url, from: proxy.from }, 'L2L is reached through a proxy');
  const shared = edges.openSharedBudget({ loaded, edges, started });
  const client = edges.createClient({
    url,
    apiKey: l2l.api_key,
    budget: createBudget({ clock, log, rate: l2l.rate, ...(shared && { shared }) }),
    clock,
    timeout: l2l.timeout,
    connections: l2l.concurrency,
    ...(proxy && { proxy }),
    ...(l2l.ca !== undefined && { authorities: readAuthorities(l2l.ca) }),
    userAgent: `l2l-gateway/${version()} (${gateway.name})`,
  });
  started.add('L2L connections', () => client.close());
  const reachability = createReachability({
    client,
    url,
    site,
    timezone,
    places: {
      apiKey: placeOf(['l2l', 'api_key']),
      site: placeOf(['l2l', 'site']),
      timezone: placeOf(['l2l', 'timezone']),
    },
    clock,
    log,
    iso: createTimeNotation(timezone).iso,
    onGood,
  });
  started.add('L2L reachability', () => reachability.stop());
  const delivery = createDelivery({
    client,
    site,
    user: l2l.user,
    userPlace: placeOf(['l2l', 'user']),
    zone: createSiteZone(timezone),
    clock,
    log,
    transient: l2l.transient,
    blocked: l2l.blocked,
    settle: { call: l2l.settle, batch: l2l.batch_settle },
    chainOf,
    memory,
    recordedSets,
    settings: reachability,
  });
  return { client, reachability, delivery };
}
