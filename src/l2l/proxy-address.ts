import { ENCODE } from '../core/address.ts';
import { StartError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';

/** An HTTP proxy that opens tunnels (CONNECT). */
export type HttpProxy = {
  /** Its address without a login, for messages. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** The gateway speaks TLS with the proxy itself too. */
  readonly isTls: boolean;
  /** `user:password`; null: the address has none. */
  readonly login: Secret | null;
  /** Where its address is written: `l2l.proxy`, or a name of the environment. */
  readonly from: string;
};

type Environment = Readonly<Record<string, string | undefined>>;
type Parsed = Omit<HttpProxy, 'from'> | { readonly problem: string };

const FORM = 'write http://host:port';
const ADDRESS =
  /^(?:(?<scheme>https?):\/\/)?(?:(?<login>[^\s@/?#\\]*)@)?(?<host>\[[\da-f:.]+\]|[\w.-]+)(?::(?<port>\d{1,5}))?\/?$/i;

/** Reads the address of a proxy. A problem repeats no part of the text, because any part may belong to a password. */
export function parseProxy(text: string): Parsed {
  const { scheme = 'http', login, host = '', port } = ADDRESS.exec(text.trim())?.groups ?? {};
  const isTls = scheme.toLowerCase() === 'https';
  const number = port === undefined ? (isTls ? 443 : 80) : Number(port);
  if (host === '' || number === 0 || number > 65_535) {
    if (/^socks/i.test(text.trim())) return { problem: `a SOCKS proxy can't be used; name an HTTP proxy: ${FORM}` };
    return { problem: text.includes('@') ? `${FORM}, http://USER:PASSWORD@host:port with a login; ${ENCODE}` : FORM };
  }
  const plain = decoded(login ?? '');
  if (plain === null) return { problem: `the login has a % that is not followed by two digits of a code; ${ENCODE}` };
  return {
    url: `${scheme.toLowerCase()}://${host}:${number}`,
    host: host.replaceAll(/[[\]]/g, ''),
    port: number,
    isTls,
    login: plain === '' ? null : new Secret(plain.includes(':') ? plain : `${plain}:`),
  };
}

/**
 * The proxy for an address of L2L; null: none. The config decides; without its key the environment does: HTTPS_PROXY, else HTTP_PROXY,
 * except for the hosts of NO_PROXY. An http:// address is a sandbox on this host, which the environment's proxy can't reach.
 */
export function proxyFor(url: string, configured: Secret | 'off' | undefined, env: Environment): HttpProxy | null {
  if (configured === 'off') return null;
  if (configured) return usable(configured.reveal(), 'l2l.proxy');
  const address = new URL(url);
  if (address.protocol !== 'https:') return null;
  const name = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'].find(one => env[one]?.trim());
  if (name === undefined || isExcluded(address, env['no_proxy'] ?? env['NO_PROXY'] ?? '')) return null;
  return usable(env[name] ?? '', name);
}

function usable(text: string, from: string): HttpProxy {
  const parsed = parseProxy(text);
  if (!('problem' in parsed)) return { ...parsed, from };
  const elsewhere = from === 'l2l.proxy' ? '' : ', or write l2l.proxy: off when L2L is reached without a proxy';
  throw new StartError(`${from} is no address of a proxy that can be used: ${parsed.problem}${elsewhere}`);
}

/** NO_PROXY is a list of hosts, domains (`.plant.local`, `*.plant.local`) and `*`, each with or without a port. */
function isExcluded({ hostname, port }: URL, list: string): boolean {
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some(entry => {
      if (entry === '*') return true;
      const [, name = '', only] = /^(?:\*?\.)?(\[.*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (name === '' || (only !== undefined && only !== (port || '443'))) return false;
      const bare = hostname.replaceAll(/[[\]]/g, '');
      return bare === name.replaceAll(/[[\]]/g, '') || bare.endsWith(`.${name}`);
    });
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
