import type { Call, FrozenRequest } from '../../src/core/delivery.ts';
import { CLOCK_TOLERANCE, EARLIEST } from '../../src/core/wall-clock.ts';
import type { Budget } from '../../src/l2l/budget.ts';
import type { Client } from '../../src/l2l/client.ts';
import type { Exchange } from '../../src/l2l/exchange.ts';
import { apiPath, encodeFields } from '../../src/l2l/form.ts';
import { between, type Random } from '../../src/simulation/random.ts';
import { targetOf } from '../../src/simulation/sandbox/api.ts';
import { type Backend, startBackend } from '../../src/simulation/sandbox/backend.ts';
import type { Manners } from '../../src/simulation/sandbox/manners.ts';
import { paramsOf } from '../../src/simulation/sandbox/params.ts';
import type { SandboxWorld } from '../../src/simulation/sandbox/world.ts';
import { createCallCheck } from './call-check.ts';
import { drawFault, type L2lFault, type L2lTroubles } from './l2l-faults.ts';
import { createLedger, type Entry, type Ledger } from './ledger.ts';
import { mannerAnswers } from './manner-answers.ts';
import type { Notes } from './notes.ts';
import type { LifeTime } from './process-time.ts';
import type { WorldTime } from './virtual-time.ts';

export type L2lWaits = { readonly timeout: number; readonly settle: number; readonly lookAgain: number };

export type L2lOptions = L2lTroubles & {
  readonly world: WorldTime;
  readonly plant: SandboxWorld;
  readonly manners: Partial<Manners>;
  /** The answer to an increment of this machine is lost. */
  readonly onDoubt: (machine: string) => void;
  /** Called when a request leaves. Returns the fault that strikes it for certain; null: chance decides. */
  readonly onLeave: (entry: Entry) => L2lFault | null;
  readonly random: Random;
  readonly notes: Notes;
  readonly waits: L2lWaits;
};

export type LinkOptions = {
  readonly life: LifeTime;
  /** The number of this life of the gateway. */
  readonly number: number;
  readonly budget: Budget;
  /** Whether the gateway doubts its clock. */
  readonly isDoubted: boolean;
  /** The call for which a request is being sent. */
  readonly callUnderWay: () => Call | undefined;
  /** Whether the disk has the mark for this attempt of the call. */
  readonly isMarked: (call: Call) => boolean;
};

/** L2L as one life of the gateway reaches it. */
export type L2lLink = Client & {
  /** Ends the connections: a request on its way arrives within the settle time, or never. */
  cut(): void;
};

export interface L2lEdge {
  readonly backend: Backend;
  readonly ledger: Ledger;
  connect(options: LinkOptions): L2lLink;
  /** A person at a screen of L2L. */
  person(method: string, fields: Readonly<Record<string, string>>): boolean;
}

/**
 * A late request arrives at least this much before the waits are over (ms), because nobody knows to the second when the connection broke.
 */
const MARGIN = 10_000;
/** Requests that are looked up twice before a repeat may be even later. */
const LOOKED_FOR_TWICE = /dispatches\/open|increment_cycle_count|record_details_batch/;
export const REFUSAL = 'The site is closed for the night';

/** Whether the process uses this wall clock: not when it shows an impossible time, because the gateway's own time is better then. */
function isLeft(wall: number, now: number): boolean {
  return Math.abs(wall - now) > CLOCK_TOLERANCE && wall >= EARLIEST;
}

type Arrival = {
  timer: Disposable;
  readonly path: string;
  readonly apply: () => void;
  done: boolean;
  /** When the connection of its request ended. Its lateness counts from there, whatever ends later. */
  lostAt: number | null;
};

/** The sandbox's logic behind a connection that breaks in every way that the seed asks for. Each request draws its chance in its turn. */
export function l2lEdge(options: L2lOptions): L2lEdge {
  const { world, random, notes, waits, manners } = options;
  const backend = startBackend({ world: options.plant, clock: world, manners });
  const ledger = createLedger(backend.data, world, options.onDoubt);
  const check = createCallCheck(notes, ledger);
  const ofManners = mannerAnswers(backend);
  function run(method: string, path: string, fields: string, by: string): Exchange {
    const url = new URL(path, 'http://l2l');
    const target = targetOf(url.pathname, method);
    if (!target?.verbs.includes(method)) throw new Error(`no such method in L2L: ${method} ${path}`);
    const params = paramsOf([...url.searchParams, ...new URLSearchParams(fields)]);
    const answer = backend.run(target, params, by);
    if (method === 'POST')
      notes.trace(`L2L ${answer.success ? 'applied' : `refused (${String(answer['error'])})`}: ${path} ${fields}`);
    return { kind: 'answered', status: 200, body: JSON.stringify(answer) };
  }

  return {
    backend,
    ledger,
    person(method, fields) {
      const answer = run('POST', apiPath(method), encodeFields({ site: 43, ...fields }), 'kim');
      return answer.kind === 'answered' && answer.body.includes('"success":true');
    },
    connect({ life, number, budget, isDoubted, callUnderWay, isMarked }) {
      const inFlight = new Set<string>();
      const arrivals = new Set<Arrival>();

      /** Something that the server does later, whatever happens to the client. */
      function arrive(at: number, path: string, apply: () => void): Arrival {
        const arrival: Arrival = {
          path,
          done: false,
          lostAt: null,
          apply() {
            arrival.done = true;
            arrivals.delete(arrival);
            apply();
          },
          timer: { [Symbol.dispose]() {} },
        };
        arrival.timer = world.at(at, arrival.apply);
        arrivals.add(arrival);
        return arrival;
      }

      const longestAfter = (path: string) =>
        waits.settle + (LOOKED_FOR_TWICE.test(path) ? waits.lookAgain : 0) - MARGIN;

      /** The connection of a request is gone. */
      function abandon(arrival: Arrival): void {
        if (arrival.done) return;
        const now = world.now();
        arrival.lostAt ??= now;
        arrival.timer[Symbol.dispose]();
        if (random() < 0.5) return void arrivals.delete(arrival);
        const at = arrival.lostAt + between(random, 0, longestAfter(arrival.path));
        arrival.timer = world.at(Math.max(now, at), arrival.apply);
      }

      function cut(): void {
        for (const arrival of [...arrivals]) abandon(arrival);
      }

      function exchange(entry: Entry, signal: AbortSignal): Promise<Exchange> {
        const { method, path, body } = entry;
        return new Promise(resolve => {
          const now = world.now();
          const latency = Math.round(between(random, 10, 150));
          const fault = options.onLeave(entry) ?? drawFault(options, world, random, method === 'POST');
          let over = false;
          const own: Arrival[] = [];
          const end = (result: Exchange) => {
            if (over || life.dead) return;
            notes.moment('answer');
            if (life.dead) return;
            over = true;
            for (const arrival of own) arrival.lostAt ??= world.now();
            entry.heard(result);
            timer[Symbol.dispose]();
            signal.removeEventListener('abort', onStop);
            if (fault)
              notes.trace(
                `${method} ${path} struck by ${fault}: ${result.kind === 'failed' ? result.reason : result.status}`,
              );
            resolve(result);
          };
          const failed = (left: boolean, reason: Extract<Exchange, { kind: 'failed' }>['reason']) =>
            end({ kind: 'failed', left, reason, detail: `${fault ?? 'the line'}: ${reason}` });
          const onStop = () => {
            for (const arrival of own) abandon(arrival);
            failed(true, 'stopped');
          };
          const timer = life.at(life.now() + waits.timeout, () => failed(true, 'timeout'));
          signal.addEventListener('abort', onStop, { once: true });
          const hear = (at: number, end: () => void) => world.at(at, () => life.input(end));
          const server = (at: number, then: (answer: Exchange) => void = () => {}) =>
            own.push(arrive(at, path, () => then(entry.served(() => run(method, path, body, 'api')))));
          const answer = (result: Exchange) => hear(world.now() + latency, () => end(result));
          const applied = fault && random() < 0.5;
          const refused = fault === null ? ofManners(method, path) : null;
          if (refused) return void hear(now + latency, () => end(refused));
          switch (fault) {
            case null:
              return void server(now + latency, answer);
            case 'slow':
              return void server(now + Math.round(between(random, 1000, 20_000)), answer);
            case 'refused':
              return void hear(now + latency, () => failed(false, 'network'));
            case 'late':
              return void server(now + waits.timeout + Math.round(between(random, -5000, longestAfter(path))));
            case 'lost':
              return;
            case 'reset':
              if (applied) server(now + latency);
              return void hear(now + 2 * latency, () => failed(true, 'reset'));
            case 'server':
              if (applied) server(now + latency);
              return void hear(now + 2 * latency, () =>
                end({ kind: 'answered', status: random() < 0.5 ? 500 : 502, body: '<h1>Error</h1>' }),
              );
            case 'page':
              if (applied) server(now + latency);
              // Half of the pages come with HTTP 200, the others with a redirect.
              return void hear(now + 2 * latency, () =>
                end({ kind: 'answered', status: latency % 2 === 0 ? 200 : 302, body: '<title>Sign in</title>' }),
              );
            case 'slow_down': {
              const retryAfter = Math.round(between(random, 1, 120)) * 1000;
              return void hear(now + latency, () =>
                end({ kind: 'answered', status: 429, body: '{"success":false}', retryAfter }),
              );
            }
            case 'no':
              return void hear(now + latency, () =>
                end({ kind: 'answered', status: 200, body: JSON.stringify({ success: false, error: REFUSAL }) }),
              );
            case 'key':
              return void hear(now + latency, () =>
                end({ kind: 'answered', status: random() < 0.5 ? 401 : 403, body: '{"success":false,"error":"no"}' }),
              );
          }
        });
      }

      const admit = (priority: 'send' | 'look' | 'feed', signal: AbortSignal) =>
        budget.take(priority, signal).then(
          () => true,
          () => false, // the request was aborted
        );

      async function perform(entry: Entry, signal: AbortSignal) {
        if (signal.aborted) return { kind: 'failed', left: false, reason: 'stopped', detail: 'stopped' } as const;
        const result = await exchange(entry, signal);
        if (result.kind === 'answered' && result.retryAfter !== undefined) budget.pause(result.retryAfter);
        return result;
      }

      return {
        cut,
        admit: signal => admit('send', signal),
        async post(request: FrozenRequest, signal: AbortSignal) {
          const call = callUnderWay();
          if (life.dead) return new Promise<Exchange>(() => {});
          if (!call) {
            notes.problem(`a request without a call: ${request.path}`);
            return { kind: 'failed', left: false, reason: 'network', detail: 'no call' };
          }
          notes.moment('send');
          if (life.dead && random() < 0.5) {
            // The request never leaves, but its mark is durable, so nobody who reads the journal can know that.
            ledger.post(number, call, request);
            return new Promise<Exchange>(() => {});
          }
          check(call, `${request.path} ${request.body}`, inFlight, life.dead || isMarked(call));
          if (!life.dead && (isDoubted || isLeft(world.machine.wall(), life.now()))) {
            notes.problem(`call ${call.id} is sent by a clock that differs from the host's`);
          }
          for (const lane of call.lanes) inFlight.add(lane);
          notes.trace(
            `call ${call.id} attempt ${call.attempt} of ${call.lanes.join()}: ${request.path} ${request.body}`,
          );
          try {
            const sent = perform(ledger.post(number, call, request), signal);
            // A request that leaves when the process ends arrives as late as one that was on its way.
            if (life.dead) cut();
            notes.moment('sent');
            return await sent;
          } finally {
            for (const lane of call.lanes) inFlight.delete(lane);
          }
        },
        async get(method, query, priority, signal) {
          if (!(await admit(priority, signal)))
            return { kind: 'failed', left: false, reason: 'stopped', detail: 'stopped' };
          if (life.dead) return new Promise<Exchange>(() => {});
          notes.moment('read');
          return perform(ledger.get(number, `${apiPath(method)}?${encodeFields(query)}`, priority === 'feed'), signal);
        },
        close: async () => {},
      };
    },
  };
}
