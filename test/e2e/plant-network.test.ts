import { readFileSync, writeFileSync } from 'node:fs';
import { connectAsync } from 'mqtt';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { testAuthority } from '../support/certificates.ts';
import { connectProxy, type Tunnel, tlsFront } from '../support/connect-proxy.ts';
import { PATIENCE, runToEnd, testGateway } from '../support/gateway.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { dispatchStory, testSandbox, timeOfDay } from '../support/sandbox.ts';

/** Only the proxy knows this name. */
const HOST = 'acme.l2l.test';
const PASSWORD = 'fork-lift-7-proxy';
const LOGIN = `Basic ${Buffer.from(`plant:${PASSWORD}`).toString('base64')}`;
const asksForLogin = ({ headers }: Tunnel) =>
  headers['proxy-authorization'] === LOGIN
    ? undefined
    : '407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm="plant"';

/** A gateway, and L2L behind a proxy that signs with its own authority, as the firewall of a plant does. */
async function plant(keys: (parts: { readonly ca: string; readonly port: number }) => string, proxyVariable?: string) {
  const broker = await startMosquitto();
  onTestFinished(broker.close);
  const sandbox = await testSandbox();
  const authority = testAuthority('Plant Firewall');
  const front = await tlsFront(authority.sign({ names: `DNS:${HOST}` }), Number(new URL(sandbox.url).port));
  const proxy = await connectProxy({ [`${HOST}:443`]: front }, asksForLogin);
  const gateway = testGateway({
    l2l: `https://${HOST}`,
    sources: `
  broker:
    protocol: mqtt
    url: ${broker.url}
    client_id: gateway_under_test
    signals: { press.alarm: { topic: press/alarm, json: $.on, time: $.ts, as: bool } }`,
    rules: `
  press_down:
    when: press.alarm
    on_delay: 0s
    dispatch: { machine: PRESS-01, type: DOWN, description: Alarm }`,
    ...(proxyVariable !== undefined && {
      env: { [proxyVariable]: `http://plant:${PASSWORD}@127.0.0.1:${proxy.port}`, NO_PROXY: '', no_proxy: '' },
    }),
  });
  const edit = (change: (yaml: string) => string) =>
    writeFileSync(gateway.file, change(readFileSync(gateway.file, 'utf8')));
  edit(yaml => yaml.replace('  site: 43', `${keys({ ca: authority.ca, port: proxy.port })}  site: 43`));
  const client = await connectAsync(broker.url);
  onTestFinished(() => client.endAsync(true));
  const report = (on: boolean, ts: number) =>
    client.publishAsync('press/alarm', JSON.stringify({ on, ts }), { qos: 1, retain: true });
  return { gateway, sandbox, proxy, report, edit };
}

describe('a plant whose only way to L2L is a proxy with a login and a firewall that signs TLS again', () => {
  it.each([
    ['l2l.proxy', `  proxy: "\${PLANT_PROXY}"\n`, 'PLANT_PROXY'],
    ['HTTPS_PROXY', '', 'HTTPS_PROXY'],
  ])('a gateway with l2l.ca and %s delivers, and shows the login nowhere', async (from, key, variable) => {
    const { gateway, sandbox, proxy, report } = await plant(({ ca }) => `${key}  ca: ${ca}\n`, variable);
    const start = Date.now();
    await report(true, start);
    await gateway.start();
    await gateway.untilReady();
    await vi.waitFor(
      () => expect(dispatchStory(sandbox.state(), 'PRESS-01')).toEqual([`open ${timeOfDay(start)}`]),
      PATIENCE,
    );
    await gateway.untilDelivered();

    expect(gateway.logged('L2L is reached through a proxy')).toMatchObject([
      { proxy: `http://127.0.0.1:${proxy.port}`, from },
    ]);
    expect(proxy.asked.every(({ target }) => target === `${HOST}:443`)).toBe(true);
    expect(proxy.asked[0]?.headers['user-agent']).toMatch(/^l2l-gateway\/\d+\.\d+\.\d+ \(test_gateway\)$/);
    const { out, err } = await runToEnd(['check', gateway.file], {
      [variable]: `http://plant:${PASSWORD}@127.0.0.1:${proxy.port}`,
    });
    const shown = `${gateway.output()}${out}${err}${JSON.stringify(await gateway.status())}`;
    expect(shown).not.toContain(PASSWORD);
    expect(shown).not.toContain(LOGIN.slice('Basic '.length, -2));
  });

  it('a gateway without these keys names each missing key, one after the other', async () => {
    const { gateway, proxy, report, edit, sandbox } = await plant(() => '');
    const start = Date.now();
    await report(true, start);
    const says = async (words: RegExp) => {
      await gateway.start();
      await vi.waitFor(
        async () => expect((await gateway.ready()).missing).toContainEqual(expect.stringMatching(words)),
        PATIENCE,
      );
      expect(await gateway.stop()).toBe(0);
    };

    await says(/^L2L .*can't be reached.*ENOTFOUND.*only through a proxy.*l2l\.proxy.*HTTPS_PROXY/);
    edit(yaml => yaml.replace('  site: 43', `  proxy: http://127.0.0.1:${proxy.port}\n  site: 43`));
    await says(/the proxy http:\/\/127\.0\.0\.1:\d+ \(l2l\.proxy\) asks for a user and a password \(HTTP 407\)/);
    edit(yaml => yaml.replace(/proxy: .*/, `proxy: "\${file:${gateway.file}.proxy}"`));
    writeFileSync(`${gateway.file}.proxy`, `http://plant:${PASSWORD}@127.0.0.1:${proxy.port}\n`);
    await says(
      /certificate of https:\/\/acme\.l2l\.test is signed by an authority that this host does not know.*l2l\.ca/,
    );
    edit(yaml => yaml.replace(/proxy: .*/, `proxy: http://plant:${PASSWORD}@127.0.0.1:${proxy.port}`));
    const { code, out, err } = await runToEnd(['check', gateway.file]);
    expect(code).toBe(2);
    expect(`${out}${err}`).toMatch(/l2l\.proxy.*with a password only as a reference such as \$\{L2L_PROXY\}/);
    expect(`${out}${err}`).not.toContain(PASSWORD);
    expect(sandbox.state().dispatches).toHaveLength(0);
    expect(gateway.output()).not.toContain(PASSWORD);
  });
});
