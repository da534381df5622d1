import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { StartError } from '../../core/errors.ts';
import { whyNoFile } from '../../core/file-kind.ts';
import type { AboutGateway, Decided, Decision, HistoryReader } from '../../core/history.ts';
import { CONTROL_PATH_FILE, CONTROL_SOCKET, LONGEST_SOCKET_PATH } from '../../core/socket-place.ts';

/** A running gateway, over the socket in its data folder. */
export interface Link extends HistoryReader, Disposable {
  readonly about: AboutGateway;
  decide(decision: Decision): Promise<Decided>;
}

/** Why there is no link: nobody listens, or who listens does not answer. */
export type NoLink = 'not_running' | 'not_answering';

/** A request is answered within milliseconds; a gateway that takes this long (ms) is stuck. */
const ANSWERS_WITHIN = 10_000;

/** Rejects with a StartError when the socket may not be used. */
export async function openLink(dataFolder: string): Promise<Link | NoLink> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const socket = socketOf(dataFolder);
  const call = <Answer>(name: string, body: object) => post<Answer>(agent, socket, name, body);
  try {
    const about = await call<AboutGateway>('about', {});
    return {
      about,
      page: wanted => call('page', wanted),
      records: wanted => call('records', wanted),
      action: async id =>
        (await call<{ readonly action: Awaited<ReturnType<Link['action']>> }>('action', { id })).action,
      decisions: wanted => call('decisions', wanted),
      names: () => call('names', {}),
      runs: wanted => call('runs', wanted),
      decide: decision => call('decide', decision),
      [Symbol.dispose]: () => agent.destroy(),
    };
  } catch (cause) {
    agent.destroy();
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'not_running';
    if (code === 'ETIMEDOUT') return 'not_answering';
    if (code !== 'EACCES') throw cause;
    throw new StartError(`no right to speak to the gateway over ${socket}; run the command as its user or as root`);
  }
}

function socketOf(dataFolder: string): string {
  const own = join(dataFolder, CONTROL_SOCKET);
  if (Buffer.byteLength(own) <= LONGEST_SOCKET_PATH) return own;
  const pointer = join(dataFolder, CONTROL_PATH_FILE);
  try {
    // A named pipe would be waited for without an end.
    if (whyNoFile(pointer) === null) return readFileSync(pointer, 'utf8').trim();
  } catch {
    // As below.
  }
  // Written by a gateway that runs there: without it this path is as good as any for saying that none does.
  return pointer;
}

function post<Answer>(agent: Agent, socketPath: string, name: string, body: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const sent = request({ agent, socketPath, path: `/${name}`, method: 'POST', headers }, response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const answer = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Answer & { readonly error?: string };
        if (response.statusCode === 200) resolve(answer);
        else reject(new StartError(`the gateway says: ${answer.error}`));
      });
    });
    sent.setTimeout(ANSWERS_WITHIN, () => {
      sent.destroy(Object.assign(new StartError('the running gateway does not answer'), { code: 'ETIMEDOUT' }));
    });
    sent.once('error', reject);
    sent.end(text);
  });
}
