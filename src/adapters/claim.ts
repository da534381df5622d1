/** Something outside of the gateway that one source has for itself, such as a session at a broker. */
export type Claim = {
  /** The same for two sources that have the same thing. */
  readonly identity: string;
  /** Where it is written, from the source on. */
  readonly path: readonly string[];
  /** An error: both can't work. A warning: it is allowed, and rarely meant. */
  readonly fault: 'error' | 'warning';
  /** What is wrong with having what the source `other` has. */
  words(other: string): string;
};

/** Other names of this PC. */
const LOOPBACK =
  /^(?:localhost|0\.0\.0\.0|127(?:\.\d{1,3}){3}|::1|0:0:0:0:0:0:0:1|::ffff:127(?:\.\d{1,3}){3}|::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4})$/;

/** A host's address in one form: `BROKER.plant.` and `broker.plant` are one, and so are `localhost` and `127.0.0.1`. */
export function hostIdentity(host: string): string {
  const plain = host
    .trim()
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  return LOOPBACK.test(plain) ? 'localhost' : plain;
}
