import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createConnection, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { Signed } from './certificates.ts';

export type Tunnel = { readonly target: string; readonly headers: IncomingHttpHeaders };

export type ConnectProxy = {
  readonly port: number;
  /** All CONNECT requests, including refused ones. */
  readonly asked: readonly Tunnel[];
};

/**
 * An HTTP proxy for one test. It opens tunnels only to the hosts it knows; each leads to a port on this host. `refuses` returns an answer
 * instead of the tunnel, or undefined for the tunnel.
 */
export async function connectProxy(
  hosts: Readonly<Record<string, number>>,
  refuses: (tunnel: Tunnel) => string | undefined = () => undefined,
): Promise<ConnectProxy> {
  const asked: Tunnel[] = [];
  const server = createHttp((_request, response) => response.writeHead(501).end());
  server.on('connect', ({ url: target = '', headers }, client: Socket) => {
    const tunnel = { target, headers };
    asked.push(tunnel);
    const port = hosts[target];
    const refusal = refuses(tunnel) ?? (port === undefined ? '502 Bad Gateway' : undefined);
    if (refusal !== undefined) client.end(`HTTP/1.1 ${refusal}\r\ncontent-length: 0\r\n\r\n`);
    else {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      pipe(client, createConnection(port ?? 0, '127.0.0.1'));
    }
  });
  return { port: await listening(server), asked };
}

/**
 * A server that speaks TLS with a certificate and forwards to a port on this host. It stands for L2L's TLS, or for a firewall that inspects
 * traffic.
 */
export async function tlsFront({ cert, key }: Signed, port: number, host = '127.0.0.1'): Promise<number> {
  return listening(
    createTls({ cert: readFileSync(cert), key: readFileSync(key) }, client =>
      pipe(client, createConnection(port, '127.0.0.1')),
    ),
    host,
  );
}

function pipe(client: Socket, server: Socket): void {
  client.pipe(server).pipe(client);
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    // When one side closes the connection, the other side is closed too.
    one.on('error', () => undefined);
    one.on('close', () => other.destroy());
  }
}

async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  // A client that does not trust the certificate breaks off the handshake.
  server.on('tlsClientError', () => undefined);
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    if (server.listening) await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}
