import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A connection between a client and a server of this host. It can be cut in one direction. */
export interface TcpProxy {
  readonly port: number;
  /** While true, nothing that the client sends arrives. So the server never receives its acknowledgements. */
  deaf: boolean;
  /** Everything that the server sent, over all connections. */
  received(): string;
}

export async function tcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let received = '';
  const server = createServer(client => {
    const upstream = createConnection(target, '127.0.0.1');
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {}); // The other side was killed; that is the purpose of this proxy.
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', bytes => {
      if (!proxy.deaf) upstream.write(bytes);
    });
    upstream.on('data', bytes => {
      received += bytes.toString('latin1');
      client.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  });
  const proxy: TcpProxy = { port: (server.address() as AddressInfo).port, deaf: false, received: () => received };
  return proxy;
}
