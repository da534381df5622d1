import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import { errorMessage, StartError } from '../core/errors.ts';

const PEM = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED )?CERTIFICATE-----/g;

/**
 * The authorities that may sign the certificate of L2L: those of a file, and those that this host knows, because a firewall may sign
 * some connections and not others. The file is in PEM form, or one certificate in DER form.
 */
export function readAuthorities(file: string): readonly string[] {
  const bytes = read(file);
  const written = bytes.toString('latin1').match(PEM) ?? [bytes];
  try {
    return [...written.map(one => new X509Certificate(one).toString()), ...getCACertificates('default')];
  } catch (error) {
    throw new StartError(
      `l2l.ca: the file ${file} holds no certificate that can be read (${errorMessage(error)}); it is a file in PEM form, with BEGIN CERTIFICATE in its first line`,
    );
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new StartError(`l2l.ca can't be read: ${errorMessage(error)}; check the path and the file's permissions`);
  }
}
