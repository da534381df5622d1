import { describe, expect, it, onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { Secret } from '../../src/core/secret.ts';
import { createBudget } from '../../src/l2l/budget.ts';
import { type ClientOptions, createClient } from '../../src/l2l/client.ts';
import { encodeFields, type Fields } from '../../src/l2l/form.ts';
import { judge } from '../../src/l2l/outcome.ts';
import { createSeal, type Signing } from '../../src/l2l/seal.ts';
import type { Manners } from '../../src/simulation/sandbox/manners.ts';
import { startSandbox } from '../../src/simulation/sandbox/sandbox.ts';
import { startHttpServer } from '../support/http-server.ts';
import { API_KEY, WORLD } from '../support/sandbox.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const NEVER = new AbortController().signal;
const SECRET = 'a-secret-that-nobody-may-see';
const CALLS = { machines: ['code', 'cyclecount'], 'dispatches/open': ['site', 'description'] };
const SIGNED: Signing = { server: 'Gießerei 1', secret: new Secret(SECRET), calls: CALLS };
const COUNT = { site: 43, code: 'PRESS-01', cyclecount: 5 };
const OPEN = {
  site: 43,
  machinecode: 'PRESS-01',
  dispatchtypecode: 'DOWN',
  tradecode: 'MAINT',
  user: 'gateway',
  description: 'Ölpumpe & +5 % = "heiß"',
};

async function sandboxOf(manners: Partial<Manners> = {}) {
  const sandbox = await startSandbox({
    port: 0,
    host: '127.0.0.1',
    key: API_KEY,
    world: WORLD,
    manners: { signature: 'required', ...manners },
    signed: { server: 'Gießerei 1', secret: SECRET, calls: CALLS },
  });
  onTestFinished(() => sandbox.stop());
  return sandbox;
}

function clientOf(url: string, options: Partial<ClientOptions> = {}, clock: Clock = systemClock()) {
  const budget = createBudget({ clock, log: silentLogger, rate: null });
  const client = createClient({ url, apiKey: new Secret(API_KEY), budget, clock: systemClock(), ...options });
  onTestFinished(() => client.close());
  const write = async (method: string, fields: Fields) =>
    judge(await client.post({ method: 'POST', path: `/api/1.0/${method}`, body: encodeFields(fields) }, NEVER), {
      transient: [],
    });
  const read = async (method: string, fields: Fields) =>
    judge(await client.get(method, fields, 'look', NEVER), { transient: [] });
  return { write, read };
}

describe('a signed call', () => {
  it('has the signature of the example in the reference', () => {
    const clock = virtualClock(Date.parse('2016-03-31T12:45:00Z'));
    const secret = new Secret('Your-Secret-Key-Goes-Here');
    const signed = { server: 'Corporate HR Server', secret, calls: { users: ['username', 'active'] } };
    const body = 'active=True&username=johnsmith';
    const sealed = createSeal({ apiKey: new Secret('k'), signed, clock })({
      method: 'POST',
      path: '/api/1.0/users/',
      body,
    });

    expect(Object.fromEntries(new URLSearchParams(sealed.body))).toEqual({
      active: 'True',
      username: 'johnsmith',
      _server: 'Corporate HR Server',
      _expiration: '2016-03-31 13:00:00',
      _signature: 'p5d+RwhMcV92ElE0YHdZbEs/S5JqBMRkFuQFIsdmZHER/0dbXOdzzLTHQwEckJEUGD5ofw5xNjwPwQeb/EBTqA==',
    });
  });

  it('is taken where L2L asks for a signature: writes and reads of an area, and a method', async () => {
    const sandbox = await sandboxOf();
    const { write, read } = clientOf(sandbox.url, { signed: SIGNED });

    expect(await write('machines/set_cycle_count/', COUNT)).toMatchObject({ kind: 'success' });
    expect(await write('dispatches/open/', OPEN)).toMatchObject({ kind: 'success' });
    expect(await read('machines/', { site: 43, code: 'PRESS-01' })).toMatchObject({ kind: 'success' });
    expect(sandbox.state().dispatches).toMatchObject([{ description: OPEN.description }]);
    expect(sandbox.state().log.filter(({ ignored }) => ignored)).toEqual([]);
  });

  it('leaves calls that need none as they are', async () => {
    const server = await startHttpServer((_request, response) => response.end('{"success":true,"data":[]}'));
    const { write, read } = clientOf(server.url, { signed: SIGNED });
    await write('dispatches/close/12', { completed: '2026-03-02 06:00:00' });
    await read('sites/', { site: 43 });

    expect(server.seen.map(({ url, body }) => [url, body])).toEqual([
      ['/api/1.0/dispatches/close/12', 'completed=2026-03-02%2006%3A00%3A00'],
      ['/api/1.0/sites/?site=43', ''],
    ]);
  });

  const WRONG: readonly (readonly [string, Partial<ClientOptions>])[] = [
    ['no signature', {}],
    ['another secret', { signed: { ...SIGNED, secret: new Secret('another') } }],
    ['another server', { signed: { ...SIGNED, server: 'Plant 9' } }],
    ['other parameters', { signed: { ...SIGNED, calls: { machines: ['cyclecount', 'code'] } } }],
  ];
  it.each(WRONG)('with %s is refused, and the words name what to check', async (_, options) => {
    const sandbox = await sandboxOf();
    const before = sandbox.state().machines;

    expect(await clientOf(sandbox.url, options).write('machines/set_cycle_count/', COUNT)).toMatchObject({
      kind: 'halt',
      detail: expect.stringMatching(/does not accept the signature.*secret.*l2l\.signed.*clock.*_?sign/),
    });
    expect(sandbox.state().machines).toEqual(before);
  });

  it('is refused when the clock of the host is an hour behind', async () => {
    const { url } = await sandboxOf();
    const { now, at } = systemClock();
    const clock = {
      now: () => now() - 3_600_000,
      at: (time: number, callback: () => void) => at(time + 3_600_000, callback),
    };

    expect(
      await clientOf(url, { signed: SIGNED, clock }, clock).write('machines/set_cycle_count/', COUNT),
    ).toMatchObject({
      kind: 'halt',
      detail: expect.stringMatching(/clock of this host\): Invalid signature: the request has expired/),
    });
  });

  it('gets a new expiration with each attempt', () => {
    const clock = virtualClock(Date.parse('2026-03-02T06:00:00Z'));
    const seal = createSeal({ apiKey: new Secret('k'), signed: SIGNED, clock });
    const request = { method: 'POST', path: '/api/1.0/machines/set_cycle_count/', body: encodeFields(COUNT) } as const;
    const [first] = [seal(request), clock.advance(3_600_000)];
    const expirations = [first, seal(request)].map(({ body }) => new URLSearchParams(body).get('_expiration'));

    expect(expirations).toEqual(['2026-03-02 06:15:00', '2026-03-02 07:15:00']);
  });

  it('no answer that repeats the secret brings it into a message', async () => {
    const words = `Invalid signature, expected one by ${SECRET}`;
    const server = await startHttpServer((_request, response) =>
      response.end(JSON.stringify({ success: false, error: words })),
    );
    const verdict = await clientOf(server.url, { signed: SIGNED }).write('machines/set_cycle_count/', COUNT);

    expect(JSON.stringify(verdict)).toContain('expected one by ***');
    expect(JSON.stringify(verdict)).not.toContain(SECRET);
  });
});

describe('a write in the name of a real user', () => {
  it.each(['with_auth', 'any'] as const)(
    'is made by this user (realuser %s); reads are those of the key',
    async real_user => {
      const sandbox = await sandboxOf({ real_user, signature: 'ignored', created_by: 'key' });
      const { write, read } = clientOf(sandbox.url, { realUser: 'kim' });
      expect(await write('dispatches/open/', OPEN)).toMatchObject({ kind: 'success' });
      expect(await read('machines/', { site: 43 })).toMatchObject({ kind: 'success' });

      expect(sandbox.state().dispatches).toMatchObject([{ createdby: 'kim' }]);
      expect(sandbox.state().log.filter(({ ignored }) => ignored)).toEqual([]);
    },
  );

  it('the key is never in an address', async () => {
    const server = await startHttpServer((_request, response) => response.end('{"success":true,"data":[]}'));
    const { write, read } = clientOf(server.url, { realUser: 'kim & co' });
    await write('dispatches/open/', { site: 43 });
    await read('machines/', { site: 43 });

    expect(server.seen.map(({ url, body }) => [url, body])).toEqual([
      ['/api/1.0/dispatches/open/?realuser=kim%20%26%20co', `site=43&auth=${API_KEY}`],
      ['/api/1.0/machines/?site=43', ''],
    ]);
  });

  it('can be signed too', async () => {
    const sandbox = await sandboxOf({ created_by: 'key' });
    const { write } = clientOf(sandbox.url, { realUser: 'kim', signed: SIGNED });

    expect(await write('dispatches/open/', OPEN)).toMatchObject({ kind: 'success' });
    expect(sandbox.state().dispatches).toMatchObject([{ createdby: 'kim' }]);
  });

  it('a real user that L2L does not know is refused', async () => {
    const sandbox = await sandboxOf({ signature: 'ignored' });
    const { write } = clientOf(sandbox.url, { realUser: 'nobody' });

    expect(await write('dispatches/open/', OPEN)).toMatchObject({ detail: expect.stringContaining('realuser') });
    expect(sandbox.state().dispatches).toEqual([]);
  });
});
