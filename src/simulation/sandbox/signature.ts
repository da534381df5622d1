import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Params } from './params.ts';

/** The secret key of a server, and the calls that need a signature: areas or methods, with the parameters that are signed. */
export type SignedCalls = {
  readonly server: string;
  readonly secret: string;
  readonly calls: Readonly<Record<string, readonly string[]>>;
};

/** Why a call is refused for its signature, in words; null: the signature is right, or the call needs none. */
export function signatureProblem(
  { server, secret, calls }: SignedCalls,
  target: string,
  params: Params,
  now: number,
): string | null {
  const [area = ''] = target.split('/');
  const names = calls[target] ?? calls[area];
  if (names === undefined) return null;
  const [given, expires, signature] = ['_server', '_expiration', '_signature'].map(name => params.text(name) ?? '');
  if (!signature || !given || !expires) return 'This call must be signed: missing _server, _expiration or _signature';
  if (given !== server) return `Invalid signature: unknown _server ${given}`;
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(expires)) return 'Invalid signature: _expiration has a wrong format';
  if (Date.parse(`${expires.replace(' ', 'T')}Z`) < now) return 'Invalid signature: the request has expired';
  const lines = [given, expires, ...names.map(name => params.peek(name) ?? '')];
  const right = createHmac('sha512', secret)
    .update(Buffer.from(lines.join('\n'), 'utf8'))
    .digest();
  const sent = Buffer.from(signature, 'base64');
  return sent.length === right.length && timingSafeEqual(sent, right) ? null : 'Invalid signature';
}
