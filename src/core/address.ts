/** The advice for a password in an address. */
export const ENCODE = 'write @ # / % : of a password as %40 %23 %2F %25 %3A';

const PORT = '(?::(?<port>\\d{1,5}))?';
const HOST = '(?:\\[[0-9a-fA-F:.]+\\]|[\\w.-]+)';
/** A host, with or without scheme, port and path. No part of it can be a part of a password. */
const PLAIN = new RegExp(`^(?:[a-z][a-z0-9+.-]*:/{0,2})?(?:${HOST})?(?::\\d*)?(?:/[\\w./~-]*)?$`, 'i');
const SERVER = new RegExp(`^${HOST}${PORT}(?:/(?<database>\\d*))?$`);

/** Whether a message may show an address: it certainly holds no login. An address of another form may hold a login with an error in it. */
export function isPlainAddress(text: string): boolean {
  return PLAIN.test(text);
}

/** A problem with an address from the environment or a file. `problem` repeats no part of the address. */
export function aboutAddress(problem: string): { readonly referred: string } {
  return { referred: `is no address that can be used: ${problem}` };
}

/** Whether an address holds a login, even in a form in which a URL parser takes the login for something else. */
export function hasLogin(text: string): boolean {
  return text.includes('@');
}

/**
 * The mistake in the address of a Redis; null: none. The answer never holds a part of the address, because a parser may take a part of the
 * password for the host, the port or the path. `mayLogIn`: the address may hold user and password.
 */
export function redisAddressProblem(text: string, mayLogIn: boolean): string | null {
  const NO_ADDRESS = 'is no address; write redis://host:6379, rediss:// for TLS';
  const rest = /^rediss?:\/\/(.*)$/s.exec(text)?.[1];
  if (rest === undefined) return NO_ADDRESS;
  const at = rest.lastIndexOf('@');
  if (at === -1) {
    if (isServer(rest)) return null;
    return `${NO_ADDRESS}, redis://:PASSWORD@host:6379 with a password; ${ENCODE}`;
  }
  if (!mayLogIn) return 'is an address with a login; write the whole address as one reference such as ${REDIS_URL}';
  const wrong = (what: string) => `is no address that can be read safely: ${what}; ${ENCODE}`;
  const [user = '', password, ...more] = rest.slice(0, at).split(':');
  if (more.length > 0) return wrong('it has another : before the @');
  for (const part of [user, password ?? '']) {
    if (/[@/?#\\\s]/.test(part) || hasControl(part))
      return wrong('user or password hold @ # / ? \\ or a space as they are');
    if (!isEncoded(part)) return wrong('it has a % without the two digits of a code after it');
  }
  const server = SERVER.exec(rest.slice(at + 1));
  if (!server || !isPort(server.groups?.['port'])) return wrong('the text after the last @ is not host:port');
  if (server.groups?.['port'] === undefined)
    return wrong('with a user or password it needs the port too, such as :6379');
  return null;
}

function isServer(text: string): boolean {
  const server = SERVER.exec(text);
  return server !== null && isPort(server.groups?.['port']);
}

function isPort(port: string | undefined): boolean {
  return port === undefined || (Number(port) > 0 && Number(port) <= 65_535);
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function hasControl(text: string): boolean {
  return [...text].some(character => character < ' ' || character === '\u007f');
}
