import { onTestFinished } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { NO_CHAIN } from '../../src/core/delivery.ts';
import { type Logger, silentLogger } from '../../src/core/logger.ts';
import { Secret } from '../../src/core/secret.ts';
import { createBudget } from '../../src/l2l/budget.ts';
import { createClient } from '../../src/l2l/client.ts';
import { createDelivery, type DeliveryOptions } from '../../src/l2l/delivery.ts';
import { createSiteZone } from '../../src/l2l/site-time.ts';
import { API_KEY, SITE_ZONE } from './sandbox.ts';

export type TestDeliveryOptions = Partial<Omit<DeliveryOptions, 'client'>> & {
  readonly url: string;
  readonly clock: Clock;
  readonly log?: Logger;
  readonly rate?: number;
  readonly timeout?: number;
};

/** A delivery to an L2L over HTTP, assembled as the app does it. Its connections end with the test. */
export function testDelivery({
  url,
  clock,
  log = silentLogger,
  rate,
  timeout = 60_000,
  ...change
}: TestDeliveryOptions) {
  const budget = createBudget({ clock, log, rate: rate ?? null });
  const client = createClient({ url, apiKey: new Secret(API_KEY), budget, clock, timeout });
  onTestFinished(() => client.close());
  const delivery = createDelivery({
    client,
    site: 43,
    user: 'gateway',
    zone: createSiteZone(SITE_ZONE),
    clock,
    log,
    settle: { call: 0, batch: 0 },
    chainOf: () => NO_CHAIN,
    ...change,
  });
  return { client, delivery };
}
