import { isIP } from 'node:net';
import { connect, type PeerCertificate } from 'node:tls';
import { type CertificateFacts, certificateFacts } from '../../core/tls-words.ts';

const WITHIN = 5000;

/**
 * Reads the certificate at a broker's port, trusted or not, because Node's errors do not contain it. This connection sends nothing, and
 * nothing that it read is trusted. Returns the certificate that is expired or not valid yet, otherwise the broker's own; null: there is
 * none.
 */
export function readCertificate(
  host: string,
  port: number,
  servername: string | undefined,
  now: number,
): Promise<CertificateFacts | null> {
  return new Promise(resolve => {
    const name = servername ?? (isIP(host) === 0 ? host : undefined);
    const socket = connect({ host, port, rejectUnauthorized: false, ...(name !== undefined && { servername: name }) });
    const end = (facts: CertificateFacts | null) => {
      resolve(facts);
      socket.destroy();
    };
    socket.setTimeout(WITHIN, () => end(null));
    socket.on('error', () => end(null));
    socket.once('close', () => end(null));
    socket.once('secureConnect', () => {
      const chain = chainOf(socket.getPeerCertificate(true)).map(certificateFacts);
      const isOff = ({ validFrom, validTo }: CertificateFacts) => (validTo ?? now) < now || (validFrom ?? now) > now;
      end(chain.find(isOff) ?? chain[0] ?? null);
    });
  });
}

/** The certificate and its issuers, as far as the broker sent them. The last one is its own issuer. */
function chainOf(
  first: PeerCertificate & { readonly issuerCertificate?: PeerCertificate },
): readonly PeerCertificate[] {
  const chain = new Set<PeerCertificate>();
  for (let next: typeof first | undefined = first; next && Object.keys(next).length > 0 && !chain.has(next); )
    next = chain.add(next) && (next.issuerCertificate as typeof first | undefined);
  return [...chain];
}
