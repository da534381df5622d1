import { createServer, type Server } from 'node:http';
import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify';

/** One request that takes longer than this is answered with 408 (ms). */
const REQUEST_TIMEOUT = 10_000;
/** How often Node looks for requests that take too long (ms). */
const CHECK_INTERVAL = 2000;
/** A connection without any traffic for this long is closed (ms). */
const SILENCE = 15_000;
const MOST_CONNECTIONS = 128;

/**
 * A fastify application that limits what each client may cost. A client may send only a part of a request, not read its answer, or open
 * many connections: other clients still get their answers, and the process still has files that it can open.
 */
export function createHttpApp(options: Omit<FastifyServerOptions, 'serverFactory' | 'logger'>): FastifyInstance {
  return fastify({
    ...options,
    // The gateway has its own log, and a page that is read every second would fill it.
    logger: false,
    serverFactory(handler) {
      const server: Server = createServer(
        {
          requestTimeout: REQUEST_TIMEOUT,
          headersTimeout: REQUEST_TIMEOUT,
          connectionsCheckingInterval: CHECK_INTERVAL,
        },
        handler,
      );
      server.timeout = SILENCE;
      server.maxConnections = MOST_CONNECTIONS;
      // The system refused one connection, for example because no file is free. The next one may succeed.
      server.on('error', () => {});
      return server;
    },
  });
}
