/** Redis's own words for a refusal, by their beginning, and what a person can do about it. */
const REFUSALS: readonly (readonly [beginning: string, words: string])[] = [
  [
    'OOM',
    'Redis has used up its memory and takes no more jobs; raise it (redis-cli CONFIG SET maxmemory 256mb, and maxmemory in redis.conf), or give the gateway a Redis of its own',
  ],
  [
    'READONLY',
    'the Redis at this address is a read-only replica; put the address of its primary into gateway.redis, or make this one the primary: redis-cli REPLICAOF NO ONE',
  ],
  [
    'NOAUTH',
    `Redis asks for a password and gateway.redis has none; set gateway.redis to \${REDIS_URL}, with REDIS_URL=redis://:PASSWORD@HOST:6379 in the environment`,
  ],
  [
    'WRONGPASS',
    'Redis does not take the user or the password of gateway.redis; correct them where the address comes from',
  ],
  [
    'NOPERM',
    'the Redis user of gateway.redis may not do what the queue needs; allow it: redis-cli ACL SETUSER NAME ~* &* +@all',
  ],
  [
    'MISCONF',
    'Redis can not save to its disk and refuses jobs; free its disk, or run: redis-cli CONFIG SET stop-writes-on-bgsave-error no',
  ],
  [
    'Command timed out',
    'Redis is connected and does not answer; see whether its machine is overloaded or stands still',
  ],
];

/** What a refusal of Redis means for who runs it; null: nothing that is known. Pure. */
export function refusalWords(message: string): string | null {
  return REFUSALS.find(([beginning]) => message.startsWith(beginning))?.[1] ?? null;
}
