import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { type Clock, sleep, systemClock } from '../../core/clock.ts';
import { errorMessage, StartError } from '../../core/errors.ts';
import { targetOf } from './api.ts';
import { startBackend } from './backend.ts';
import { Fault, type FaultInput, faults as faultsOf } from './faults.ts';
import { bodyOf, sendHtml, sendJson } from './http.ts';
import { type Manners, SomeManners } from './manners.ts';
import { NAMED_FAULTS, namedFault } from './named-faults.ts';
import { PAGE_HEADERS, page } from './page.ts';
import { paramsOf } from './params.ts';
import type { SandboxState, SeenCall } from './state.ts';
import type { SandboxWorld } from './world.ts';

export type SandboxOptions = {
  /** 0: the system picks one. */
  readonly port: number;
  readonly host: string;
  /** Accepted with each call; several: each of them. */
  readonly key: string | readonly string[];
  readonly world: SandboxWorld;
  readonly manners?: Partial<Manners> | undefined;
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

const NAMES = NAMED_FAULTS.map(({ name }) => name);

const Control = z.strictObject({
  faults: z.array(Fault).optional(),
  seed: z.int().optional(),
  /** Names of faults: what begins and what ends beside the others in force. */
  start: z.enum(NAMES).optional(),
  end: z.enum(NAMES).optional(),
  manners: SomeManners.optional(),
});

const CALLS_KEPT = 100;

/** An L2L of one's own, which forgets everything at its end. Rejects with StartError when the port is taken. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const clock = options.clock ?? systemClock();
  const backend = startBackend({ world: options.world, clock, manners: options.manners });
  const faults = faultsOf(options.seed ?? 1);
  const keys = new Set<unknown>([options.key].flat());
  const calls: SeenCall[] = [];
  const stopping = new AbortController();
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
    if (url.pathname.startsWith('/api/')) return api(method, url, body, request, response);
    if (url.pathname === '/' && method === 'GET') return sendHtml(response, 200, page(state()), PAGE_HEADERS);
    if (url.pathname === '/sandbox/state' && method === 'GET') return sendJson(response, 200, state());
    if (url.pathname === '/sandbox/faults' && method === 'POST') return control(request, body, response);
    sendJson(response, 404, { error: 'the sandbox has /, /sandbox/state, /sandbox/faults and /api/1.0/' });
  }

  function control(request: IncomingMessage, body: string, response: ServerResponse): void {
    // A JSON content type keeps a page of some other origin from breaking the sandbox with a plain form.
    if (!request.headers['content-type']?.startsWith('application/json')) {
      sendJson(response, 415, { error: 'send application/json' });
      return;
    }
    const given = controlOf(body);
    if ('error' in given) {
      sendJson(response, 400, given);
      return;
    }
    if (given.manners) backend.setManners(definedOf(given.manners));
    if (given.faults) faults.set(given.faults, given.seed);
    const { start, end } = given;
    if (end !== undefined) faults.end(({ name }) => name === end);
    if (start !== undefined) faults.add(Fault.parse(namedFault(start)));
    response.once('finish', goAwayIfTold);
    sendJson(response, 200, { faults: faults.list(), manners: backend.manners }, { connection: 'close' });
  }

  async function api(
    method: string,
    url: URL,
    body: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const began = clock.now();
    const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
    const params = paramsOf([...url.searchParams, ...(isForm ? new URLSearchParams(body) : [])]);
    const target = ['machinecode', 'code', 'linecode'].map(params.peek).find(code => code !== undefined) ?? '';
    const seen = (status: number, success: boolean, detail: string) => {
      calls.push({ at: began, method, path: url.pathname, target, status, ms: clock.now() - began, success, detail });
      if (calls.length > CALLS_KEPT) calls.shift();
    };
    const apply = () => {
      const key = request.headers.l2lauth ?? params.peek('auth');
      if (!keys.has(key)) return { status: 401, answer: { success: false, error: 'Invalid API key' } };
      const found = targetOf(url.pathname, method);
      if (!found) return { status: 404, answer: { success: false, error: 'Not found' } };
      if (!found.verbs.includes(method))
        return { status: 405, answer: { success: false, error: 'Method not allowed' } };
      return { status: 200, answer: backend.run(found, params, params.peek('realuser') ?? 'api') };
    };
    const give = ({ status, answer }: ReturnType<typeof apply>, detail = '') => {
      sendJson(response, status, answer);
      seen(status, answer.success, detail || ('error' in answer ? String(answer.error) : ''));
    };

    const { slow, fault } = faults.judge(method, url.pathname);
    if (slow > 0) await sleep(clock, slow, stopping.signal);
    if (!fault) return give(apply());
    const applied = 'when' in fault && fault.when === 'after' ? apply() : undefined;
    const effect = applied ? `after applying (${applied.answer.success ? 'done' : 'refused'})` : 'before applying';
    switch (fault.kind) {
      case 'hang':
        await sleep(clock, fault.ms, stopping.signal);
        return give(apply(), `applied after ${fault.ms} ms`);
      case 'refuse':
        return give({ status: 200, answer: { success: false, error: fault.error } });
      case 'reset':
        request.socket.resetAndDestroy();
        return seen(0, false, `connection reset ${effect}`);
      case 'status': {
        const header = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
        if (fault.status >= 500) sendHtml(response, fault.status, `<h1>${fault.status} Server Error</h1>`, header);
        else sendJson(response, fault.status, { success: false, error: `status ${fault.status}` }, header);
        return seen(fault.status, false, `fault ${effect}`);
      }
      case 'html':
        sendHtml(response, fault.status, '<title>Sign in</title><h1>Please sign in</h1>');
        return seen(fault.status, false, `HTML page ${effect}`);
      case 'slow':
      case 'away':
        return give(apply());
    }
  }

  function state(): SandboxState {
    return { ...backend.data, now: clock.now(), manners: backend.manners, faults: faults.list(), calls: [...calls] };
  }

  function goAwayIfTold(): void {
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
      goAwayIfTold();
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

function controlOf(body: string): z.output<typeof Control> | { readonly error: string } {
  try {
    return Control.parse(JSON.parse(body));
  } catch (error) {
    return { error: errorMessage(error) };
  }
}

/** zod gives optional keys as `undefined`; a manner left out keeps its value. */
function definedOf(manners: { readonly [K in keyof Manners]?: Manners[K] | undefined }): Partial<Manners> {
  return Object.fromEntries(Object.entries(manners).filter(([, value]) => value !== undefined));
}
