import type { IClientOptions } from 'mqtt';
import type { Clock } from '../../core/clock.ts';
import { errorMessage } from '../../core/errors.ts';
import {
  type CertificateFacts,
  certificateFacts,
  isAboutCertificate,
  tlsCode,
  tlsWords,
} from '../../core/tls-words.ts';
import { readCertificate } from './certificate.ts';
import { refusal } from './refusals.ts';

/** The reasons for a missing connection to a broker, with the advice for each. */
export interface ConnectionWords {
  /** The broker closed the connection before it answered. */
  readonly withoutAnswer: string;
  /** An open connection was closed without an error. */
  readonly closed: string;
  /** An open connection failed. */
  lost(error: Error): string;
  /** A connection that was never open failed. */
  notConnected(error: Error): string;
  isAboutCertificate(error: Error): boolean;
  /** Reads the broker's certificate. It shows the problem: a name, a date, or an authority. */
  distrusted(error: Error): Promise<string>;
  /** The certificate files can be read, but TLS can't use them. */
  filesUnusable(cause: unknown): string;
}

export function connectionWords(url: string, options: IClientOptions, clock: Clock): ConnectionWords {
  const withoutAnswer =
    options.protocol === 'mqtts'
      ? `${url} closed the connection without an answer; check whether this port speaks TLS (usually port 8883); for a port without TLS write mqtt://`
      : `${url} closed the connection without an answer; check version:, and whether TLS (mqtts://) is meant`;

  function tlsProblem(code: string, certificate: CertificateFacts | null): string | null {
    return tlsWords(code, certificate, {
      server: 'the broker',
      url,
      host: options.servername || (options.host ?? ''),
      urlKey: 'url:',
      caAdvice: 'under tls.ca',
      nameKey: 'tls.servername',
      ownKey: 'tls.cert and tls.key',
      now: clock.now(),
    });
  }

  return {
    withoutAnswer,
    closed: `the connection to ${url} is lost: the broker or the network closed it. A broker also does that when another client has the same client_id`,
    lost: error => `the connection to ${url} is lost: ${errorMessage(error)}`,
    notConnected(error) {
      const code: unknown = 'code' in error ? error.code : undefined;
      if (typeof code === 'number') return `${url} refuses the connection: ${refusal(code)}`;
      const problem = tlsProblem(tlsCode(error), null);
      if (problem !== null) return problem;
      if (code === 'ECONNRESET' || code === 'EPIPE') return withoutAnswer;
      return `${url} can't be reached; check url: and whether the broker runs: ${errorMessage(error)}`;
    },
    isAboutCertificate: error => isAboutCertificate(tlsCode(error)),
    async distrusted(error) {
      const { host = '', port = 0, servername } = options;
      const read = await readCertificate(host, port, servername, clock.now());
      const certificate = 'cert' in error && error.cert ? certificateFacts(error.cert) : read;
      return tlsProblem(tlsCode(error), certificate) ?? errorMessage(error);
    },
    filesUnusable: cause =>
      tlsProblem(tlsCode(cause), null) ?? `the files under tls: can't be used: ${errorMessage(cause)}`,
  };
}
