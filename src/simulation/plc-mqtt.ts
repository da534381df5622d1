import { connectAsync, type MqttClient } from 'mqtt';
import { type Clock, sleep } from '../core/clock.ts';
import type { MachineModel, MachineState } from './machine.ts';

export type MqttPlcOptions = {
  /** Address of the broker. */
  readonly url: string;
  readonly machines: readonly Pick<MachineModel, 'name' | 'state' | 'onChange'>[];
  readonly clock: Clock;
};

export interface MqttPlc {
  /** Changes that the broker has not acknowledged yet. */
  waiting(): number;
  stop(): Promise<void>;
}

/** What one message says: the machine's whole state and when it became so (ms since 1970). */
export type MqttPlcMessage = MachineState & { readonly ts: number };

/** Where a machine's state is published. */
export function machineTopic(name: string): string {
  return `plant/${name}/state`;
}

const RETRY_MS = 250;

/**
 * A PLC that publishes each change of its machines, with its time, QoS 1 and retained. It keeps its changes in order until
 * the broker has acknowledged them, so that a broker that is away for a while loses none.
 */
export function startMqttPlc({ url, machines, clock }: MqttPlcOptions): MqttPlc {
  const queue: { readonly topic: string; readonly payload: string }[] = [];
  const abort = new AbortController();
  let wake = () => {};

  function publish(name: string, state: MachineState, ts: number): void {
    queue.push({ topic: machineTopic(name), payload: JSON.stringify({ ...state, ts } satisfies MqttPlcMessage) });
    wake();
  }

  const listeners = machines.map(machine => machine.onChange((state, at) => publish(machine.name, state, at)));

  /** One at a time: a change leaves the queue when the broker has it. */
  async function publishAll(client: MqttClient, lost: Promise<never>): Promise<void> {
    for (;;) {
      const [next] = queue;
      if (next) {
        await Promise.race([client.publishAsync(next.topic, next.payload, { qos: 1, retain: true }), lost]);
        queue.shift();
      } else {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await Promise.race([promise, lost]);
      }
    }
  }

  async function connectionLife(): Promise<void> {
    const client = await connectAsync(url, { reconnectPeriod: 0, protocolVersion: 5, connectTimeout: 5000 }, false);
    // MQTT.js leaves a publish open when the connection breaks under it; this ends the wait.
    const lost = Promise.withResolvers<never>();
    lost.promise.catch(() => undefined); // it may break while nobody waits for it
    const end = () => lost.reject(new Error('the connection is over'));
    client.once('close', end);
    abort.signal.addEventListener('abort', end, { once: true });
    if (abort.signal.aborted) end();
    try {
      for (const machine of machines) publish(machine.name, machine.state(), clock.now());
      await publishAll(client, lost.promise);
    } finally {
      abort.signal.removeEventListener('abort', end);
      await client.endAsync(true);
    }
  }

  async function run(): Promise<void> {
    while (!abort.signal.aborted) {
      await connectionLife().catch(() => undefined); // the broker is away; what it has not acknowledged stays queued
      await sleep(clock, RETRY_MS, abort.signal).catch(() => undefined); // aborted: the loop ends
    }
  }

  const running = run();
  return {
    waiting: () => queue.length,
    async stop() {
      for (const listener of listeners) listener[Symbol.dispose]();
      abort.abort();
      await running;
    },
  };
}
