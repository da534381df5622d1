import { describe, expect, it } from 'vitest';
import { kindOf } from '../../src/actions/registry.ts';
import { systemClock } from '../../src/core/clock.ts';
import {
  type Call,
  type ChainState,
  type Delivery,
  NO_CHAIN,
  type Outcome,
  type StoredAction,
} from '../../src/core/delivery.ts';
import { Secret } from '../../src/core/secret.ts';
import { createBudget } from '../../src/l2l/budget.ts';
import { type Client, createClient } from '../../src/l2l/client.ts';
import { createDelivery } from '../../src/l2l/delivery.ts';
import { startHttpServer } from '../support/http-server.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { DENVER, frozenCall, NEVER } from './calls.ts';

export type ContractCase = {
  readonly actions: readonly StoredAction[];
  readonly chain?: ChainState;
  /** The fields that the journal adds to the call before it is sent. */
  readonly fields?: Partial<Call>;
  /** An answer of L2L that means success. */
  readonly success: object;
};

const KEY = 'secret-key-4711';
const REFUSED = { success: false, error: 'Problem with the request' };
const STATUSES = Array.from({ length: 400 }, (_, index) => 200 + index);

type Reply = { readonly status: number; readonly body: (headers: object) => string };

/** A delivery over a real HTTP server that gives the same reply to every request. */
async function setUp() {
  let reply: Reply = { status: 200, body: () => '' };
  const server = await startHttpServer((request, response) => {
    // 204 and 304 have no body, and Node refuses to send one.
    response.writeHead(reply.status).end(reply.body(request.headers));
  });
  const clock = systemClock();
  const log = recordingLogger();
  const budget = createBudget({ clock, log, rate: null });
  const client = createClient({ url: server.url, apiKey: new Secret(KEY), budget, clock });
  const delivery = createDelivery({
    settle: { call: 60_000, batch: 300_000 },
    client,
    site: 43,
    user: 'gateway',
    zone: DENVER,
    clock,
    log,
    chainOf: () => NO_CHAIN,
  });
  return {
    delivery,
    log,
    seen: server.seen,
    client,
    give(status: number, body: Reply['body']) {
      reply = { status, body };
    },
    async [Symbol.asyncDispose]() {
      await client.close();
    },
  };
}

function short(outcome: Outcome): string {
  return 'reason' in outcome ? `${outcome.kind} ${outcome.reason}` : outcome.kind;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

/** The duties of every kind of action, whatever L2L or a proxy between answers. */
export function actionContract(name: string, make: () => ContractCase): void {
  describe(`contract of ${name}`, () => {
    const callOf = (delivery: Delivery, { actions, chain = NO_CHAIN, fields }: ContractCase) =>
      frozenCall(delivery, actions, chain, fields);

    it('the schema accepts the parameters of the kind, and refuses others', () => {
      for (const action of make().actions) {
        const { params } = kindOf(action.kind);
        expect(params.parse(action.params)).toEqual(action.params);
        expect(params.safeParse({}).success).toBe(false);
      }
    });

    it('freezing changes nothing and gives the same request each time', async () => {
      await using one = await setUp();
      await using other = await setUp();
      const { actions, chain = NO_CHAIN } = deepFreeze(make());
      const first = one.delivery.freeze(actions, chain);
      expect(one.delivery.freeze(actions, chain)).toEqual(first);
      expect(other.delivery.freeze(structuredClone(actions), structuredClone(chain))).toEqual(first);
      expect(one.seen).toEqual([]);
    });

    it('the call sends the same bytes in every attempt, with the key only in its header', async () => {
      await using set = await setUp();
      const call = callOf(set.delivery, make());
      set.give(503, () => '');
      await set.delivery.send(call, NEVER);
      await set.delivery.send({ ...call, attempt: 1 }, NEVER);
      const [first, second] = set.seen;
      expect([second?.method, second?.url, second?.body]).toEqual([first?.method, first?.url, first?.body]);
      expect(first?.method).toBe('POST');
      expect(first?.headers.l2lauth).toBe(KEY);
      expect(`${first?.url} ${first?.body}`).not.toMatch(/secret-key|auth=/);
    });

    it('the call understands a success', async () => {
      await using set = await setUp();
      const test = make();
      set.give(200, () => JSON.stringify(test.success));
      const outcome = await set.delivery.send(callOf(set.delivery, test), NEVER);
      expect(['delivered', 'accepted']).toContain(outcome.kind);
      expect(JSON.parse(JSON.stringify(outcome))).toEqual(outcome);
    });

    it('every status has a meaning, and none shows the key', async () => {
      await using set = await setUp();
      const call = callOf(set.delivery, make());
      const wrong: string[] = [];
      for (const status of STATUSES) {
        const hasBody = status !== 204 && status !== 304;
        for (const isJson of [true, false]) {
          set.give(status, headers => {
            const echo = JSON.stringify(headers);
            return !hasBody ? '' : isJson ? JSON.stringify({ ...REFUSED, error: `no: ${echo}` }) : `<p>${echo}</p>`;
          });
          const outcome = await set.delivery.send(call, NEVER);
          if (JSON.stringify(outcome).includes('secret-key')) wrong.push(`${status} shows the key`);
          const isRefusal = isJson && hasBody && (status < 300 || status >= 400);
          const wanted =
            status === 429
              ? 'retry rate_limited'
              : isJson && (status === 401 || status === 403)
                ? 'halt auth'
                : status >= 500 && (isJson || status !== 511)
                  ? 'unknown server'
                  : isRefusal
                    ? 'rejected refused'
                    : 'unknown unreadable';
          if (short(outcome) !== wanted) wrong.push(`${status} ${isJson ? 'JSON' : 'page'}: ${short(outcome)}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(JSON.stringify(set.log.lines)).not.toContain('secret-key');
    });

    it('a success that is not understood neither doubles nor loses a call', async () => {
      await using set = await setUp();
      const call = callOf(set.delivery, make());
      for (const body of ['{"success":true}', '{"success":true,"data":[]}', '{"success":true,"data":{"id":"x"}}']) {
        set.give(200, () => body);
        const outcome = await set.delivery.send(call, NEVER);
        expect(['delivered', 'accepted', 'unknown']).toContain(outcome.kind);
      }
    });

    it.each([401, 403, 429, 500, 302, 200])('a look-up that failed with status %i decides nothing', async status => {
      await using set = await setUp();
      const call = { ...callOf(set.delivery, make()), state: 'unknown', attempt: 1, sentAt: 0 } as const;
      // Only L2L's own words are about the key. A page comes from another server on the way.
      const isKey = status === 401 || status === 403;
      set.give(status, headers =>
        isKey ? JSON.stringify({ success: false, error: headers }) : `<p>${JSON.stringify(headers)}</p>`,
      );
      const kind = isKey ? 'halt' : 'retry';
      const look = await set.delivery.look(call, NEVER);
      expect(look).toMatchObject({ kind: 'failed', outcome: { kind } });
      expect(JSON.stringify(look)).not.toContain('secret-key');
      const prepared = await set.delivery.prepare({ ...call, base: null }, NEVER);
      if (prepared.kind !== 'send') expect(prepared).toMatchObject({ kind: 'failed', outcome: { kind } });
      expect(JSON.stringify(set.log.lines)).not.toContain('secret-key');
    });

    it('an error of the gateway becomes an outcome', async () => {
      const broken: Client = {
        admit: async () => true,
        post: () => Promise.reject(new Error('bug')),
        get: () => Promise.reject(new Error('bug')),
        close: () => Promise.resolve(),
      };
      const log = recordingLogger();
      const options = {
        settle: { call: 60_000, batch: 300_000 },
        client: broken,
        site: 43,
        user: 'gateway',
        zone: DENVER,
        clock: systemClock(),
        log,
        chainOf: () => NO_CHAIN,
      };
      const delivery = createDelivery(options);
      const call = callOf(delivery, make());
      expect((await delivery.send(call, NEVER)).kind).toBe('unknown');
      expect((await delivery.look(call, NEVER)).kind).toBe('failed');
      expect(log.lines.some(line => line.level === 'error')).toBe(true);
    });
  });
}
