import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Authority, type Signed, testAuthority } from '../../support/certificates.ts';
import { testFolder } from '../../support/folder.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { adapterFor, live, source } from './support.ts';

let authority: Authority;
let good: Signed;
const shared = mkdtempSync(join(tmpdir(), 'l2l-tls-'));
afterAll(() => rmSync(shared, { recursive: true }));
beforeAll(() => {
  authority = testAuthority('Plant Authority', shared);
  good = authority.sign({ names: 'IP:127.0.0.1' });
});

/** A port that speaks TLS with this certificate, and nothing more. */
async function tlsPort({ cert, key }: Signed, more: TlsOptions = {}): Promise<string> {
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key), ...more });
  server.on('tlsClientError', () => {});
  server.on('secureConnection', socket => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const said = (url: string, tls?: object) =>
  live(adapterFor(source(url, { 'a.b': { topic: 'a', as: 'number' } }, tls ? { tls } : {}))).ended;

/** A broker with TLS, for the errors that only a whole broker gives. */
async function tlsBroker(...config: readonly string[]) {
  const broker = await startMosquitto({
    config: ['certfile $DIR/cert', 'keyfile $DIR/key', 'cafile $DIR/ca', ...config],
    files: {
      cert: readFileSync(good.cert, 'utf8'),
      key: readFileSync(good.key, 'utf8'),
      ca: readFileSync(authority.ca, 'utf8'),
    },
  });
  onTestFinished(broker.close);
  return broker.url.replace('mqtt:', 'mqtts:');
}

describe('a broker whose certificate', () => {
  it.each([
    [
      'DNS:broker.plant',
      'is for broker.plant, not for 127.0.0.1; write url: with that name, or write it under tls.servername',
    ],
    [
      'DNS:a.plant,DNS:b.plant,IP:10.0.0.5',
      'is for a.plant, b.plant, 10.0.0.5, not for 127.0.0.1; write url: with one of these names, or',
    ],
    [null, 'is for common.name, not for 127.0.0.1'],
  ])('a certificate for other names (%s) is reported with its names', async (names, words) => {
    const url = await tlsPort(authority.sign({ names }));
    expect(await said(url, { ca: authority.ca })).toContain(`the certificate of ${url} ${words}`);
  });

  it('an expired certificate is reported with its date and the person who must act', async () => {
    const url = await tlsPort(authority.sign({ names: 'IP:127.0.0.1', to: '20210203040500Z' }));
    expect(await said(url, { ca: authority.ca })).toContain(
      `the certificate of ${url} expired on 2021-02-03 04:05 UTC; whoever runs the broker has to renew it`,
    );
  });

  it('a certificate that is not valid yet is reported with its date and a hint at the clock of this host', async () => {
    const url = await tlsPort(authority.sign({ names: 'IP:127.0.0.1', from: '20380102030400Z' }));
    expect(await said(url, { ca: authority.ca })).toMatch(
      /is valid from 2038-01-02 03:04 UTC on, and the clock of this host shows 20.*; is that clock right\?/,
    );
  });

  it('a certificate of an unknown authority is reported with the key of the config to set', async () => {
    const url = await tlsPort(good);
    const words =
      "is signed by an authority that this host does not know (Plant Authority); name that authority's certificate under tls.ca";
    expect(await said(url)).toContain(words);
    expect(await said(url, { ca: testAuthority('Another').ca })).toContain(words);
  });

  it('a self-signed certificate is reported', async () => {
    const folder = testAuthority('Itself');
    const own = { cert: folder.ca, key: folder.ca.replace('ca.pem', 'ca.key') };
    expect(await said(await tlsPort(own))).toContain('is signed by itself (Itself)');
  });

  it('a missing intermediate certificate is reported', async () => {
    const url = await tlsPort(authority.below().sign({ names: 'IP:127.0.0.1' }));
    expect(await said(url, { ca: authority.ca })).toContain('the broker does not send the certificates between');
  });

  it('a certificate for the name under tls.servername connects', async () => {
    const broker = await startMosquitto({
      config: ['certfile $DIR/cert', 'keyfile $DIR/key'],
      files: (({ cert, key }) => ({ cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }))(
        authority.sign({ names: 'DNS:broker.plant' }),
      ),
    });
    onTestFinished(broker.close);
    const tls = { ca: authority.ca, servername: 'broker.plant' };
    const config = source(broker.url.replace('mqtt:', 'mqtts:'), { 'a.b': { topic: 'a', as: 'number' } }, { tls });
    const life = live(adapterFor(config));
    await life.connected();
    expect(await life.stop()).toBe('resolved');
  });

  it('a source can be stopped while its certificate is checked', async () => {
    const url = await tlsPort(authority.sign({ names: 'DNS:other' }));
    const life = live(adapterFor(source(url, { 'a.b': { topic: 'a', as: 'number' } }, { tls: { ca: authority.ca } })));
    expect(await life.stop()).toMatch(/resolved|is for other/);
  });
});

describe('a broker that asks for a certificate of the gateway', () => {
  it('a required client certificate is reported as missing', async () => {
    const url = await tlsBroker('require_certificate true');
    expect(await said(url, { ca: authority.ca })).toMatch(
      /asks for a certificate of the gateway|tls\.cert and tls\.key/,
    );
  });

  it('a refused client certificate is reported', async () => {
    const url = await tlsBroker('require_certificate true');
    const { cert, key } = testAuthority('Stranger').sign({ names: 'DNS:me' });
    expect(await said(url, { ca: authority.ca, cert, key })).toContain("does not accept the gateway's certificate");
  });

  it('wrong certificate files are reported', async () => {
    const url = await tlsPort(good);
    const garbage = join(testFolder(), 'garbage.pem');
    writeFileSync(garbage, 'no certificate\n');
    const other = authority.sign({ names: 'DNS:me' });
    for (const tls of [
      { ca: authority.ca, cert: garbage, key: garbage },
      { ca: authority.ca, cert: good.cert, key: other.key },
    ])
      expect(await said(url, tls)).toMatch(/^the files under tls\.cert and tls\.key .*can't be used/);
    expect(await said(url, { ca: garbage })).toMatch(/tls\.ca/);
  });
});

describe('TLS and a port without it', () => {
  it('a port without TLS is reported', async () => {
    const broker = await startMosquitto();
    onTestFinished(broker.close);
    expect(await said(broker.url.replace('mqtt:', 'mqtts:'))).toMatch(/TLS/);
  });

  it('a plain connection to a TLS port is reported with a hint at TLS', async () => {
    for (const url of [await tlsBroker(), await tlsPort(good)])
      expect(await said(url.replace('mqtts:', 'mqtt:'))).toMatch(/TLS \(mqtts:\/\/\)/);
  });

  it('a missing common version of TLS is reported', async () => {
    const url = await tlsPort(good, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
    expect(await said(url, { ca: authority.ca })).toContain('no version or method of TLS in common');
  });
});
