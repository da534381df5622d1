/** Something outside of the gateway that one source needs for itself, such as a session at a broker. */
export type Claim = {
  /** Equal for two sources that claim the same thing. */
  readonly identity: string;
  /** Its path in the config, from the source on. */
  readonly path: readonly string[];
  /** error: both cannot work. warning: it is allowed, but rarely meant. */
  readonly fault: 'error' | 'warning';
  /** The problem in words when the source `other` claims the same. */
  words(other: string): string;
};

/** Other names of this host. */
const LOOPBACK =
  /^(?:localhost|0\.0\.0\.0|127(?:\.\d{1,3}){3}|::1|0:0:0:0:0:0:0:1|::ffff:127(?:\.\d{1,3}){3}|::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4})$/;

/** The address of a host in one form: `BROKER.plant.` equals `broker.plant`, and `localhost` equals `127.0.0.1`. */
export function hostIdentity(host: string): string {
  const plain = host
    .trim()
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  return LOOPBACK.test(plain) ? 'localhost' : plain;
}
