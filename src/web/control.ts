import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { basename, dirname, join } from 'node:path';
import { CONTROL_PATH_FILE, CONTROL_SOCKET, LONGEST_SOCKET_PATH } from '../core/control.ts';
import { errorMessage } from '../core/errors.ts';
import { whyNoFile } from '../core/file-kind.ts';
import { makeFolder } from '../core/folder.ts';
import { socketPlace } from '../core/socket-place.ts';
import { limitClients, PATIENCE_WITH_CLIENTS } from './limits.ts';

/** What the socket answers, by name: `POST /name` with a JSON body. Whatever is thrown is sent to the caller. */
export type ControlRoutes = Readonly<Record<string, (body: unknown) => object | Promise<object>>>;

export type ControlOptions = {
  /** The data folder; only who holds its lock may listen there. */
  readonly folder: string;
  /** Takes the socket when the data folder's path is too long for one. */
  readonly runtimeFolder: string;
  readonly routes: ControlRoutes;
};

export interface ControlServer {
  readonly socket: string;
  stop(): Promise<void>;
}

/** What was asked can't be understood, such as by another version of the program. Told with status 400. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

/** Of the folders made for sockets whose own path is too long. */
const PREFIX = 'l2l-control-';
/** How long a stop waits for the answers under way (ms). */
const LAST_ANSWERS = 2000;
const LARGEST_BODY = 64 * 1024;

/**
 * Listens on a unix socket in the data folder, for commands of people on this machine. Only the gateway's user (and root) may
 * connect: who can write to the journal may speak to the gateway, nobody else.
 */
export async function startControl({ folder, runtimeFolder, routes }: ControlOptions): Promise<ControlServer> {
  const { socket, clear } = place(folder, runtimeFolder);
  let stopping = false;
  const server = createServer(PATIENCE_WITH_CLIENTS, (request, response) => {
    // Who asks for page after page keeps its connection: while the gateway stops it gets its answer and no more.
    response.shouldKeepAlive = !stopping;
    answer(request, routes)
      .then(({ status, body }) => send(response, status, body))
      .catch(cause => send(response, 500, { error: errorMessage(cause) }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  limitClients(server);
  chmodSync(socket, 0o600);
  return {
    socket,
    stop: () =>
      new Promise(resolve => {
        stopping = true;
        // Who has sent half a request, or does not read, would be waited for without an end.
        const enough = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS);
        server.close(() => {
          clearTimeout(enough);
          clear();
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/** Where to listen, with what an earlier life left there taken away. */
function place(folder: string, runtimeFolder: string): { readonly socket: string; readonly clear: () => void } {
  const own = join(folder, CONTROL_SOCKET);
  const pointer = join(folder, CONTROL_PATH_FILE);
  rmSync(own, { force: true });
  forget(pointer);
  if (Buffer.byteLength(own) <= LONGEST_SOCKET_PATH) return { socket: own, clear: () => rmSync(own, { force: true }) };
  const short = shortFolder(runtimeFolder);
  const socket = join(short, CONTROL_SOCKET);
  writeFileSync(pointer, `${socket}\n`, { mode: 0o600 });
  return {
    socket,
    clear: () => forget(pointer),
  };
}

/** Takes away the socket a pointer names, with the folder that was made for it. */
function forget(pointer: string): void {
  const why = whyNoFile(pointer);
  if (why !== null) throw new Error(`${pointer} is in the way: ${why}; remove it`);
  if (!existsSync(pointer)) return;
  const short = dirname(readFileSync(pointer, 'utf8').trim());
  if (basename(short).includes(PREFIX)) rmSync(short, { recursive: true, force: true });
  rmSync(pointer, { force: true });
}

function shortFolder(runtimeFolder: string): string {
  const { base, isWanted } = socketPlace(runtimeFolder, `${PREFIX}XXXXXX/${CONTROL_SOCKET}`);
  if (isWanted) makeFolder(base, 0o700);
  return mkdtempSync(join(base, PREFIX));
}

type Answer = { readonly status: number; readonly body: object };

async function answer(request: IncomingMessage, routes: ControlRoutes): Promise<Answer> {
  const name = (request.url ?? '').slice(1);
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
  if (request.method !== 'POST' || !route) {
    return { status: 404, body: { error: `the running gateway does not know "${name}"; is it of another version?` } };
  }
  try {
    return { status: 200, body: await route(await jsonOf(request)) };
  } catch (cause) {
    if (cause instanceof BadRequest) return { status: 400, body: { error: errorMessage(cause) } };
    throw cause;
  }
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new BadRequest('the request is too large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
  } catch {
    throw new BadRequest('the request is no JSON');
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
