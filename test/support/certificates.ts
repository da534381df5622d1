import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testFolder } from './folder.ts';

export type Signed = { readonly cert: string; readonly key: string };

/** A certificate authority that signs whatever a test needs. openssl makes all files, in the test's own folder. */
export interface Authority {
  /** The file with its certificate. */
  readonly ca: string;
  /**
   * Signs a certificate. `names` as openssl writes them, such as `DNS:broker.plant`; null: only the common name. Times such as
   * `20200101000000Z`.
   */
  sign(options: { readonly names: string | null; readonly from?: string; readonly to?: string }): Signed;
  /** Makes an authority below this one. */
  below(): Authority;
}

const FROM = '20200101000000Z';
const TO = '20400101000000Z';

const CONFIG = `[ca]
default_ca = here
[here]
database = index
serial = serial
new_certs_dir = issued
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`;

function openssl(folder: string, ...args: readonly string[]): void {
  const done = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`openssl ${args[0]} failed: ${done.stderr}`);
}

/** Without `folder` the files are in the folder of the test. */
export function testAuthority(name: string, folder: string = testFolder()): Authority {
  openssl(
    folder,
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3650'],
    ...['-subj', `/CN=${name}`, '-keyout', 'ca.key', '-out', 'ca.pem'],
  );
  return authorityIn(folder);
}

function authorityIn(folder: string): Authority {
  mkdirSync(join(folder, 'issued'));
  writeFileSync(join(folder, 'index'), '');
  writeFileSync(join(folder, 'serial'), '1000\n');
  writeFileSync(join(folder, 'ca.cnf'), CONFIG);
  let count = 0;
  function issue(commonName: string, extensions: readonly string[], from = FROM, to = TO): Signed {
    count += 1;
    const [key, request, cert] = [`${count}.key`, `${count}.csr`, `${count}.pem`];
    openssl(
      folder,
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-subj', `/CN=${commonName}`, '-keyout', key, '-out', request],
    );
    writeFileSync(join(folder, `${count}.ext`), ['[more]', ...extensions, ''].join('\n'));
    openssl(
      folder,
      ...['ca', '-batch', '-notext', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-in', request],
      ...['-out', cert, '-startdate', from, '-enddate', to],
      ...(extensions.length > 0 ? ['-extfile', `${count}.ext`, '-extensions', 'more'] : []),
    );
    return { cert: join(folder, cert), key: join(folder, key) };
  }
  return {
    ca: join(folder, 'ca.pem'),
    sign: ({ names, from, to }) => issue('common.name', names === null ? [] : [`subjectAltName = ${names}`], from, to),
    below() {
      const made = issue('Authority Below', ['basicConstraints = critical,CA:true']);
      const own = testFolder();
      writeFileSync(join(own, 'ca.pem'), readFileSync(made.cert));
      writeFileSync(join(own, 'ca.key'), readFileSync(made.key));
      return authorityIn(own);
    },
  };
}
