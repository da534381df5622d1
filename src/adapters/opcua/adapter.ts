import { sleep } from '../../core/clock.ts';
import type { Sample } from '../../core/sample.ts';
import type { Adapter, AdapterOptions, SourceSink } from '../adapter.ts';
import { faultWords, refusalWords } from './fault-words.ts';
import { type Item, openItems } from './items.ts';
import { nodeText, resolveNode } from './node-ref.ts';
import { type Point, pointsOf } from './point.ts';
import { startPublishing } from './publishing.ts';
import { notificationReader } from './reader.ts';
import type { OpcuaSource } from './schema.ts';
import { type OpenSession, openSession } from './session.ts';

/** The server sends a keep-alive at least this often (ms). */
const KEEP_ALIVE = 5000;
/** A subscription without a notification for this long, or for three keep-alives, is dead (ms). */
const WATCHDOG = 15_000;
/** The server deletes a subscription without a request for this long (ms). */
const LIFETIME = 60_000;
/** How often missing nodes are tried again (ms). */
const RETRY_NODES = 60_000;

/** One session with one subscription. A short break of the connection does no harm; a lost session ends this life. */
export function opcuaAdapter(options: AdapterOptions<OpcuaSource>): Adapter {
  const { config, clock } = options;
  return {
    async run(sink, signal) {
      try {
        const open = await openSession(config, clock, signal);
        const over = new AbortController();
        try {
          await live(options, open, sink, AbortSignal.any([signal, over.signal]));
        } finally {
          over.abort();
          await open.close();
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}

/** Delivers until the subscription is lost or the signal aborts. It always rejects. */
async function live(
  { config, clock, log, name }: AdapterOptions<OpcuaSource>,
  open: OpenSession,
  sink: SourceSink,
  signal: AbortSignal,
): Promise<never> {
  const { session } = open;
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => {}); // awaited below
  const lose = (why: string) => ended.reject(new Error(`OPC UA ${config.endpoint}: ${why}`));
  open.onLost(lose);
  signal.addEventListener('abort', () => ended.reject(signal.reason), { once: true });

  const points = pointsOf(config);
  const handles = new Map(points.map((point, index) => [point, index + 1]));
  /** Points without a monitored item: the server has no such node, or no longer has it. */
  const missing = new Set(points);
  const ids = new Map<Point, number>();
  const reader = notificationReader({
    source: name,
    config,
    log,
    pointOf: handle => points[handle - 1],
    onGone: point => missing.add(point),
  });

  function deliver(refused: readonly Sample[]): void {
    const now = clock.now();
    const samples = refused.filter(reader.isNews);
    if (samples.length > 0) sink.samples({ at: now, receivedAt: now, time: 'received', samples });
  }

  /** Subscribes the missing points. A point that can't be subscribed stays missing and is reported as bad. */
  async function subscribe(): Promise<void> {
    const wanted = [...missing];
    const namespaces = await session.readNamespaceArray();
    await items.forget(wanted.flatMap(point => ids.get(point) ?? []));
    const bad: Sample[] = [];
    const found: Item[] = [];
    for (const point of wanted) {
      ids.delete(point);
      const nodeId = resolveNode(point.node, namespaces);
      if (nodeId === undefined) {
        bad.push(
          reader.refuse(
            point,
            `the server has no namespace of ${nodeText(point.node)}; it has ${namespaces.join(', ')}`,
          ),
        );
      } else {
        found.push({ point, nodeId, handle: handles.get(point) ?? 0 });
      }
    }
    const { ids: made, refused, revised } = await items.monitor(found);
    reader.noteRevised(revised);
    for (const [point, id] of made) {
      ids.set(point, id);
      missing.delete(point);
    }
    for (const { item, status } of refused) bad.push(reader.refuse(item.point, refusalWords(item.point, status)));
    if (!signal.aborted) deliver(bad);
  }

  const keepAliveCount = Math.max(3, Math.round(KEEP_ALIVE / config.publishing));
  const subscription = await asked(
    session.createSubscription({
      requestedPublishingInterval: config.publishing,
      requestedMaxKeepAliveCount: keepAliveCount,
      requestedLifetimeCount: Math.max(3 * keepAliveCount, Math.round(LIFETIME / config.publishing)),
      maxNotificationsPerPublish: 0,
      publishingEnabled: true,
      priority: 1,
    }),
  );
  const items = await asked(openItems(session, subscription.subscriptionId));
  await asked(subscribe());
  signal.throwIfAborted();
  sink.connected();
  const publishing = startPublishing({
    session,
    subscriptionId: subscription.subscriptionId,
    watchdog: Math.max(WATCHDOG, 3 * subscription.revisedMaxKeepAliveCount * subscription.revisedPublishingInterval),
    clock,
    onMessage(message) {
      for (const batch of reader.batches(message, clock.now())) sink.samples(batch);
      const why = reader.ended(message);
      if (why !== undefined) lose(`the server ended the subscription: ${why}`);
    },
    onLost: lose,
  });
  open.onRestored(() => void publishing.resume());

  async function retryMissing(): Promise<never> {
    for (;;) {
      await sleep(clock, RETRY_NODES, signal);
      if (missing.size > 0) await subscribe();
    }
  }

  try {
    return await Promise.race([ended.promise, asked(retryMissing())]);
  } finally {
    publishing.stop();
  }

  /** The answer of a request, unless this life ends before. A refusal has its reason in words. */
  async function asked<T>(answer: Promise<T>): Promise<T> {
    answer.catch(() => {}); // this life may have ended first
    try {
      return await Promise.race([answer, ended.promise]);
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (cause instanceof Error && cause.message.startsWith('OPC UA ')) throw cause;
      throw new Error(`OPC UA ${config.endpoint}: ${faultWords(cause, config)}`);
    }
  }
}
