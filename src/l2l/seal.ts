import { createHmac } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Secret } from '../core/secret.ts';
import type { HttpRequest } from './exchange.ts';
import { encodeFields, type Fields } from './form.ts';

/** How calls are signed for which L2L wants a signature. */
export type Signing = {
  /** The name under which L2L keeps the secret key. */
  readonly server: string;
  readonly secret: Secret;
  /** Record areas (`machines`) or methods (`dispatches/open`), each with the parameters of the signature in their order. */
  readonly calls: Readonly<Record<string, readonly string[]>>;
};

export type SealOptions = {
  readonly apiKey: Secret;
  /** Login of the user in whose name the gateway writes. */
  readonly realUser?: string | undefined;
  readonly signed?: Signing | undefined;
  readonly clock: Clock;
};

/** L2L's reference advises this time, so that nobody can send a request again later (ms). */
const GOOD_FOR = 15 * 60_000;

/**
 * Adds to a request what belongs to no record: the real user of a write, and the signature. That happens right before the send, because a
 * signature is good for a short time, and so that the journal holds no key. The fields of the call stay the same in each attempt.
 */
export function createSeal({ apiKey, realUser, signed, clock }: SealOptions): (request: HttpRequest) => HttpRequest {
  return request => {
    const { path, body } = request;
    const query = path.includes('?') ? path.slice(path.indexOf('?') + 1) : '';
    const parameters = signed && parametersOf(path, signed.calls);
    const sent = new URLSearchParams([query, body ?? ''].filter(Boolean).join('&'));
    const signature = parameters ? signatureOf(signed, parameters, sent, clock.now()) : {};
    if (body === undefined) return { ...request, path: joined(path, signature, query === '' ? '?' : '&') };
    if (realUser === undefined) return { ...request, body: joined(body, signature, '&') };
    // The reference names `realuser` as an argument of the address, and says that it works only with the key as a parameter.
    const own = joined(path, { realuser: realUser }, query === '' ? '?' : '&');
    return { ...request, path: own, body: joined(body, { auth: apiKey.reveal(), ...signature }, '&') };
  };
}

function joined(text: string, fields: Fields, mark: string): string {
  const more = encodeFields(fields);
  if (more === '') return text;
  return text === '' ? more : `${text}${mark}${more}`;
}

/** The parameters of the signature of a path such as `/api/1.0/dispatches/close/12`. undefined: it needs none. */
function parametersOf(path: string, calls: Signing['calls']): readonly string[] | undefined {
  const [, , , area = '', method = ''] = path.replace(/\?.*/, '').split('/');
  return calls[`${area}/${method}`] ?? calls[area];
}

/** A parameter that the call does not have is an empty text in the signature. */
function signatureOf(
  { server, secret }: Signing,
  parameters: readonly string[],
  sent: URLSearchParams,
  now: number,
): Fields {
  const expiration = new Date(now + GOOD_FOR).toISOString().slice(0, 19).replace('T', ' ');
  const values = [server, expiration, ...parameters.map(name => sent.get(name) ?? '')];
  const signature = createHmac('sha512', secret.reveal()).update(values.join('\n'), 'utf8').digest('base64');
  return { _server: server, _expiration: expiration, _signature: signature };
}
