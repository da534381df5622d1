import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import { errorMessage } from '../core/errors.ts';
import { formatDuration } from '../core/fields.ts';
import { certificateFacts, tlsCode, tlsWords } from '../core/tls-words.ts';
import type { HttpProxy } from './proxy-address.ts';

export type ConnectorOptions = {
  /** null: straight to L2L. */
  readonly proxy: HttpProxy | null;
  /** The authorities that may sign certificates, in PEM form; null: those that this host knows. */
  readonly authorities: readonly string[] | null;
  readonly userAgent: string;
  /** Longest time for a connection to come up (ms). */
  readonly timeout: number;
  readonly now: () => number;
};

/** What is wrong between the gateway and the proxy, or between the proxy and L2L. Its message says what to do, without a login. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
}

/** Opens the connections to L2L: straight, or through the tunnel of a proxy. No byte of a request is written before one is up. */
export function createConnector(options: ConnectorOptions): buildConnector.connector {
  const { proxy, authorities, timeout } = options;
  const trust = authorities && { ca: [...authorities], allowPartialTrustChain: true };
  // With one request at a time on a connection, and without HTTP/2, an error belongs to exactly one request.
  const direct = buildConnector({ timeout, allowH2: false, ...trust });
  if (!proxy) return direct;
  return (target, callback) => {
    const isTls = target.protocol === 'https:';
    const host = target.hostname.includes(':') ? `[${target.hostname}]` : target.hostname;
    openTunnel(proxy, `${host}:${target.port || (isTls ? 443 : 80)}`, { ...options, proxy, trust }).then(
      socket => {
        if (isTls) direct({ ...target, httpSocket: socket }, callback);
        else callback(null, socket);
      },
      (error: Error) => callback(error, null),
    );
  };
}

type Tunnel = ConnectorOptions & { readonly proxy: HttpProxy; readonly trust: object | null };

function openTunnel(proxy: HttpProxy, target: string, { trust, timeout, userAgent, now }: Tunnel): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const login = proxy.login && {
      'proxy-authorization': `Basic ${Buffer.from(proxy.login.reveal()).toString('base64')}`,
    };
    const asked = (proxy.isTls ? requestHttps : requestHttp)({
      host: proxy.host,
      port: proxy.port,
      // Otherwise Node takes the name of the Host header, which is L2L's, for that of the proxy.
      servername: isIP(proxy.host) === 0 ? proxy.host : '',
      method: 'CONNECT',
      path: target,
      headers: { host: target, 'user-agent': userAgent, ...login },
      agent: false,
      timeout,
      ...trust,
    });
    asked.once('connect', (answer, socket) => {
      socket.setTimeout(0);
      // An error of the tunnel ends what runs in it, and is reported there.
      socket.on('error', () => undefined);
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        resolve(socket as Socket);
        return;
      }
      socket.destroy();
      reject(new ProxyError(refusalWords(proxy, target, status, answer.headers['proxy-authenticate'] ?? '')));
    });
    asked.once('timeout', () => asked.destroy(new Error(`no answer within ${formatDuration(timeout)}`)));
    asked.on('error', error => reject(new ProxyError(faultWords(proxy, error, now()))));
    asked.end();
  });
}

/** What an answer of the proxy means that opens no tunnel. */
function refusalWords(proxy: HttpProxy, target: string, status: number, offers: string | readonly string[]): string {
  const { url, from, login } = proxy;
  const name = `the proxy ${url} (${from})`;
  if (status === 407) {
    const methods = String(offers);
    if (methods !== '' && !/\bbasic\b/i.test(methods))
      return `${name} asks for a login by ${methods.split(/[\s,]/, 1)[0]}, which the gateway does not speak (HTTP 407); ask plant IT for a login by Basic, or to let this host through without one`;
    if (login)
      return `${name} does not accept the user and password in its address (HTTP 407); correct them in ${from}`;
    return `${name} asks for a user and a password (HTTP 407); write http://USER:PASSWORD@host:port as the value of ${from}${from === 'l2l.proxy' ? `, as a reference such as \${L2L_PROXY}` : ''}`;
  }
  if (status === 500 || status === 502 || status === 503 || status === 504)
    return `${name} can't reach ${target} (HTTP ${status}): it does not know the name, or has no way there; check l2l.url, then ask plant IT to let the proxy resolve and reach it`;
  if (status === 401 || status === 403)
    return `${name} does not allow connections to ${target} (HTTP ${status}); ask plant IT to allow them`;
  return `${name} opens no connection to ${target} (HTTP ${status}); is this the address of a proxy? Check ${from}, then ask plant IT`;
}

function faultWords(proxy: HttpProxy, error: Error, now: number): string {
  const { url, host, from } = proxy;
  const { code, cert } = error as NodeJS.ErrnoException & { readonly cert?: object };
  const tls = tlsWords(tlsCode(error), cert ? certificateFacts(cert) : null, {
    server: 'the proxy',
    url,
    host,
    urlKey: from,
    caAdvice: 'under l2l.ca',
    nameKey: null,
    ownKey: null,
    now,
  });
  if (tls !== null) return tls;
  const name = `the proxy ${url} (${from})`;
  const said = errorMessage(error);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `this host does not find the address of ${name}: ${said}; correct ${from}, or the DNS of this host`;
  if (code?.startsWith('HPE_'))
    return `the server at the address of ${name} is not an HTTP proxy; check the port, and whether it begins with http:// or https://`;
  if (code === 'ECONNRESET')
    return `${name} ended the connection without an answer; check the port, and whether it begins with http:// or https://`;
  return `${name} can't be reached: ${said}; check ${from}, and that the proxy runs`;
}
