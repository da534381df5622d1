/** A message that was received and is not acknowledged yet. */
type Held = { readonly packetId: number; committed: boolean };

/** PUBACK with reason "success", the same four bytes in MQTT 3.1.1 and 5. */
function puback(packetId: number): readonly number[] {
  return [0x40, 0x02, packetId >> 8, packetId & 0xff];
}

export interface Acknowledgements {
  /** Adds a received message. The returned function marks it as committed; it does nothing after `drop`. */
  hold(packetId: number): () => void;
  readonly held: number;
  /** Calls back once when fewer than `limit` messages are held; at once when that is already so. */
  whenBelow(limit: number, callback: () => void): void;
  /** The connection ended. The broker sends unacknowledged messages again. */
  drop(): void;
}

/**
 * Holds back the acknowledgements of one connection until the effects of the messages are committed [P1], and sends them in the order
 * of receipt, as MQTT demands. Those of one commit leave in one write.
 */
export function createAcknowledgements(write: (bytes: Buffer) => void): Acknowledgements {
  const queue: Held[] = [];
  let head = 0;
  let scheduled = false;
  let dropped = false;
  let waiting: { limit: number; callback: () => void }[] = [];

  const held = () => queue.length - head;

  function flush(): void {
    scheduled = false;
    if (dropped) return;
    const bytes: number[] = [];
    for (let next = queue[head]; next?.committed; next = queue[head]) {
      bytes.push(...puback(next.packetId));
      head += 1;
    }
    if (head === queue.length || head > 4096) {
      queue.splice(0, head);
      head = 0;
    }
    if (bytes.length > 0) write(Buffer.from(bytes));
    const due = waiting.filter(waiter => held() < waiter.limit);
    waiting = waiting.filter(waiter => !due.includes(waiter));
    for (const { callback } of due) callback();
  }

  return {
    get held() {
      return held();
    },
    hold(packetId) {
      const entry: Held = { packetId, committed: false };
      queue.push(entry);
      return () => {
        entry.committed = true;
        if (scheduled || dropped) return;
        scheduled = true;
        queueMicrotask(flush);
      };
    },
    whenBelow(limit, callback) {
      if (held() < limit) callback();
      else waiting.push({ limit, callback });
    },
    drop() {
      dropped = true;
      queue.length = 0;
      head = 0;
      waiting = [];
    },
  };
}
