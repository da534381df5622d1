/**
 * The sink receives the calls of a measurement. It is an HTTP server that gives L2L's answers and does nothing else, so it costs little. It
 * notes when each request arrived, and what is wrong with it: a call that came twice, out of order, or for a dispatch that is not open. The
 * sandbox would give the same answers, but it is slower; its own limit is measured too.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monotonic } from './statistics.ts';

export type SinkAsk =
  | { readonly kind: 'where' }
  /** Answers when this many requests have arrived, or when none arrived for `patience` ms. Then it counts from zero again. */
  | { readonly kind: 'take'; readonly count: number; readonly patience: number };

export type SinkAnswer = {
  readonly url: string;
  /** When each request was received (monotonic ms), by machine, in order. */
  readonly arrivals: ReadonlyMap<string, readonly number[]>;
  readonly faults: readonly string[];
  /** Calls since its start for which the sink has no answer: the gateway uses something that the sink does not know. */
  readonly unexpected: readonly string[];
};

const MOST_FAULTS = 20;

const arrivals = new Map<string, number[]>();
const faults: string[] = [];
const unexpected = new Set<string>();
const openOf = new Map<string, number>();
const machineOf = new Map<number, string>();
let lastId = 1000;
let total = 0;
let lastAt = monotonic();

function fault(text: string): void {
  if (faults.length < MOST_FAULTS) faults.push(text);
}

function arrived(machine: string, at: number): void {
  const list = arrivals.get(machine);
  if (list) list.push(at);
  else arrivals.set(machine, [at]);
  total += 1;
  lastAt = at;
}

function open(params: URLSearchParams, at: number): object {
  const machine = params.get('machinecode') ?? '';
  arrived(machine, at);
  if (openOf.has(machine)) fault(`${machine}: opened while a dispatch was open`);
  lastId += 1;
  openOf.set(machine, lastId);
  machineOf.set(lastId, machine);
  return { id: lastId, dispatchnumber: lastId };
}

function close(id: number, at: number): object {
  const machine = machineOf.get(id) ?? '';
  arrived(machine, at);
  if (openOf.get(machine) !== id) fault(`${machine}: dispatch ${id} was closed and was not the open one`);
  openOf.delete(machine);
  machineOf.delete(id);
  return { id, dispatchnumber: id };
}

const COMPARED = /^\/api\/1\.0\/(?:lines|machines|dispatchtypes|trades|reasons|products)\/\?/;

function answer(path: string, body: string, at: number): object {
  const [, method = '', id = ''] = /^\/api\/1\.0\/(\w+\/\w+)\/?(\d*)\/?$/.exec(path) ?? [];
  const params = new URLSearchParams(body);
  // The gateway reads its site at the start, and asks once a minute whether L2L answers.
  if (path.startsWith('/api/1.0/sites/')) return [{ site: 43, description: 'bench', timezone: 'Europe/Berlin' }];
  // Before the first open of a machine, the gateway reads which dispatches are open there.
  if (path.startsWith('/api/1.0/dispatches/?')) return [];
  // At the start the gateway compares the codes of its config with L2L. An empty list proves nothing to it.
  if (COMPARED.test(path)) return [];
  switch (method) {
    case 'dispatches/open':
      return open(params, at);
    case 'dispatches/close':
      return close(Number(id), at);
    case 'machines/increment_cycle_count':
      arrived(params.get('code') ?? '', at);
      return { code: params.get('code') };
    default:
      fault(`a call nobody expected: ${path}`);
      if (unexpected.size < MOST_FAULTS) unexpected.add(path);
      return {};
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  return body;
}

const server = createServer((request, response) => {
  const at = monotonic();
  bodyOf(request).then(
    body => {
      const text = JSON.stringify({ success: true, data: answer(request.url ?? '', body, at) });
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
      response.end(text);
    },
    // The client is gone. A request that arrived only in part is no call.
    () => response.destroy(),
  );
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1');

function say(): void {
  const { port } = server.address() as AddressInfo;
  const said: SinkAnswer = { url: `http://127.0.0.1:${port}`, arrivals, faults, unexpected: [...unexpected] };
  process.send?.(said);
}

process.on('message', (ask: SinkAsk) => {
  if (ask.kind === 'where') {
    if (server.listening) say();
    else server.once('listening', say);
    return;
  }
  lastAt = monotonic();
  const timer = setInterval(() => {
    if (total < ask.count && monotonic() - lastAt < ask.patience) return;
    clearInterval(timer);
    say();
    arrivals.clear();
    faults.length = 0;
    total = 0;
  }, 20);
});
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
