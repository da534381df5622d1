import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { Secret } from '../../src/core/secret.ts';
import { createBudget } from '../../src/l2l/budget.ts';
import { createClient } from '../../src/l2l/client.ts';
import { judge, type Verdict } from '../../src/l2l/outcome.ts';

const KEY = 'key-0815';
const OPEN = { method: 'POST', path: '/api/1.0/dispatches/open/', body: 'site=43' } as const;
const SUCCESS = '{"success":true,"data":{"id":7}}';
const PORTAL = '<!DOCTYPE html><html><head><title>Plant Network</title></head><body>Please log in</body></html>';
const clock = systemClock();

/** An answer with its header lines as they are written. Its length is correct, unless the test gives another one. */
function answer(status: string, headers: readonly string[], body: string | Buffer, length = Buffer.byteLength(body)) {
  const head = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${length}`, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

/** The outcome of a call whose request is answered with these bytes, and the number of requests. */
async function verdictOf(bytes: Buffer, endsConnection = false): Promise<{ verdict: Verdict; requests: number }> {
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => {
      requests += 1;
      socket.write(bytes);
      if (endsConnection) socket.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = createClient({
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    apiKey: new Secret(KEY),
    budget: createBudget({ clock, log: silentLogger, rate: null }),
    clock,
    timeout: 5000,
  });
  onTestFinished(async () => {
    await client.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const verdict = judge(await client.post(OPEN, new AbortController().signal), { transient: [] });
  return { verdict, requests };
}

const CUT = SUCCESS.slice(0, 20);
const LONG = `{"success":true,"data":"${'x'.repeat(9_000_000)}"}`;

describe('devices between the gateway and L2L', () => {
  it.each([
    ['gzip', answer('200 OK', ['Content-Encoding: gzip'], gzipSync(SUCCESS))],
    ['gzip in capitals', answer('200 OK', ['CONTENT-ENCODING: X-GZIP'], gzipSync(SUCCESS))],
    ['gzip without its header', answer('200 OK', [], gzipSync(SUCCESS))],
    ['br', answer('200 OK', ['content-encoding: br'], brotliCompressSync(SUCCESS))],
    ['deflate', answer('200 OK', ['content-encoding: deflate'], deflateSync(SUCCESS))],
    ['deflate without its header', answer('200 OK', ['content-encoding: deflate'], deflateRawSync(SUCCESS))],
    ['zstd', answer('200 OK', ['content-encoding: zstd'], zstdCompressSync(SUCCESS))],
    ['two codings', answer('200 OK', ['content-encoding: br, gzip'], gzipSync(brotliCompressSync(SUCCESS)))],
    ['a header for a coding that was taken away', answer('200 OK', ['content-encoding: gzip'], SUCCESS)],
    ['identity', answer('200 OK', ['content-encoding: identity'], SUCCESS)],
    ['a byte order mark', answer('200 OK', [], `\uFEFF${SUCCESS}`)],
    ['a byte order mark that was encoded twice', answer('200 OK', [], `\u00EF\u00BB\u00BF${SUCCESS}`)],
    ['UTF-16', answer('200 OK', [], Buffer.from(`\uFEFF${SUCCESS}`, 'utf16le'))],
    ['a guard before the JSON', answer('200 OK', [], `)]}',\r\n${SUCCESS}\r\n`)],
    ['comments around the JSON', answer('200 OK', [], `<!-- scanned -->\n${SUCCESS}\n<!-- by the firewall -->\n`)],
    ['a script behind the JSON', answer('200 OK', [], `${SUCCESS}<script src="//filter.plant/x.js">a}</script>`)],
    ['header names in capitals', answer('200 OK', ['CONTENT-TYPE: TEXT/HTML', 'TRANSFER-FOO: 1'], SUCCESS)],
    [
      'an interim answer',
      Buffer.concat([Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'), answer('200 OK', [], SUCCESS)]),
    ],
  ])('an answer of L2L with %s is understood', async (_what, bytes) => {
    const { verdict, requests } = await verdictOf(bytes);
    expect(verdict).toMatchObject({ kind: 'success', envelope: { success: true, body: { data: { id: 7 } } } });
    expect(requests).toBe(1);
  });

  const WEB_FILTER = /something between answered, such as a web filter.*ask plant IT to let this host reach L2L/;
  it.each<[string, Buffer, RegExp]>([
    ["a web filter's page with 403", answer('403 Forbidden', [], '<h1>Blocked</h1>'), WEB_FILTER],
    ["a web filter's JSON with 403", answer('403 Forbidden', [], '{"error":"blocked","category":"saas"}'), WEB_FILTER],
    ['an empty 403', answer('403 Forbidden', [], ''), WEB_FILTER],
    ["a proxy's page with 401", answer('401 Unauthorized', ['WWW-Authenticate: NTLM'], PORTAL), WEB_FILTER],
    ['a 407', answer('407 Login', ['Proxy-Authenticate: Basic'], PORTAL), /HTTP 407.*asks for a login.*l2l\.proxy/],
    ['a captive portal with 200', answer('200 OK', [], PORTAL), /such as a proxy or a login page.*Please log in/],
    ['a captive portal with 511', answer('511 Login', [], PORTAL), /HTTP 511.*the network asks for a login/],
    [
      'a redirect to a login page',
      answer('302 Found', ['Location: https://login.plant/sso?back=secret'], ''),
      /HTTP 302.*redirects are not followed.*login page.*ask plant IT.*to https:\/\/login\.plant\/sso$/,
    ],
    ['a redirect that keeps the method', answer('308 Moved', ['LOCATION: /else'], SUCCESS), /correct l2l\.url/],
    [
      'a maintenance page with 200',
      answer('200 OK', [], '<title>Maintenance</title>Back at 6'),
      /L2L is under maintenance.*: Maintenance ?Back at 6/,
    ],
    ['a page that holds JSON', answer('200 OK', [], `<html>${SUCCESS}</html>`), /not L2L's/],
    ['a page of a script', answer('200 OK', [], `<script>${SUCCESS}</script>`), /not L2L's/],
    ['junk before the JSON', answer('200 OK', [], `ok ${SUCCESS}`), /not L2L's/],
    ['an empty answer', answer('200 OK', [], ''), /not L2L's/],
    ['JSON of another service', answer('200 OK', [], '{"status":"ok"}'), /not L2L's/],
    ['two answers in one', answer('200 OK', [], `${SUCCESS}${SUCCESS}`), /cut or damaged/],
    ['a cut answer with a right length', answer('200 OK', [], CUT), /cut or damaged/],
    ['a cut gzip', answer('200 OK', ['content-encoding: gzip'], gzipSync(SUCCESS).subarray(0, 25)), /cut or damaged/],
    ['a coding that nobody knows', answer('200 OK', ['content-encoding: sdch'], SUCCESS), /content coding "sdch"/],
    [
      'a gzip bomb',
      answer('200 OK', ['content-encoding: gzip'], gzipSync(LONG)),
      /longer than 8388608 bytes.*plant IT/,
    ],
    ['an answer without end', answer('200 OK', [], LONG), /longer than 8388608 bytes.*plant IT/],
    ['headers without end', answer('200 OK', [`x: ${'y'.repeat(100_000)}`], SUCCESS), /does not speak HTTP.*plant IT/],
    ['what is no HTTP', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'), /does not speak HTTP as L2L does.*check l2l\.url/],
  ])('%s is named, and the outcome of the call is unknown', async (_what, bytes, words) => {
    const { verdict, requests } = await verdictOf(bytes);
    expect(verdict).toMatchObject({ kind: 'unknown', detail: expect.stringMatching(words) });
    expect(JSON.stringify(verdict)).not.toMatch(/API key|secret/);
    expect(requests).toBe(1);
  });

  it.each([
    ['a cut answer', answer('200 OK', [], CUT, 100)],
    ['half a header', Buffer.from('HTTP/1.1 200 OK\r\nContent-Le')],
    ['no answer', Buffer.alloc(0)],
  ])('the outcome of a call is unknown after a connection that ends with %s', async (_what, bytes) => {
    const { verdict, requests } = await verdictOf(bytes, true);
    expect(verdict).toMatchObject({ kind: 'unknown', detail: expect.stringMatching(/before the end of the answer/) });
    expect(requests).toBe(1);
  });

  it("401 and 403 in L2L's own JSON are about the key", async () => {
    for (const status of ['401 Unauthorized', '403 Forbidden']) {
      const { verdict } = await verdictOf(answer(status, [], '\uFEFF{"success":false,"error":"no"}'));
      expect(verdict).toMatchObject({ kind: 'halt', reason: 'auth', detail: expect.stringMatching(/API key/) });
    }
  });

  it('Retry-After is read in upper and lower case', async () => {
    const { verdict } = await verdictOf(answer('429 Slow', ['RETRY-AFTER: 7'], '{}'));
    expect(verdict).toMatchObject({ kind: 'retry', retryAfter: 7000 });
  });
});
