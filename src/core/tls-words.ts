/** The facts of a certificate; dates in ms since 1970. */
export type CertificateFacts = {
  /** The host names and addresses for which it is valid. */
  readonly names: readonly string[];
  /** Who signed it. */
  readonly issuer: string | null;
  readonly validFrom: number | null;
  readonly validTo: number | null;
};

/** The names and config keys of one connection, for the advice. */
export type TlsNames = {
  /** The name of the other end, such as `the broker`. */
  readonly server: string;
  /** The address in the config, and its host. */
  readonly url: string;
  readonly host: string;
  /** The key of the address: `url:`. */
  readonly urlKey: string;
  /** Where the config names a certificate authority, such as `under tls.ca`. */
  readonly caAdvice: string;
  /** The key for another name than that of the host; null: there is none. */
  readonly nameKey: string | null;
  /** The key for the gateway's own certificate; null: it can have none. */
  readonly ownKey: string | null;
  /** Now, by this host's clock (ms since 1970). */
  readonly now: number;
};

const NOT_KNOWN =
  /^(?:UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?|SELF_SIGNED_CERT_IN_CHAIN|CERT_UNTRUSTED|INVALID_CA)$/;
const OWN_REFUSED =
  /ALERT_(?:BAD_|UNSUPPORTED_|REVOKED_)?CERTIFICATE(?:_(?:EXPIRED|REVOKED|UNKNOWN))?$|ALERT_UNKNOWN_CA$|ALERT_ACCESS_DENIED$|ALERT_DECRYPT_ERROR$/;
const NO_TLS = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE|BAD_RECORD_TYPE/;
const NO_COMMON =
  /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|HANDSHAKE_FAILURE|NO_SHARED_CIPHER|INSUFFICIENT_SECURITY/;
const OWN_FILES = /^ERR_OSSL_|^ERR_MISSING_PASSPHRASE|PEM|KEY_VALUES_MISMATCH/;

/** The code of an error for `tlsWords`. Where Node has only EPROTO, it comes from OpenSSL's message. Pure. */
export function tlsCode(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const reason = /:SSL routines:[^:]*:([^:]+):/.exec(String(message))?.[1];
  return code === 'EPROTO' && reason ? reason.toUpperCase().replaceAll(' ', '_') : String(code);
}

/** Whether the certificate of the other end is the problem, so that its facts help. Pure. */
export function isAboutCertificate(code: string): boolean {
  return /^(?:CERT_|ERR_TLS_CERT_|DEPTH_ZERO_|UNABLE_TO_|SELF_SIGNED_|INVALID_)/.test(code);
}

/** The meaning of a TLS error and the next step; null: the error is not known. `code` is Node's. Pure. */
export function tlsWords(code: string, certificate: CertificateFacts | null, names: TlsNames): string | null {
  const { server, url, ownKey } = names;
  const its = `the certificate of ${url}`;
  const issuer = certificate?.issuer ? ` (${certificate.issuer})` : '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return otherName(certificate, names);
  if (code === 'CERT_HAS_EXPIRED')
    return `${its} expired${on(certificate?.validTo)}; whoever runs ${server} has to renew it (the clock of this host shows ${day(names.now)})`;
  if (code === 'CERT_NOT_YET_VALID')
    return `${its} is valid from ${instant(certificate?.validFrom) ?? 'a later time'} on, and the clock of this host shows ${day(names.now)}; is that clock right? Set it, or whoever runs ${server} has to make another certificate`;
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT')
    return `${its} is signed by itself${issuer} and not by an authority that this host knows; if it is the right one, name it ${names.caAdvice}`;
  if (NOT_KNOWN.test(code))
    return `${its} is signed by an authority that this host does not know${issuer}; name that authority's certificate ${names.caAdvice}; if it is there, ${server} does not send the certificates between`;
  if (code === 'CERT_REVOKED') return `${its} was revoked; whoever runs ${server} has to make another one`;
  if (isAboutCertificate(code))
    return `${its} can't be trusted (${code}); whoever runs ${server} has to make another one`;
  if (/CERTIFICATE_REQUIRED/.test(code))
    return ownKey === null
      ? `${server} at ${url} asks for a certificate of the gateway, but the gateway has none; use an address that asks for none`
      : `${server} at ${url} asks for a certificate of the gateway; name its files under ${ownKey}`;
  if (OWN_REFUSED.test(code))
    return ownKey === null
      ? null
      : `${server} at ${url} does not accept the gateway's certificate (${code}); under ${ownKey} name one that its authority has signed and that has not expired`;
  if (NO_TLS.test(code))
    return `the server at ${url} does not speak TLS; check the port and the beginning of ${names.urlKey}`;
  if (NO_COMMON.test(code))
    return `${server} at ${url} and this host have no version or method of TLS in common${ownKey === null ? '' : `, or it asks for a certificate of the gateway (${ownKey})`}; ${server} has to allow TLS 1.2 or 1.3`;
  if (OWN_FILES.test(code) && ownKey !== null)
    return `the files under ${ownKey} and ${names.caAdvice.replace(/^under /, '')} can't be used (${code}); they have to be PEM files; the key must belong to the certificate and have no password`;
  return null;
}

function otherName(certificate: CertificateFacts | null, { url, host, urlKey, nameKey, server }: TlsNames): string {
  const names = certificate?.names ?? [];
  const shown = names.length === 0 ? 'no host' : names.slice(0, MOST_NAMES).join(', ');
  const begin = `the certificate of ${url} is for ${shown}, not for ${host}`;
  if (names.length === 0) return `${begin}; whoever runs ${server} has to make one with that name`;
  const elsewhere = nameKey === null ? '' : `, or write it under ${nameKey}`;
  return `${begin}; write ${urlKey} with ${names.length === 1 ? 'that name' : 'one of these names'}${elsewhere}`;
}

const MOST_NAMES = 5;

function on(at: number | null | undefined): string {
  return at == null ? '' : ` on ${instant(at)}`;
}

/** Whole days only: the log would repeat a text that changes every minute. */
function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function instant(at: number | null | undefined): string | null {
  return at == null || !Number.isFinite(at)
    ? null
    : new Date(at).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC');
}

/** The facts of a certificate from Node's description, also from the one in an error. Pure. */
export function certificateFacts(peer: object): CertificateFacts {
  const { subject, issuer, subjectaltname, valid_from, valid_to } = peer as {
    readonly subject?: Readonly<Record<string, unknown>>;
    readonly issuer?: Readonly<Record<string, unknown>>;
    readonly subjectaltname?: string;
    readonly valid_from?: string;
    readonly valid_to?: string;
  };
  const listed = (subjectaltname ?? '')
    .split(', ')
    .flatMap(entry => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? []);
  const common = text(subject?.['CN']);
  return {
    names: listed.length > 0 || common === null ? listed : [common],
    issuer: text(issuer?.['CN']) ?? text(issuer?.['O']),
    validFrom: time(valid_from),
    validTo: time(valid_to),
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, 100) : null;
}

function time(value: string | undefined): number | null {
  const at = Date.parse(value ?? '');
  return Number.isNaN(at) ? null : at;
}
