import { hash } from 'node:crypto';
import type { SourceSink } from '../adapter.ts';
import type { Message } from './connection.ts';
import type { Life } from './life.ts';
import type { SourceMemory } from './source-memory.ts';

/** Delivers one message as one batch. It is acknowledged after its effects are committed [P1]. */
export function takeMessage(memory: SourceMemory, life: Life, sink: SourceSink, message: Message): void {
  const { topic, payload, retained, receipt } = message;
  const { queue } = life;
  const acknowledged = queue?.message(receipt !== null);
  let counted: (() => void) | undefined;
  /** Only messages with an acknowledgement are queued at the broker; the others overtake them. */
  const mayBeQueued = receipt !== null && !retained;
  const count = () => {
    if (mayBeQueued) counted = memory.absence.came();
  };
  const acknowledge = () => {
    receipt?.committed();
    acknowledged?.();
    counted?.();
  };
  const reading = memory.reader.read(topic, payload);
  if (!reading) {
    count();
    if (receipt) acknowledge();
    noteUnread(memory, topic);
    return;
  }
  memory.qos0.note(topic, reading.samples, receipt !== null);
  const receivedAt = memory.options.clock.now();
  const isQueued = () => queue?.reading === true && !retained;
  const at = memory.eventTimes.of(reading.time, {
    topic,
    receivedAt,
    queued: isQueued(),
    lastCommit: life.committedBefore,
  });
  if (at !== undefined) memory.ahead = Math.max(memory.ahead, at - receivedAt);
  if (at !== undefined && mayBeQueued) queue?.made(at, receivedAt, memory.ahead);
  count();
  const queued = isQueued();
  // After a power cut, a broker sends its saved messages without DUP, because it does not know any more that it sent them [M2]. A message
  // with its own time, the same bytes and the same packet id is the same event. Without a time it may be another event.
  const isDated = reading.time !== undefined && 'at' in reading.time;
  if (mayBeQueued && at !== undefined && at <= life.openedAt) life.queuedUntil = Math.max(life.queuedUntil, at);
  sink.samples({
    at: at ?? receivedAt,
    receivedAt,
    time: at === undefined ? 'received' : 'source',
    samples: at === undefined ? reading.samples : reading.samples.map(sample => ({ ...sample, sourceAt: at })),
    ...(retained && { retained }),
    ...(receipt && {
      receipt: {
        packetId: receipt.packetId,
        hash: hash('sha256', Buffer.concat([Buffer.from(`${topic}\0`), payload]), 'base64url'),
        duplicate: receipt.duplicate || (queued && isDated),
        committed: () => {
          if (!queued) memory.lastCommit = receivedAt;
          acknowledge();
        },
      },
    }),
  });
}

function noteUnread({ unread, options }: SourceMemory, topic: string): void {
  if (unread.has(topic) || unread.size >= 100) return;
  unread.add(topic);
  options.log.info(
    { topic },
    'no signal reads this topic; it is left over from an earlier subscription of this client_id',
  );
}
