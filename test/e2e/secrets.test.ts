import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PATIENCE, runToEnd, testGateway } from '../support/gateway.ts';
import { startHttpServer } from '../support/http-server.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startOpcuaServer, TEST_NAMESPACE } from '../support/opcua.ts';
import { reservedPort } from '../support/port.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { API_KEY } from '../support/sandbox.ts';

const BROKER_PASSWORD = 'lube-pump-9-broker';
/** The hash of `lube-pump-9-broker`, as mosquitto_passwd writes it. */
const BROKER_USERS =
  'gateway:$7$101$rwvn3qglq0Llvk0k$l/u0mXBmGKrCaIV+A2yYwioQpM7Vt8857z9xZIqyPdOtYtIZahfmX1GhzWUUH6Uli+eYbn73M6iwVPjYuMlOag==\n';
const PLC_PASSWORD = 'torque-wrench-5-plc';
const REDIS_PASSWORD = 'fork-lift-3-redis';
const L2L_SECRET = 'rivet-hammer-7-signs';
const SECRETS = [API_KEY, BROKER_PASSWORD, PLC_PASSWORD, REDIS_PASSWORD, L2L_SECRET];

/** The forms in which a text may contain a secret. */
function formsOf(secret: string): readonly string[] {
  return [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')];
}

/** The names of the secrets in a text. */
function leaks(where: string, text: string): readonly string[] {
  return SECRETS.filter(secret => formsOf(secret).some(form => text.includes(form))).map(
    secret => `${where}: ${secret}`,
  );
}

/**
 * An L2L behind a proxy that shows everything that was sent to it, including the header with the key: in a page, in an answer, in a
 * refusal.
 */
function startTellTale() {
  let asked = 0;
  return startHttpServer((request, response) => {
    asked += 1;
    const echo = JSON.stringify(request);
    if (request.method === 'GET') {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ success: true, data: [], echo }));
      return;
    }
    switch (asked % 3) {
      case 0:
        response.writeHead(502, { 'content-type': 'text/html' }).end(`<h1>Bad gateway</h1><pre>${echo}</pre>`);
        return;
      case 1:
        response.end(
          JSON.stringify({ success: false, error: `key ${request.headers.l2lauth} may not do that: ${echo}` }),
        );
        return;
      default:
        response.end(JSON.stringify({ success: true, data: { echo } }));
    }
  });
}

describe('secrets', () => {
  it('no log, error, job, journal, page or report shows a secret, whoever sends it back', async () => {
    const [tellTale, redisPort] = await Promise.all([startTellTale(), reservedPort()]);
    const [broker, plc, redis] = await Promise.all([
      startMosquitto({ config: ['allow_anonymous false', 'password_file $DIR/users'], files: { users: BROKER_USERS } }),
      startOpcuaServer({
        nodes: [{ id: 's=running', type: 'Boolean', value: true }],
        users: { gateway: PLC_PASSWORD },
      }),
      startRedisServer(redisPort),
    ]);
    onTestFinished(broker.close);
    onTestFinished(plc.kill);
    await redis.client.config('SET', 'requirepass', REDIS_PASSWORD);
    const env = {
      BROKER_PASSWORD,
      PLC_PASSWORD,
      L2L_SECRET,
      REDIS_URL: `redis://:${REDIS_PASSWORD}@127.0.0.1:${redisPort}`,
    };
    const gateway = testGateway({
      l2l: tellTale.url,
      redis: '"${REDIS_URL}"',
      env,
      // With a real user the key is a parameter too.
      waits: {
        real_user: 'kim',
        signed: '{ server: plant, secret: "${L2L_SECRET}", calls: { dispatches: [site], machines: [] } }',
      },
      sources: `
  broker:
    protocol: mqtt
    url: ${broker.url}
    client_id: gateway_under_test
    login: { user: gateway, password: "\${BROKER_PASSWORD}" }
    signals:
      weld.alarm: { topic: weld/alarm, as: bool }
      weld.strokes: { topic: weld/strokes, as: integer, counter: { wraps: never, max_rate: 1000/s } }
  press_plc:
    protocol: opcua
    endpoint: ${plc.endpoint}
    namespace: ${TEST_NAMESPACE}
    login: { user: gateway, password: "\${PLC_PASSWORD}" }
    signals: { press.running: s=running }`,
      rules: `
  weld_down: { when: weld.alarm, on_delay: 0s, dispatch: { machine: WELD-01, type: DOWN, description: Weld, if_found_open: open } }
  press_down: { when: not press.running, on_delay: 0s, dispatch: { machine: PRESS-01, type: DOWN, description: Press } }
  weld_cycles: { cycles: { machine: WELD-01, counter: weld.strokes, every: 1s } }`,
    });
    const client = await connectAsync(broker.url, { username: 'gateway', password: BROKER_PASSWORD });
    onTestFinished(() => client.endAsync(true));
    const publish = (topic: string, text: string) => client.publishAsync(topic, text, { qos: 1, retain: true });
    await publish('weld/alarm', 'false');
    await publish('weld/strokes', '1');
    await gateway.start();
    await gateway.untilSeen();

    // All errors that can happen between the gateway and the servers that get a secret.
    for (let stop = 1; stop <= 6; stop += 1) {
      await publish('weld/alarm', 'true');
      await publish('weld/alarm', 'false');
      await publish('weld/strokes', String(1 + stop));
      await plc.set({ id: 's=running', type: 'Boolean', value: stop % 2 === 0 });
    }
    const written = () => tellTale.seen.filter(({ method }) => method === 'POST').length;
    await vi.waitFor(() => expect(written()).toBeGreaterThan(3), PATIENCE);
    await broker.kill();
    await plc.kill();
    await vi.waitFor(
      async () => expect((await gateway.ready()).missing.join()).toMatch(/broker.*press_plc/s),
      PATIENCE,
    );

    const pages = JSON.stringify([await gateway.status(), await gateway.ready()]);
    await redis.client.auth(REDIS_PASSWORD);
    const inRedis: string[] = [];
    for (const key of await redis.client.keys('*'))
      inRedis.push(key, ((await redis.client.dumpBuffer(key)) ?? '').toString('latin1'));
    // While Redis refuses the gateway, its own words contain the address.
    await redis.client.config('SET', 'requirepass', 'changed-by-it');
    await redis.client.call('CLIENT', 'KILL', 'SKIPME', 'yes');
    await vi.waitFor(async () => expect((await gateway.status()).queue.redis.up).toBe(false), PATIENCE);
    const pagesWithoutRedis = JSON.stringify([await gateway.status(), await gateway.ready()]);
    await gateway.kill();
    const files = globSync(join(gateway.dataFolder, '**')).filter(file => statSync(file).isFile());
    const checked = await runToEnd(['check', gateway.file], env);
    const wrong = await runToEnd(['check', gateway.file], { ...env, REDIS_URL: `redis:/${REDIS_PASSWORD}` });
    await broker.start();
    onTestFinished(broker.close);
    const refused = testGateway({
      l2l: tellTale.url,
      env: { BROKER_PASSWORD: `${BROKER_PASSWORD}-wrong` },
      sources: `
  broker:
    protocol: mqtt
    url: ${broker.url}
    client_id: another
    login: { user: gateway, password: "\${BROKER_PASSWORD}" }
    signals: { weld.alarm: { topic: weld/alarm, as: bool } }`,
      rules: `
  weld_down: { when: weld.alarm, on_delay: 0s, dispatch: { machine: WELD-01, type: DOWN, description: Weld } }`,
    });
    await refused.start();
    await vi.waitFor(
      async () => expect((await refused.ready()).missing.join()).toContain('refuses the connection'),
      PATIENCE,
    );
    const refusedPage = JSON.stringify(await refused.status());

    // The secrets were used and sent back, and there is text to search.
    expect(tellTale.seen.every(({ headers }) => headers.l2lauth === API_KEY)).toBe(true);
    expect(inRedis.join('').length).toBeGreaterThan(100);
    expect(checked.code).toBe(0);
    expect(wrong.code).toBe(2);
    const found = [
      ...leaks('log', gateway.output()),
      ...leaks('pages', pages + pagesWithoutRedis + refusedPage),
      ...leaks('log of a refused login', refused.output()),
      ...leaks('Redis', inRedis.join('\n')),
      ...leaks('check', checked.out + checked.err + wrong.out + wrong.err),
      ...files.flatMap(file => leaks(file, readFileSync(file, 'latin1'))),
    ];
    expect(found).toEqual([]);
    expect(gateway.output()).toContain('***');
    expect(files.length).toBeGreaterThan(1);
  });
});
