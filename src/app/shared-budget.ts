import { randomUUID } from 'node:crypto';
import type { LoadedConfig } from '../config/load.ts';
import type { Clock } from '../core/clock.ts';
import type { Started } from '../core/lifecycle.ts';
import type { SharedBudget } from '../l2l/budget.ts';
import { openRedis } from '../queue/redis.ts';
import { createSharedBucket } from '../queue/shared-bucket.ts';

/** Gateways of a plant that share a Redis share the calls L2L allows. With a Redis of its own there is nobody to share with. */
export function sharedBudget(
  { config: { gateway, l2l } }: LoadedConfig,
  clock: Clock,
  started: Started,
): { shared?: SharedBudget } {
  if (!gateway.redis || l2l.rate === null) return {};
  const redis = openRedis(gateway.redis, 'producer', 'l2l-gateway-budget');
  started.add('budget', () => redis.disconnect());
  const { host } = new URL(l2l.url);
  const burst = Math.max(2, Math.ceil(l2l.rate * 2000));
  const key = l2l.api_key.reveal();
  // Of this life of the process: a name may be given twice.
  const name = `${gateway.name}:${randomUUID()}`;
  const shared = createSharedBucket({ redis, host, key, rate: l2l.rate, burst, gateway: name, clock });
  started.add('place in the budget', () => shared.stop());
  return { shared };
}
