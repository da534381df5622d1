import { connect, type Socket } from 'node:net';
import modbusSerial from 'modbus-serial';
import { words } from '../../core/errors.ts';
import type { Read } from './plan.ts';
import type { Table } from './schema.ts';

/** What one request came to. `silent`: no usable answer came in time. */
export type Answer =
  | { readonly kind: 'data'; readonly data: Buffer }
  | { readonly kind: 'exception'; readonly code: number }
  | { readonly kind: 'silent'; readonly why: string };

/** One TCP connection to a device or gateway, one request at a time. */
export interface Link {
  /** Rejects only when the connection is lost or `close` was called. */
  read(read: Read): Promise<Answer>;
  /** Aborts as soon as the connection is lost or closed, with the reason. */
  readonly lost: AbortSignal;
  /** Ends the connection; resolves when the device has seen it, or after a second. */
  close(): Promise<void>;
}

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

/** Rejects with what to do when nobody answers, or with the signal's reason when it aborts. */
export async function openLink(options: LinkOptions, signal: AbortSignal): Promise<Link> {
  const socket = await openSocket(options, signal);
  const client = new modbusSerial.default();
  await client.linkTCP(socket, { port: options.port });
  client.setTimeout(options.timeout);

  const lost = new Promise<never>((_, reject) => {
    let cause: Error | undefined;
    socket.on('error', error => {
      cause = error;
    });
    socket.once('close', () => {
      const why = cause ? words(cause) : 'the device closed the connection';
      reject(new Error(`connection to ${options.host}:${options.port} lost: ${why}`));
    });
  });
  const over = new AbortController();
  lost.catch(reason => over.abort(reason));
  let closing: Promise<void> | undefined;
  return {
    lost: over.signal,
    read: ({ unit, table, address, length }) =>
      Promise.race([
        lost,
        new Promise<Answer>(resolve => {
          client[FUNCTION[table]](unit, address, length, (error: Error | null, result?: { buffer: Buffer }) => {
            resolve(result && !error ? { kind: 'data', data: result.buffer } : failed(error));
          });
        }),
      ]),
    close() {
      closing ??= end();
      return closing;
    },
  };

  async function end(): Promise<void> {
    const closed = lost.catch(() => {});
    socket.end();
    const late = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT);
    await closed;
    clearTimeout(late);
    // Cancels the timer of a request that was still waiting.
    await new Promise<void>(resolve => client.destroy(() => resolve()));
  }
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
