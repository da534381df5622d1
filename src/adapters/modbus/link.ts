import { connect, type Socket } from 'node:net';
import modbusSerial from 'modbus-serial';
import { errorMessage } from '../../core/errors.ts';
import type { Read } from './plan.ts';
import type { Table } from './schema.ts';

/** The result of one request. `silent`: no usable answer came in time. */
export type Answer =
  | { readonly kind: 'data'; readonly data: Buffer }
  | { readonly kind: 'exception'; readonly code: number }
  | { readonly kind: 'silent'; readonly why: string };

/**
 * The connection to a device or gateway, with one request at a time. Many devices close a connection that was idle, or close it after each
 * answer. That is no fault: the next request makes a new connection. The link is lost when a new connection fails, or ends before its first
 * answer.
 */
export interface Link {
  /** Rejects only when the connection is lost or `close` was called. */
  read(read: Read): Promise<Answer>;
  /** Aborts as soon as the connection is lost or closed, with the reason. */
  readonly lost: AbortSignal;
  /** Ends the connection. Resolves when the device has closed it too, or after a second. */
  close(): Promise<void>;
}

/** One TCP connection. */
type Connection = {
  /** Rejects when the connection ends before the answer. */
  read(read: Read): Promise<Answer>;
  /** Why the connection ended; null while it is open. */
  readonly over: Error | null;
  /** The device answered on this connection, so the connection was good, whatever ended it. */
  readonly hasAnswered: boolean;
  close(): Promise<void>;
};

export type LinkOptions = {
  readonly host: string;
  readonly port: number;
  /** How long one request waits for its answer (ms). */
  readonly timeout: number;
};

const CONNECT_TIMEOUT = 3000;
const CLOSE_TIMEOUT = 1000;
const FUNCTION = {
  coil: 'writeFC1',
  discrete_input: 'writeFC2',
  holding: 'writeFC3',
  input: 'writeFC4',
} as const satisfies Record<Table, string>;

/** Rejects with the advice when nothing answers, or with the signal's reason when it aborts. */
export async function openLink(options: LinkOptions, signal: AbortSignal): Promise<Link> {
  const over = new AbortController();
  let connection = await connectTo(options, signal);
  let closing: Promise<void> | undefined;

  async function renew(): Promise<void> {
    await connection.close();
    connection = await connectTo(options, over.signal);
  }

  async function ask(read: Read): Promise<Answer> {
    if (connection.over !== null && connection.hasAnswered) await renew();
    const { hasAnswered } = connection;
    try {
      return await connection.read(read);
    } catch (reason) {
      // The device may have closed the connection just before this request.
      if (!hasAnswered || over.signal.aborted) throw reason;
      await renew();
      return connection.read(read);
    }
  }

  return {
    lost: over.signal,
    async read(read) {
      over.signal.throwIfAborted();
      try {
        return await ask(read);
      } catch (reason) {
        over.abort(reason);
        throw reason;
      }
    },
    close() {
      over.abort(new Error(`connection to ${options.host}:${options.port} closed`));
      closing ??= connection.close();
      return closing;
    },
  };
}

async function connectTo(options: LinkOptions, signal: AbortSignal): Promise<Connection> {
  const socket = await openSocket(options, signal);
  const client = new modbusSerial.default();
  await client.linkTCP(socket, { port: options.port });
  client.setTimeout(options.timeout);

  let over: Error | null = null;
  let hasAnswered = false;
  const lost = new Promise<never>((_, reject) => {
    let cause: Error | undefined;
    socket.on('error', error => {
      cause = error;
    });
    socket.once('close', () => {
      const why = cause ? errorMessage(cause) : 'the device closed the connection';
      over = new Error(`connection to ${options.host}:${options.port} lost: ${why}`);
      reject(over);
    });
  });
  lost.catch(() => {});
  let closing: Promise<void> | undefined;

  function request({ unit, table, address, length }: Read): Promise<Answer> {
    return new Promise(resolve => {
      client[FUNCTION[table]](unit, address, length, (error: Error | null, result?: { buffer: Buffer }) => {
        resolve(result && !error ? { kind: 'data', data: result.buffer } : failed(error));
      });
    });
  }

  async function end(): Promise<void> {
    const closed = lost.catch(() => {});
    socket.end();
    const late = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT);
    await closed;
    clearTimeout(late);
    // Cancels the timer of a request that was still waiting.
    await new Promise<void>(resolve => client.destroy(() => resolve()));
  }

  return {
    get over() {
      return over;
    },
    get hasAnswered() {
      return hasAnswered;
    },
    async read(read) {
      if (over !== null) throw over;
      const answer = await Promise.race([lost, request(read)]);
      if (answer.kind !== 'silent') hasAnswered = true;
      return answer;
    },
    close() {
      closing ??= end();
      return closing;
    },
  };
}

/** modbus-serial's own errors (time-out, port not open) are plain objects with a message. */
function failed(error: { message?: string; modbusCode?: unknown } | null): Answer {
  if (typeof error?.modbusCode === 'number') return { kind: 'exception', code: error.modbusCode };
  return { kind: 'silent', why: error?.message?.toLowerCase() || 'no answer' };
}

async function openSocket({ host, port }: LinkOptions, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const socket = connect({ host, port, noDelay: true });
  try {
    await new Promise<void>((resolve, reject) => {
      const abort = () => reject(signal.reason);
      const late = setTimeout(() => reject(new Error(`no answer within ${CONNECT_TIMEOUT} ms`)), CONNECT_TIMEOUT);
      socket.once('connect', resolve);
      socket.once('error', reject);
      signal.addEventListener('abort', abort, { once: true });
      socket.once('close', () => {
        clearTimeout(late);
        signal.removeEventListener('abort', abort);
      });
      socket.once('connect', () => {
        clearTimeout(late);
        signal.removeEventListener('abort', abort);
      });
    });
    return socket;
  } catch (cause) {
    socket.destroy();
    if (signal.aborted) throw signal.reason;
    throw new Error(
      `no Modbus connection to ${host}:${port}; check the address, the network, and that the device accepts one more connection`,
      { cause },
    );
  }
}
