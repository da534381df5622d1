/**
 * Publishes the values of the machines with QoS 1, at a fixed rate or as fast as the broker accepts them. Notes when it wrote each message
 * to the socket. Argument: broker URL.
 */
import mqtt from 'mqtt';
import { machineName } from './signal-plant.ts';
import { monotonic } from './statistics.ts';

export type PublisherAsk = {
  /** First part of the topics; it decides who receives the messages. */
  readonly prefix: string;
  readonly machines: number;
  readonly messages: number;
  /** Messages a second; null: as fast as the broker accepts them. */
  readonly rate: number | null;
  /** edge: 1 and 0 in turn; count: one more each time; fields: JSON with this many numbers, all of them new each time. */
  readonly payload: 'edge' | 'count' | { readonly fields: number };
};

export type PublisherAnswer = {
  /** When each message was published (monotonic ms), by machine, in order. */
  readonly sent: ReadonlyMap<string, readonly number[]>;
};

/** How many messages may wait for the broker's acknowledgement. */
const MOST_IN_FLIGHT = 1000;
const PAUSE = 1;

const client = await mqtt.connectAsync(process.argv[2] ?? '', {
  clientId: 'bench-publisher',
  clean: true,
  protocolVersion: 5,
});
const published = new Map<string, number>();

function payloadOf(ask: PublisherAsk, topic: string): string {
  const times = (published.get(topic) ?? 0) + 1;
  published.set(topic, times);
  if (ask.payload === 'edge') return String(times % 2);
  if (ask.payload === 'count') return String(times);
  const fields = Array.from({ length: ask.payload.fields }, (_, field) => [`v${field}`, times + field / 10]);
  return JSON.stringify(Object.fromEntries(fields));
}

async function publish(ask: PublisherAsk): Promise<PublisherAnswer> {
  const sent = new Map<string, number[]>();
  const machines = Array.from({ length: ask.machines }, (_, index) => machineName(index));
  for (const machine of machines) sent.set(machine, []);
  const began = monotonic();
  let acknowledged = 0;
  let done = 0;
  let failed: Error | undefined;
  const onAck = (error?: Error) => {
    acknowledged += 1;
    failed ??= error;
  };
  const due = () =>
    ask.rate === null ? ask.messages : Math.min(ask.messages, Math.ceil(((monotonic() - began) * ask.rate) / 1000));
  while (acknowledged < ask.messages) {
    for (const until = due(); done < until && done - acknowledged < MOST_IN_FLIGHT; done++) {
      const machine = machines[done % machines.length] ?? '';
      const topic = `${ask.prefix}/${machine}`;
      const payload = payloadOf(ask, topic);
      sent.get(machine)?.push(monotonic());
      client.publish(topic, payload, { qos: 1 }, onAck);
    }
    if (failed) throw failed;
    await new Promise(resolve => (ask.rate === null ? setImmediate(resolve) : setTimeout(resolve, PAUSE)));
  }
  return { sent };
}

process.on('message', (ask: PublisherAsk) => {
  publish(ask).then(
    answer => process.send?.(answer),
    error => process.send?.({ error: String(error) }),
  );
});
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
