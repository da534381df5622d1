import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { errorMessage, StartError } from '../core/errors.ts';
import { limitClients, PATIENCE_WITH_CLIENTS } from './limits.ts';

/** What the pages show; the app hands it in and it is read anew for each request. */
export type StatusSource = {
  /** Everything, as plain JSON with its times as text. Holds no secret. */
  status(): object;
  /** Empty when the gateway does its whole job; else what is missing, in words. */
  notReady(): readonly string[];
};

export interface WebServer {
  /** Where it listens, with the port the system gave when 0 was asked for. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * The gateway's own HTTP side: `/health/live` (200 while the process answers), `/health/ready` (200, or 503 with the reasons),
 * `/status` (JSON). Read only. Throws a StartError when it can't listen there.
 */
export async function startWeb(host: string, port: number, source: StatusSource): Promise<WebServer> {
  const server = createServer(PATIENCE_WITH_CLIENTS, (request, response) => {
    try {
      send(response, answerTo(request, source));
    } catch (cause) {
      // A page nobody can show, or an address that is none, is no reason to end the gateway.
      send(response, { status: 500, body: { error: `the page can't be shown: ${errorMessage(cause)}` } });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(new StartError(explain(cause, host, port))));
    server.listen(port, host, resolve);
  });
  limitClients(server);
  const address = server.address();
  const actual = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Answer = { readonly status: number; readonly body: object };

function answerTo(request: IncomingMessage, source: StatusSource): Answer {
  const path = new URL(request.url ?? '/', 'http://gateway').pathname;
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, body: { error: 'read only: use GET' } };
  switch (path) {
    case '/health/live':
      return { status: 200, body: { live: true } };
    case '/health/ready': {
      const missing = source.notReady();
      return { status: missing.length === 0 ? 200 : 503, body: { ready: missing.length === 0, missing } };
    }
    case '/':
    case '/status':
      return { status: 200, body: source.status() };
    default:
      return { status: 404, body: { error: `no page ${path}; there are /status, /health/live and /health/ready` } };
  }
}

const EXAMPLE = 'such as 127.0.0.1:8080';

function explain(cause: NodeJS.ErrnoException, host: string, port: number): string {
  switch (cause.code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is taken by another program; end that one, or set gateway.http to a free port or to off`;
    case 'EACCES':
      return `the gateway's user may not listen on port ${port}; write a port above 1023 under gateway.http, ${EXAMPLE}`;
    case 'EADDRNOTAVAIL':
      return `this machine has no address ${host}; write one of its own under gateway.http, ${EXAMPLE}`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${host} leads to no address; write an address of this machine under gateway.http, ${EXAMPLE}`;
    default:
      return `the status page can't listen on ${host}:${port} (${cause.code ?? cause.message}); write another address and port under gateway.http, or off`;
  }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const text = `${JSON.stringify(body, plain, 2)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}

/** 64-bit counters have no number in JSON that holds them exactly: text. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
