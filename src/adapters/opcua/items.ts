import { AttributeIds, MonitoringMode, NumericRange, TimestampsToReturn, VariableIds } from 'node-opcua';
import { errorMessage } from '../../core/errors.ts';
import type { Point } from './point.ts';
import type { RawSession } from './session.ts';

/** The most nodes in one request when the server names no limit. The smallest PLCs accept this many. */
const PER_REQUEST = 100;

/** A point, its node on this server, and the handle of its changes. */
export type Item = { readonly point: Point; readonly nodeId: string; readonly handle: number };
export type RefusedItem = { readonly item: Item; readonly status: string };

/** The settings of an item that the server samples less often than asked, or keeps in a shorter queue. */
export type RevisedItem = { readonly item: Item; readonly sampling: number; readonly queue: number };
export type Monitored = {
  /** The server's numbers of the items. */
  readonly ids: ReadonlyMap<Point, number>;
  readonly refused: readonly RefusedItem[];
  readonly revised: readonly RevisedItem[];
};

/** The monitored items of one subscription. */
export interface Items {
  /** Subscribes the items. Rejects when the server does not answer. */
  monitor(items: readonly Item[]): Promise<Monitored>;
  /** Deletes items; the server may have deleted some by itself. Rejects when the server does not answer. */
  forget(ids: readonly number[]): Promise<void>;
}

/** Statuses of a whole request that is too large: the same items in smaller requests are accepted. */
const TOO_MUCH =
  /\bBad(TooManyOperations|TooManyMonitoredItems|RequestTooLarge|ResponseTooLarge|EncodingLimitsExceeded)\b/;

/**
 * Splits its requests as the server's OperationLimits say (OPC UA part 5, 6.3.11). When a server names no limit and refuses a request as
 * too large, it gets the items in halves, and no larger request after that.
 */
export async function openItems(session: RawSession, subscriptionId: number): Promise<Items> {
  let perRequest = await readLimit(session);

  /** Sends the list in parts that the server accepts, each with `request`. `refuse` gets a single item that the server refuses. */
  async function inParts<T>(
    list: readonly T[],
    request: (part: readonly T[]) => Promise<void>,
    refuse: (one: T, status: string) => void,
  ): Promise<void> {
    for (let from = 0; from < list.length; ) {
      const part = list.slice(from, from + perRequest);
      try {
        await request(part);
      } catch (cause) {
        const status = TOO_MUCH.exec(errorMessage(cause))?.[0];
        if (status === undefined) throw cause;
        const [only] = part;
        if (part.length > 1 || only === undefined) {
          perRequest = Math.ceil(part.length / 2);
          continue;
        }
        refuse(only, status);
      }
      from += part.length;
    }
  }

  return {
    async monitor(items) {
      const refused: RefusedItem[] = [];
      const revised: RevisedItem[] = [];
      const ids = new Map<Point, number>();

      async function create(part: readonly Item[]): Promise<void> {
        const response = await session.createMonitoredItems({
          subscriptionId,
          timestampsToReturn: TimestampsToReturn.Both,
          itemsToCreate: part.map(({ point, nodeId, handle }) => ({
            itemToMonitor: {
              nodeId,
              attributeId: AttributeIds.Value,
              // One element of an array (OPC UA part 4, 7.27), so that changes of the other elements send nothing.
              ...(point.index !== undefined && { indexRange: new NumericRange(point.index) }),
            },
            monitoringMode: MonitoringMode.Reporting,
            requestedParameters: {
              clientHandle: handle,
              samplingInterval: point.sampling,
              queueSize: point.queue,
              discardOldest: true,
            },
          })),
        });
        for (const [index, item] of part.entries()) {
          const result = response.results?.[index];
          if (!result || result.statusCode.isNotGood()) {
            refused.push({ item, status: result?.statusCode.name ?? 'no answer' });
            continue;
          }
          const { revisedSamplingInterval: sampling, revisedQueueSize: queue } = result;
          const { point } = item;
          ids.set(point, result.monitoredItemId);
          // 0 asks for the server's highest rate, so any answer fits.
          const isSlower = point.sampling > 0 && sampling > point.sampling;
          if (isSlower || queue < point.queue) revised.push({ item, sampling, queue });
        }
      }

      await inParts(items, create, (item, status) => refused.push({ item, status }));
      return { ids, refused, revised };
    },
    forget: ids =>
      inParts(
        ids,
        async part => void (await session.deleteMonitoredItems({ subscriptionId, monitoredItemIds: [...part] })),
        () => {}, // an item that can't be deleted ends with its subscription
      ),
  };
}

const LIMIT_NODE = `i=${VariableIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall}`;

/** How many monitored items one request may name. A server without this node, or with a senseless value in it, gets the usual number. */
async function readLimit(session: RawSession): Promise<number> {
  try {
    const { statusCode, value } = await session.read({ nodeId: LIMIT_NODE, attributeId: AttributeIds.Value });
    const limit: unknown = value?.value;
    // 0 means no limit (OPC UA part 5, 6.3.11).
    const isLimit = statusCode.isGood() && typeof limit === 'number' && Number.isInteger(limit) && limit > 0;
    return isLimit ? Math.min(limit, PER_REQUEST) : PER_REQUEST;
  } catch {
    return PER_REQUEST; // a lost connection shows at the next request
  }
}
