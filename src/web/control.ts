import { chmodSync } from 'node:fs';
import { errorMessage } from '../core/errors.ts';
import { prepareControlPlace } from './control-place.ts';
import { createHttpApp } from './http-app.ts';

/** The commands of the socket, by name: `POST /name` with a JSON body. The caller receives the message of an error that is thrown. */
export type ControlRoutes = Readonly<Record<string, (body: unknown) => object | Promise<object>>>;

export type ControlOptions = {
  /** The data folder. Only the process that holds its lock may listen there. */
  readonly folder: string;
  /** Folder for the socket when the data folder's path is too long for one. */
  readonly runtimeFolder: string;
  readonly routes: ControlRoutes;
};

export interface ControlServer {
  readonly socket: string;
  stop(): Promise<void>;
}

/** The gateway does not understand the request: a program of another version may have sent it. The answer has status 400. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

/** How long a stop waits for the answers that are under way (ms). */
const LAST_ANSWERS = 2000;
const LARGEST_BODY = 64 * 1024;

/**
 * Listens on a unix socket for commands of people on this host. Only the gateway's user and root can connect, and these can write the
 * journal anyway.
 */
export async function startControl({ folder, runtimeFolder, routes }: ControlOptions): Promise<ControlServer> {
  const { socket, clear } = prepareControlPlace(folder, runtimeFolder);
  const app = createHttpApp({
    bodyLimit: LARGEST_BODY,
    // A client that reads page after page still gets the answer to a request that arrives during a stop, and no more answers.
    return503OnClosing: false,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, async (_request: unknown, body: string) => parseJson(body));
  for (const [name, answer] of Object.entries(routes)) app.post(`/${name}`, request => answer(request.body ?? {}));
  app.setNotFoundHandler((request, reply) => {
    const name = request.url.slice(1);
    reply.code(404).send({ error: `the running gateway does not know "${name}"; is it of another version?` });
  });
  app.setErrorHandler((cause, _request, reply) => {
    reply.code(cause instanceof BadRequest || isTooLarge(cause) ? 400 : 500);
    reply.send({ error: isTooLarge(cause) ? 'the request is too large' : errorMessage(cause) });
  });
  await app.listen({ path: socket });
  chmodSync(socket, 0o600);
  return {
    socket,
    async stop() {
      // A client that has sent only a part of a request, or does not read its answer, would hold up the stop for ever.
      const enough = setTimeout(() => app.server.closeAllConnections(), LAST_ANSWERS);
      await app.close();
      clearTimeout(enough);
      clear();
    },
  };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body || '{}');
  } catch {
    throw new BadRequest('the request is not JSON');
  }
}

function isTooLarge(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException).code === 'FST_ERR_CTP_BODY_TOO_LARGE';
}
