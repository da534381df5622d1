import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { errorMessage, StartError } from '../core/errors.ts';
import { createHttpApp } from './http-app.ts';
import { routes, type StatusSource } from './routes.ts';

export interface WebServer {
  /** The address where it listens, with the port from the system when port 0 was asked for. */
  readonly url: string;
  stop(): Promise<void>;
}

/** The gateway's pages over HTTP; `routes.ts` lists them. Throws a StartError when it can't listen there. */
export async function startWeb(host: string, port: number, source: StatusSource): Promise<WebServer> {
  const pages = routes(source);
  const app = createHttpApp({
    // A client that hangs must not delay the stop.
    forceCloseConnections: true,
    // For example an address with a % that begins no valid code.
    frameworkErrors: (_error, request, reply) => noPage(request, asPage(reply), pages),
  });
  // As a hook, this answers before fastify reads the body of the request.
  app.addHook('onRequest', async (request, reply) => {
    asPage(reply);
    return request.is404 ? noPage(request, reply, pages) : undefined;
  });
  app.setErrorHandler((cause, _request, reply) =>
    reply.code(500).send({ error: `the page cannot be shown: ${errorMessage(cause)}` }),
  );
  for (const page of pages) app.route(page);
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw new StartError(explain(cause as NodeJS.ErrnoException, host, port));
  }
  const address = app.server.address();
  const actual = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    stop: async () => void (await app.close()),
  };
}

const EXAMPLE = 'such as 127.0.0.1:8080';

function explain(cause: NodeJS.ErrnoException, host: string, port: number): string {
  switch (cause.code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is taken by another program; end that program, or set gateway.http to a free port or to off`;
    case 'EACCES':
      return `the gateway's user may not listen on port ${port}; write a port above 1023 under gateway.http, ${EXAMPLE}`;
    case 'EADDRNOTAVAIL':
      return `this host has no address ${host}; write one of its own under gateway.http, ${EXAMPLE}`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${host} leads to no address; write an address of this host under gateway.http, ${EXAMPLE}`;
    default:
      return `the status page can't listen on ${host}:${port} (${cause.code ?? cause.message}); write another address and port under gateway.http, or off`;
  }
}

const READ_METHODS = ['GET', 'HEAD'];

function noPage({ method, url }: FastifyRequest, reply: FastifyReply, pages: readonly RouteOptions[]): FastifyReply {
  if (!READ_METHODS.includes(method)) return reply.code(405).send({ error: 'read only: use GET' });
  const [path] = url.split('?');
  const others = pages.flatMap(page => (page.url === '/' ? [] : page.url));
  return reply.code(404).send({ error: `no page ${path}; there are ${others.join(', ')}` });
}

/** The page is read anew for each request, and people can read its JSON. */
function asPage(reply: FastifyReply): FastifyReply {
  return reply
    .header('cache-control', 'no-store')
    .serializer((body: object) => `${JSON.stringify(body, bigintAsText, 2)}\n`);
}

/** JSON has no number that holds a 64-bit counter exactly. */
function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
