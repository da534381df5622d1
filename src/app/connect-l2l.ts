import { destinationOf } from '../config/journal-place.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Clock } from '../core/clock.ts';
import type { Delivery } from '../core/delivery.ts';
import type { Logger } from '../core/logger.ts';
import { createTimeNotation } from '../core/time-notation.ts';
import { version } from '../core/version.ts';
import { readAuthorities } from '../l2l/authorities.ts';
import { createBudget, type SharedBudget } from '../l2l/budget.ts';
import type { Client, ClientOptions } from '../l2l/client.ts';
import { createDelivery, type DeliveryOptions } from '../l2l/delivery.ts';
import type { OnlineCheckOptions } from '../l2l/online-check.ts';
import { proxyFor } from '../l2l/proxy-address.ts';
import { createReachability, type Reachability } from '../l2l/reachability.ts';
import type { SiteCheckOptions } from '../l2l/site-check.ts';
import { createSiteZone } from '../l2l/site-time.ts';
import type { Assembly } from './edges.ts';

export type L2l = { readonly client: Client; readonly reachability: Reachability; readonly delivery: Delivery };

export type L2lNeeds = Required<Pick<DeliveryOptions, 'chainOf' | 'memory' | 'recordedSets'>> & {
  /** L2L takes the API key. */
  readonly onGood: () => void;
};

/** How L2L is reached. */
export function clientOptions(
  { config: { gateway, l2l } }: LoadedConfig,
  clock: Clock,
  log: Logger,
  shared: SharedBudget | null,
): ClientOptions {
  const proxy = proxyFor(l2l.url, l2l.proxy, process.env);
  if (proxy) log.info({ url: l2l.url, proxy: proxy.url, from: proxy.from }, 'L2L is reached through a proxy');
  return {
    url: l2l.url,
    apiKey: l2l.api_key,
    budget: createBudget({ clock, log, rate: l2l.rate, ...(shared && { shared }) }),
    clock,
    timeout: l2l.timeout,
    connections: l2l.concurrency,
    ...(l2l.real_user !== undefined && { realUser: l2l.real_user }),
    ...(l2l.signed && { signed: l2l.signed }),
    ...(proxy && { proxy }),
    ...(l2l.ca !== undefined && { authorities: readAuthorities(l2l.ca) }),
    userAgent: `l2l-gateway/${version()} (${gateway.name})`,
  };
}

/** The settings that are checked before each call. */
function aboutSite({ config: { l2l }, placeOf }: LoadedConfig): Omit<SiteCheckOptions, 'client' | 'now'> {
  const [apiKey, site, timezone] = ['api_key', 'site', 'timezone'].map(key => placeOf(['l2l', key])) as [
    string,
    string,
    string,
  ];
  return { site: l2l.site, timezone: l2l.timezone, places: { apiKey, site, timezone } };
}

/** What a comparison of the config with L2L needs. */
export function onlineOptions(loaded: LoadedConfig, client: Client, clock: Clock): OnlineCheckOptions {
  const { l2l } = loaded.config;
  const { transient } = l2l;
  return {
    client,
    ...aboutSite(loaded),
    clock,
    transient,
    destination: destinationOf(l2l),
    codes: loaded.compared.codes,
  };
}

/** Makes the budget, the connections, the check of key, site and zone, and the delivery of calls. Sends nothing to L2L yet. */
export function connectL2l(
  { loaded, edges, started }: Assembly,
  { chainOf, memory, recordedSets, onGood }: L2lNeeds,
): L2l {
  const { config, placeOf } = loaded;
  const { url, site, timezone, ...l2l } = config.l2l;
  const { clock, log } = edges;
  const shared = edges.openSharedBudget({ loaded, edges, started });
  const client = edges.createClient(clientOptions(loaded, clock, log, shared));
  started.add('L2L connections', () => client.close());
  const reachability = createReachability({
    client,
    url,
    ...aboutSite(loaded),
    clock,
    log,
    iso: createTimeNotation(timezone).iso,
    reads: l2l.reads,
    onGood,
  });
  started.add('L2L reachability', () => reachability.stop());
  const delivery = createDelivery({
    client,
    site,
    user: l2l.user,
    userPlace: placeOf(['l2l', 'user']),
    ...(l2l.real_user !== undefined && { realUserPlace: placeOf(['l2l', 'real_user']) }),
    zone: createSiteZone(timezone),
    clock,
    log,
    transient: l2l.transient,
    blocked: l2l.blocked,
    settle: { call: l2l.settle, batch: l2l.batch_settle },
    chainOf,
    memory,
    recordedSets,
    reads: l2l.reads,
    settings: reachability,
  });
  return { client, reachability, delivery };
}
