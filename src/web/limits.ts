import type { Server, ServerOptions } from 'node:http';

/**
 * What a client may cost: the pages inform, and nobody who asks for one may hold up the rest by sending half a request, by not
 * reading the answer, or by opening connections until the process has no file left (ms).
 */
export const PATIENCE_WITH_CLIENTS = {
  requestTimeout: 10_000,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 2000,
} satisfies ServerOptions;

/** A connection on which nothing moves for so long is closed (ms). */
const SILENCE = 15_000;
const MOST_CONNECTIONS = 128;

/** For a server that listens. */
export function limitClients(server: Server): void {
  server.timeout = SILENCE;
  server.maxConnections = MOST_CONNECTIONS;
  // A connection that could not be taken, such as for want of a free file: there will be others.
  server.on('error', () => {});
}
