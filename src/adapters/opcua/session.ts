import { hostname } from 'node:os';
import {
  type ClientSession,
  type ClientSessionPublishService,
  type ClientSessionRawSubscriptionService,
  InMemoryCertificateKeyPairProvider,
  InMemoryCertificateStore,
  LogLevel,
  MessageSecurityMode,
  OPCUAClient,
  SecurityPolicy,
  setLogLevel,
  UserTokenType,
} from 'node-opcua';
import { type Clock, sleep } from '../../core/clock.ts';
import { endsWithin } from '../../core/lifecycle.ts';
import { faultWords } from './fault-words.ts';
import type { OpcuaSource } from './schema.ts';

const CONNECT_TIMEOUT = 10_000;
const CLOSE_TIMEOUT = 3000;
const REQUEST_TIMEOUT = 10_000;
const SESSION_TIMEOUT = 60_000;

// The stack would write to the console. Everything important also comes as an error, and the gateway logs that.
setLogLevel(LogLevel.Emergency);

/** node-opcua's session with services that its type does not list. */
export type RawSession = ClientSession & ClientSessionRawSubscriptionService & ClientSessionPublishService;

/** A session and its events outside of requests. */
export type OpenSession = {
  readonly session: RawSession;
  /** The connection came back and the server still has our session, so the notifications that it kept can be fetched. */
  onRestored(listener: () => void): void;
  /** The session is gone for good, with the reason in words. */
  onLost(listener: (why: string) => void): void;
  /** Ends session and connection, because PLCs have few. Takes some seconds at most; never rejects. */
  close(): Promise<void>;
};

/** Rejects with the reason in words when the server gives no session, or with the signal's reason. */
export async function openSession(source: OpcuaSource, clock: Clock, signal: AbortSignal): Promise<OpenSession> {
  signal.throwIfAborted();
  const applicationUri = `urn:${hostname()}:l2l-gateway`;
  const client = OPCUAClient.create({
    applicationName: 'l2l-gateway',
    applicationUri,
    clientName: 'l2l-gateway',
    endpointMustExist: false,
    securityMode: MessageSecurityMode.None,
    securityPolicy: SecurityPolicy.None,
    certificateKeyPairProvider: await ownCertificate(applicationUri),
    clientCertificateManager: new InMemoryCertificateStore({ autoAcceptUnknown: false }),
    requestedSessionTimeout: SESSION_TIMEOUT,
    defaultTransactionTimeout: REQUEST_TIMEOUT,
    connectionStrategy: { initialDelay: 250, maxDelay: 1000, maxRetry: 1 },
  });
  const opening = client
    .connect(source.endpoint)
    .then(() =>
      client.createSession(
        source.login
          ? { type: UserTokenType.UserName, userName: source.login.user, password: source.login.password.reveal() }
          : { type: UserTokenType.Anonymous },
      ),
    );
  try {
    const session = await within(CONNECT_TIMEOUT, opening, clock, signal);
    return watch(client, session, clock);
  } catch (cause) {
    // A session that comes after the end of the wait is closed together with its connection.
    opening.catch(() => {});
    await bounded(client.disconnect(), clock);
    if (signal.aborted) throw signal.reason;
    throw new Error(`no OPC UA session on ${source.endpoint}: ${faultWords(cause, source)}`);
  }
}

function watch(client: OPCUAClient, session: ClientSession, clock: Clock): OpenSession {
  const ours = session.sessionId.toString();
  const restored: (() => void)[] = [];
  const lost: ((why: string) => void)[] = [];
  const lose = (why: string) => {
    for (const listener of lost) listener(why);
  };
  // The first reconnect failed. A server that refuses the connection does not have our session either.
  client.on('backoff', () => lose('the connection is lost and the server does not take a new one'));
  client.on('close', () => lose('the server closed the connection'));
  session.on('session_closed', () => lose('the server closed the session'));
  session.on('session_restored', () => {
    if (session.sessionId.toString() === ours) for (const listener of restored) listener();
    else lose('the server was restarted or has dropped our session');
  });
  return {
    session: session as RawSession,
    onRestored: listener => restored.push(listener),
    onLost: listener => lost.push(listener),
    async close() {
      if (!client.isReconnecting) await bounded(session.close(true), clock);
      await bounded(client.disconnect(), clock);
    },
  };
}

let certificate: Promise<InMemoryCertificateKeyPairProvider> | undefined;

/** A client has a certificate even where nothing is signed. It is made in memory, once for each process, and never written to the disk. */
function ownCertificate(applicationUri: string): Promise<InMemoryCertificateKeyPairProvider> {
  certificate ??= (async () => {
    const provider = new InMemoryCertificateKeyPairProvider();
    await provider.ensureCertificateExists({ applicationUri, subject: '/CN=l2l-gateway', dns: [hostname()] });
    return provider;
  })();
  return certificate;
}

async function within<T>(ms: number, task: Promise<T>, clock: Clock, signal: AbortSignal): Promise<T> {
  const done = new AbortController();
  try {
    const late = sleep(clock, ms, AbortSignal.any([signal, done.signal])).then(() => {
      throw new Error(`no answer within ${ms} ms (ETIMEDOUT)`);
    });
    late.catch(() => {});
    return await Promise.race([task, late]);
  } finally {
    done.abort();
  }
}

/** The server may be gone. Then there is nothing left to close. */
async function bounded(task: Promise<unknown>, clock: Clock): Promise<void> {
  await endsWithin(CLOSE_TIMEOUT, task, clock).catch(() => {});
}
