const CLUSTER =
  'this is a Redis Cluster, which the gateway does not use; put the address of a single Redis into gateway.redis, or leave gateway.redis out: the gateway then starts a Redis of its own';

const NO_REDIS = 'the server at the address of gateway.redis is not Redis; check host and port';

/** The beginning of a server's message (or an expression that it contains), and the advice for a person. */
const REFUSALS: readonly (readonly [found: string | RegExp, words: string])[] = [
  [
    'OOM',
    'Redis has used up its memory and takes no more jobs; raise it (redis-cli CONFIG SET maxmemory 256mb, and maxmemory in redis.conf), or give the gateway a Redis of its own',
  ],
  [
    'READONLY',
    'the Redis at this address is a read-only replica; put the address of its primary into gateway.redis, or make this one the primary: redis-cli REPLICAOF NO ONE',
  ],
  [
    'MASTERDOWN',
    'the Redis at this address is a replica that has lost its primary; put the address of the primary into gateway.redis, or make this one the primary: redis-cli REPLICAOF NO ONE',
  ],
  [
    'NOREPLICAS',
    'Redis takes no writes because too few of its replicas are connected (min-replicas-to-write in redis.conf); start the replicas, or lower that number',
  ],
  [
    'NOAUTH',
    `Redis asks for a password and gateway.redis has none; set gateway.redis to \${REDIS_URL}, with REDIS_URL=redis://:PASSWORD@HOST:6379 in the environment`,
  ],
  [
    /^WRONGPASS|invalid password|invalid username-password/i,
    'Redis does not take the user or the password of gateway.redis; correct them where the address comes from, and write @ # / % : of a password as %40 %23 %2F %25 %3A',
  ],
  [
    'MISCONF',
    'Redis cannot save to its disk and refuses jobs; free its disk, or run: redis-cli CONFIG SET stop-writes-on-bgsave-error no',
  ],
  [
    'LOADING',
    'Redis reads its data from disk after a start and takes no commands yet; wait until it is done, the redis log shows how far it is',
  ],
  [
    'BUSY',
    'Redis is busy with a long script of another program and takes no commands; wait until it ends, or end it: redis-cli SCRIPT KILL',
  ],
  [/^(?:MOVED|ASK|CLUSTERDOWN|CROSSSLOT|TRYAGAIN)\b/, CLUSTER],
  [/^(?:Protocol error|Unknown RESP type)/, NO_REDIS],
  [
    /wrong version number|packet length too long|SSL alert|ssl3_|tls_get_more_records/i,
    'TLS with Redis fails: the address begins with rediss://, and the server there speaks no TLS, or a version of it that does not fit; write redis:// for a port without TLS',
  ],
  [
    /self.signed certificate|unable to (?:verify|get)|certificate/i,
    'the certificate of Redis cannot be trusted; use a certificate of an authority that this host knows (NODE_EXTRA_CA_CERTS names a file with more of them)',
  ],
  [
    'max number of clients',
    'Redis has as many clients as it allows (maxclients in redis.conf); end some, or raise maxclients',
  ],
  [
    /^(?:Command timed out|Socket timeout)/,
    'Redis is connected and does not answer; check whether its host is overloaded or suspended',
  ],
  [
    /^connect ETIMEDOUT/,
    'no connection to Redis within 5 s; check host and port of gateway.redis, and whether a firewall blocks the way',
  ],
];

/** `… run the 'info' command`, `… has no permissions to run the 'client|setname' command`. */
const COMMAND = /run the '([a-z]+(?:\|[a-z]+)?)'/i;
const NO_PERMISSION = /^NOPERM|^No permission|^ACL failure|no permissions to|user executing the script can't/i;

/** The meaning of a refusal of Redis, and how to correct it; null: it is not known. Pure. */
export function refusalWords(message: string): string | null {
  const text = bare(message);
  if (NO_PERMISSION.test(text)) return permissionWords([text]);
  const known = REFUSALS.find(([found]) => (typeof found === 'string' ? text.startsWith(found) : found.test(text)));
  return known?.[1] ?? null;
}

/** Several refusals in one sentence, so that a person corrects all of them at once. Pure. */
export function allRefusalWords(messages: readonly string[]): string {
  const texts = messages.map(bare);
  const permissions = texts.filter(text => NO_PERMISSION.test(text));
  const others = texts.filter(text => !NO_PERMISSION.test(text));
  const said = others.map(text => refusalWords(text) ?? `Redis refuses commands of the queue: ${text}`);
  return [...(permissions.length > 0 ? [permissionWords(permissions)] : []), ...new Set(said)].join('; ');
}

function bare(message: string): string {
  return message.replace(/^(?:-|ERR )+/, '');
}

function permissionWords(texts: readonly string[]): string {
  const missing = texts.map(permission);
  const what = [...new Set(missing.map(one => one.what))].join(', ');
  const rules = [...new Set(missing.map(one => one.rule))].join(' ');
  return `the Redis user of gateway.redis may not ${what}, which the queue needs; allow it: redis-cli ACL SETUSER NAME ${rules}`;
}

/** The action that Redis does not allow, and the ACL rule that allows it. */
function permission(text: string): { readonly what: string; readonly rule: string } {
  if (/\bkeys?\b/i.test(text)) return { what: 'use the keys that begin with {l2l', rule: "'~{l2l*'" };
  if (/\bchannels?\b/i.test(text)) return { what: 'use channels', rule: "'&*'" };
  const command = COMMAND.exec(text)?.[1];
  if (command === undefined) return { what: 'run a command of the queue', rule: "'~{l2l*' +@all -@dangerous +info" };
  return { what: `run ${command.toUpperCase()}`, rule: `+${command.toLowerCase()}` };
}

const OLDEST_MAJOR = 5;

/** Why a server that answers INFO with this cannot serve the queue; null: it can. Pure. */
export function serverProblem(info: unknown): string | null {
  if (typeof info !== 'string' || !/^[a-z_]*version:/m.test(info)) return `Protocol error: no answer of Redis to INFO`;
  const value = (name: string) => new RegExp(`^${name}:(\\S*)`, 'm').exec(info)?.[1];
  if (value('loading') === '1') return 'LOADING Redis is loading the dataset in memory';
  if (value('redis_mode') === 'cluster' || value('cluster_enabled') === '1') return 'CLUSTERDOWN cluster_enabled is 1';
  const version = value('redis_version');
  if (version !== undefined && Number.parseInt(version, 10) < OLDEST_MAJOR)
    return `the Redis of gateway.redis is version ${version}, and the queue needs 6.2 or newer; install a newer Redis`;
  return null;
}
