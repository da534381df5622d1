import { errorMessage } from '../../core/errors.ts';
import { nodeText } from './node-ref.ts';
import { type Point, pointText } from './point.ts';
import type { OpcuaSource } from './schema.ts';

/** The advice for faults that are usual in plants, by OPC UA status or network code. */
const HINTS: Readonly<Record<string, (source: OpcuaSource) => string>> = {
  BadTooManySessions: () =>
    'the server has no free session: close other clients, or wait about a minute until sessions left behind have ended',
  BadTooManySubscriptions: () =>
    'the server has no free subscription: close other clients, or wait about a minute until subscriptions left behind have ended',
  BadUserAccessDenied: refusedLogin,
  BadIdentityTokenInvalid: refusedLogin,
  BadIdentityTokenRejected: refusedLogin,
  BadSecurityPolicyRejected: () =>
    'the server offers no endpoint without security, and the gateway supports no other yet',
  BadSecurityModeRejected: () =>
    'the server offers no endpoint without security, and the gateway supports no other yet',
  BadTcpEndpointUrlInvalid: () => 'the server does not know this endpoint path: check what follows the port',
  BadServerHalted: () => 'the server is stopped: is the PLC in STOP or being downloaded?',
  ECONNREFUSED: () => 'no program listens there: is the server switched on, and is the port right?',
  ENOTFOUND: () => 'the name of the server is not known: check the address or the DNS',
  EHOSTUNREACH: () => 'no way to the server: check the network and the firewall',
  ETIMEDOUT: () => 'no answer: check the network and the firewall',
};

function refusedLogin({ login }: OpcuaSource): string {
  return login
    ? `the server refuses the login of ${login.user}: check user and password`
    : 'the server asks for a login: add login: { user, password }';
}

/** A fault in words: the server's own status and the advice, never the password [P7]. */
export function faultWords(fault: unknown, source: OpcuaSource): string {
  const message = errorMessage(fault);
  const code = /\b(Bad[A-Z][A-Za-z]+|E[A-Z]{4,})\b/.exec(message)?.[1];
  const hint = code === undefined ? undefined : HINTS[code]?.(source);
  if (hint !== undefined) return `${hint} (${code})`;
  if (/user token policy/i.test(message)) {
    return source.login
      ? 'the server takes no user and password on a connection without security'
      : 'the server takes no anonymous session: add login: { user, password }';
  }
  if (code !== undefined) return `the server says ${code}`;
  const line = message.split('\n', 1)[0] ?? message;
  return source.login ? line.replaceAll(source.login.password.reveal(), '***') : line;
}

/** Why the server does not give a node, with the next check. */
export function refusalWords(point: Point, status: string): string {
  const node = pointText(point);
  switch (status) {
    case 'BadNodeIdUnknown':
    case 'BadNodeIdInvalid':
      return `the server does not know ${node} (${status}): check its spelling, and that the PLC program is loaded and lets OPC UA see it`;
    case 'BadUserAccessDenied':
    case 'BadNotReadable':
      return `the server does not let us read ${node} (${status}): give this login the right to`;
    case 'BadTooManyMonitoredItems':
    case 'BadTooManyOperations':
      return `the server takes no more nodes (${status}): read fewer, or raise its limit`;
    case 'BadIndexRangeNoData':
      return `the array has no element ${point.index} (${status}): index counts from 0`;
    case 'BadIndexRangeInvalid':
      return `the server gives no single elements of ${nodeText(point.node)} (${status}): let the PLC program copy the element to a node of its own`;
    default:
      return `the server refuses ${node}: ${status}`;
  }
}
