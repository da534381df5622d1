import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { expect, vi } from 'vitest';
import type { Adapter } from '../../../src/adapters/adapter.ts';
import { mqttAdapter } from '../../../src/adapters/mqtt/adapter.ts';
import { MqttSource } from '../../../src/adapters/mqtt/schema.ts';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { errorMessage } from '../../../src/core/errors.ts';
import { type Logger, silentLogger } from '../../../src/core/logger.ts';
import { PATIENCE } from '../../support/patience.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import { type RecordingSink, recordingSink } from '../recording-sink.ts';

/** The source as in YAML, with the settings that all tests share. */
export function source(url: string, signals: object, more: object = {}): MqttSource {
  return MqttSource.parse({ protocol: 'mqtt', url, client_id: 'gateway', signals, ...more });
}

export function adapterFor(config: MqttSource, log: Logger = silentLogger, clock: Clock = systemClock()): Adapter {
  return mqttAdapter({ name: 'broker', config, clock, log });
}

export interface Life {
  readonly sink: RecordingSink;
  /** `resolved`, or the words of its rejection. */
  readonly ended: Promise<string>;
  /** Ends it properly. */
  stop(): Promise<string>;
  connected(): Promise<void>;
  /** When the adapter uses this clock: lets the second of silence pass that ends the reading of the queue. */
  quiet(clock: VirtualClock): Promise<void>;
}

export function live(adapter: Adapter, sink = recordingSink()): Life {
  const abort = new AbortController();
  const ended = adapter.run(sink, abort.signal).then(() => 'resolved', errorMessage);
  const connected = () => vi.waitFor(() => expect(sink.events).toContainEqual({ kind: 'connected' }), PATIENCE);
  return {
    sink,
    ended,
    stop() {
      abort.abort();
      return ended;
    },
    connected,
    quiet(clock) {
      expect(sink.events).not.toContainEqual({ kind: 'connected' });
      clock.advance(1000);
      return connected();
    },
  };
}

/** A machine that publishes. Its connection ends when it is disposed. */
export async function device(url: string, options: IClientOptions = {}): Promise<MqttClient & AsyncDisposable> {
  const client = await connectAsync(url, { clientId: `device-${Math.random()}`, reconnectPeriod: 0, ...options });
  return Object.assign(client, {
    [Symbol.asyncDispose]: () => client.endAsync(true),
  });
}

/** A connection to the broker that can be cut without a goodbye from either side. */
export async function cuttableWay(port: number): Promise<{ url: string; cut(): void; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer(inside => {
    const outside = connect(port, '127.0.0.1');
    for (const socket of [inside, outside]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    }
    inside.pipe(outside);
    outside.pipe(inside);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    cut,
    close() {
      cut();
      server.close();
    },
  };
}
