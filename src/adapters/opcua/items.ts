import { AttributeIds, MonitoringMode, TimestampsToReturn } from 'node-opcua';
import type { Point } from './point.ts';
import type { RawSession } from './session.ts';

/** Nodes in one request: what the smallest PLCs take. */
const PER_REQUEST = 100;

/** A point, its node on this server, and the number its changes come back with. */
export type Item = { readonly point: Point; readonly nodeId: string; readonly handle: number };
export type RefusedItem = { readonly item: Item; readonly status: string };

/** Subscribes the items. Resolves to those the server refuses; rejects when it answers none at all. */
export async function monitor(
  session: RawSession,
  subscriptionId: number,
  items: readonly Item[],
): Promise<readonly RefusedItem[]> {
  const refused: RefusedItem[] = [];
  for (let from = 0; from < items.length; from += PER_REQUEST) {
    const some = items.slice(from, from + PER_REQUEST);
    const response = await session.createMonitoredItems({
      subscriptionId,
      timestampsToReturn: TimestampsToReturn.Both,
      itemsToCreate: some.map(({ point, nodeId, handle }) => ({
        itemToMonitor: { nodeId, attributeId: AttributeIds.Value },
        monitoringMode: MonitoringMode.Reporting,
        requestedParameters: {
          clientHandle: handle,
          samplingInterval: point.sampling,
          queueSize: point.queue,
          discardOldest: true,
        },
      })),
    });
    for (const [index, item] of some.entries()) {
      const status = response.results?.[index]?.statusCode;
      if (!status || status.isNotGood()) refused.push({ item, status: status?.name ?? 'no answer' });
    }
  }
  return refused;
}
