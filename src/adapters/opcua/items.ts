import { AttributeIds, MonitoringMode, TimestampsToReturn } from 'node-opcua';
import type { Point } from './point.ts';
import type { RawSession } from './session.ts';

/** Nodes in one request: what the smallest PLCs take. */
const PER_REQUEST = 100;

/** A point, its node on this server, and the number its changes come back with. */
export type Item = { readonly point: Point; readonly nodeId: string; readonly handle: number };
export type RefusedItem = { readonly item: Item; readonly status: string };

/** What the server makes of an item that it looks at less often than asked, or of which it keeps fewer changes. */
export type RevisedItem = { readonly item: Item; readonly sampling: number; readonly queue: number };
export type Monitored = {
  /** The server's numbers of the items. */
  readonly ids: ReadonlyMap<Point, number>;
  readonly refused: readonly RefusedItem[];
  readonly revised: readonly RevisedItem[];
};

/** Subscribes the items. Rejects when the server answers none at all. */
export async function monitor(session: RawSession, subscriptionId: number, items: readonly Item[]): Promise<Monitored> {
  const refused: RefusedItem[] = [];
  const revised: RevisedItem[] = [];
  const ids = new Map<Point, number>();
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
      const result = response.results?.[index];
      if (!result || result.statusCode.isNotGood()) {
        refused.push({ item, status: result?.statusCode.name ?? 'no answer' });
        continue;
      }
      const { revisedSamplingInterval: sampling, revisedQueueSize: queue } = result;
      const { point } = item;
      ids.set(point, result.monitoredItemId);
      // 0 asks for as often as the server can: whatever it makes of it is what was asked for.
      const isSlower = point.sampling > 0 && sampling > point.sampling;
      if (isSlower || queue < point.queue) revised.push({ item, sampling, queue });
    }
  }
  return { ids, refused, revised };
}

/** Gives items back; one the server has forgotten by itself is none to it. */
export async function forget(session: RawSession, subscriptionId: number, ids: readonly number[]): Promise<void> {
  for (let from = 0; from < ids.length; from += PER_REQUEST)
    await session.deleteMonitoredItems({ subscriptionId, monitoredItemIds: ids.slice(from, from + PER_REQUEST) });
}
