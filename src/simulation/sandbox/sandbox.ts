import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { type Clock, systemClock } from '../../core/clock.ts';
import { errorMessage, StartError } from '../../core/errors.ts';
import { createApi } from './answer-api.ts';
import { startBackend } from './backend.ts';
import { changeSandbox } from './control.ts';
import { Fault, type FaultInput, faults as faultsOf } from './faults.ts';
import { bodyOf, sendHtml, sendJson } from './http.ts';
import type { Manners } from './manners.ts';
import { PAGE_HEADERS, page } from './page.ts';
import type { SignedCalls } from './signature.ts';
import type { SandboxState } from './state.ts';
import type { SandboxWorld } from './world.ts';

export type SandboxOptions = {
  /** 0: the system picks one. */
  readonly port: number;
  readonly host: string;
  /** Accepted with each call; several: each of them. */
  readonly key: string | readonly string[];
  readonly world: SandboxWorld;
  readonly manners?: Partial<Manners> | undefined;
  /** The calls that need a signature when the manner `signature` is `required`. */
  readonly signed?: SignedCalls | undefined;
  readonly seed?: number;
  readonly clock?: Clock;
};

export interface Sandbox {
  readonly url: string;
  state(): SandboxState;
  /** Takes the place of all faults in force. An `away` among them begins at once. */
  setFaults(faults: readonly FaultInput[], seed?: number): void;
  /** Ends the faults of this name. */
  endFault(name: string): void;
  setManners(manners: Partial<Manners>): void;
  stop(): Promise<void>;
}

/** An L2L of one's own, which forgets everything at its end. Rejects with StartError when the port is taken. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const clock = options.clock ?? systemClock();
  const backend = startBackend({ world: options.world, clock, manners: options.manners });
  const faults = faultsOf(options.seed ?? 1);
  const stopping = new AbortController();
  const api = createApi({
    backend,
    faults,
    clock,
    keys: [options.key].flat(),
    signed: options.signed,
    stopping: stopping.signal,
  });
  let returning: Disposable | undefined;

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      // A caller that went away in the middle, or the sandbox being stopped: there is nobody left to answer.
      if (request.socket.destroyed || stopping.signal.aborted) return;
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { success: false, error: `the sandbox itself failed: ${errorMessage(error)}` });
    });
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET';
    const url = new URL(request.url ?? '/', 'http://sandbox');
    const body = await bodyOf(request);
    if (body === undefined) return sendJson(response, 413, { success: false, error: 'Request body too large' });
    if (url.pathname.startsWith('/api/')) return api.answer({ method, url, body, request, response });
    if (url.pathname === '/' && method === 'GET') return sendHtml(response, 200, page(state()), PAGE_HEADERS);
    if (url.pathname === '/sandbox/state' && method === 'GET') return sendJson(response, 200, state());
    if (url.pathname === '/sandbox/faults' && method === 'POST') return control(request, body, response);
    sendJson(response, 404, { error: 'the sandbox has /, /sandbox/state, /sandbox/faults and /api/1.0/' });
  }

  function control(request: IncomingMessage, body: string, response: ServerResponse): void {
    const { status, answer } = changeSandbox(request.headers['content-type'], body, { backend, faults });
    if (status === 200) response.once('finish', goAwayIfAsked);
    sendJson(response, status, answer, status === 200 ? { connection: 'close' } : {});
  }

  function state(): SandboxState {
    return { ...backend.data, now: clock.now(), manners: backend.manners, faults: faults.list(), calls: api.calls() };
  }

  function goAwayIfAsked(): void {
    const away = faults.list().find(fault => fault.kind === 'away');
    if (!away || !server.listening || stopping.signal.aborted) return;
    server.close();
    server.closeAllConnections();
    comeBackAfter(away.ms);
  }

  function comeBackAfter(ms: number): void {
    returning = clock.at(clock.now() + ms, () => {
      faults.end(({ kind }) => kind === 'away');
      server.listen(port, options.host);
    });
  }

  server.listen(options.port, options.host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new StartError(
      `the sandbox can't listen on ${options.host}:${options.port}: ${errorMessage(cause)}; choose another port`,
    );
  }
  const { port } = server.address() as AddressInfo;
  // Coming back from `away`, the port may be held for a moment by somebody's outgoing connection: try again.
  server.on('error', () => comeBackAfter(100));

  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    state,
    setFaults(next, seed) {
      faults.set(z.array(Fault).parse(next), seed);
      goAwayIfAsked();
    },
    endFault: name => faults.end(fault => fault.name === name),
    setManners: manners => backend.setManners(manners),
    async stop() {
      stopping.abort(new Error('the sandbox was stopped'));
      returning?.[Symbol.dispose]();
      backend[Symbol.dispose]();
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
