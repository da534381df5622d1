import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { allRefusalWords, refusalWords, serverProblem } from '../../src/queue/redis-words.ts';
import { increment } from '../support/actions.ts';
import { infoReply, startFakeRedis } from '../support/fake-redis.ts';
import { startHttpServer } from '../support/http-server.ts';
import { reservedPort } from '../support/port.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { openBench, PATIENCE } from './harness.ts';

const CLUSTER = 'this is a Redis Cluster, which the gateway does not use';

/** More commands in a second than honest retries make. A loop without a pause makes thousands. */
const BUSY = 200;

async function benchFor(rules: readonly string[]) {
  const redis = await startRedisServer(await reservedPort());
  const allow = (more: readonly string[]) => redis.client.acl('SETUSER', 'app', 'on', '>x', ...more);
  await allow(['~*', '&*', '+@all', ...rules]);
  const bench = await openBench({ redis: { url: new Secret(redis.url.replace('//', '//app:x@')) } });
  const commands = async () =>
    Number(/^total_commands_processed:(\d+)/m.exec(await redis.client.info('stats'))?.[1]) +
    Number(/^acl_access_denied_cmd:(\d+)/m.exec(await redis.client.info('stats'))?.[1] ?? 0);
  return { ...bench, allow, commands };
}

describe('a Redis user without the right to', () => {
  it.each([
    ['INFO', ['-info'], '+info'],
    ['anything dangerous', ['-@dangerous'], '+info'],
    ['EVAL', ['-eval', '-evalsha'], '+eval'],
    ['SET', ['-set'], '+set'],
    ['BZPOPMIN', ['-bzpopmin'], '+bzpopmin'],
    ['HGET inside of scripts', ['-hmset', '-hset', '-hget', '-hmget'], '+@all -@dangerous +info'],
    ['the keys of the queue', ['resetkeys', '~other*'], "'~{l2l*'"],
  ])(
    'without the right to %s the queue says what to allow, keeps the calls, tries again with pauses, and goes on when it is allowed',
    async (_, rules, rule) => {
      const { queue, commit, isIdle, delivery, allow, commands, log } = await benchFor(rules);
      await commit(increment('M1', 1));
      await vi.waitFor(() => expect(queue.status().redis.detail).toContain(rule), PATIENCE);
      expect(queue.status().redis.detail).toContain('redis-cli ACL SETUSER NAME ');
      expect(queue.status().redis.up).toBe(false);

      const before = await commands();
      const { length } = log.lines;
      await wait(1000);
      expect((await commands()) - before).toBeLessThan(BUSY);
      expect(log.lines.length - length).toBeLessThan(BUSY);

      await allow(['allkeys', '+@all']);
      await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
      await vi.waitFor(() => expect(queue.status().redis).toMatchObject({ up: true }), PATIENCE);
      expect(delivery.sent).toHaveLength(1);
    },
  );

  it.each([
    ['CONFIG and CLIENT', ['-config', '-client']],
    ['SCRIPT and HELLO', ['-script', '-hello']],
    ['publish and subscribe', ['resetchannels', '-publish', '-subscribe']],
  ])('without the right to %s the queue still delivers', async (_, rules) => {
    const { commit, isIdle, delivery } = await benchFor(rules);
    await commit(increment('M1', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    expect(delivery.sent).toHaveLength(1);
  });

  it('a queue without the right to run INFO can stop at once', async () => {
    const { queue, commit } = await benchFor(['-info']);
    await commit(increment('M1', 1));
    await vi.waitFor(() => expect(queue.status().redis.detail).toContain('+info'), PATIENCE);
    await queue.stop(0);
  });
});

describe('a server that answers', () => {
  const refuses = (line: string) => (command: string) => (command === 'info' ? infoReply() : `${line}\r\n`);
  it.each([
    ['LOADING to all', () => '-LOADING Redis is loading the dataset in memory\r\n', 'reads its data from disk'],
    [
      'INFO with loading',
      (c: string) => (c === 'info' ? infoReply('loading:1') : '+OK\r\n'),
      'reads its data from disk',
    ],
    ['MASTERDOWN', refuses('-MASTERDOWN Link with MASTER is down'), 'has lost its primary'],
    ['BUSY', refuses('-BUSY Redis is busy running a script.'), 'SCRIPT KILL'],
    ['OOM', refuses('-OOM command not allowed when used memory'), 'maxmemory'],
    ['READONLY', refuses("-READONLY You can't write against a read only replica."), 'read-only replica'],
    ['NOREPLICAS', refuses('-NOREPLICAS Not enough good replicas to write.'), 'min-replicas-to-write'],
    ['MOVED', refuses('-MOVED 840 127.0.0.1:22806'), CLUSTER],
    ['ASK', refuses('-ASK 840 127.0.0.1:22806'), CLUSTER],
    ['CLUSTERDOWN', refuses('-CLUSTERDOWN Hash slot not served'), CLUSTER],
    ['CROSSSLOT', refuses("-CROSSSLOT Keys in request don't hash to the same slot"), CLUSTER],
    ['TRYAGAIN', refuses('-TRYAGAIN Multiple keys request during rehashing of slot'), CLUSTER],
    ['INFO of a cluster', (c: string) => (c === 'info' ? infoReply('cluster_enabled:1') : '+OK\r\n'), CLUSTER],
    ['OK to all', () => '+OK\r\n', 'is not Redis'],
    ['nothing to all', () => '$-1\r\n', 'is not Redis'],
    [
      'a very old INFO',
      (c: string) => (c === 'info' ? '$19\r\nredis_version:3.2.1\r\n' : '+OK\r\n'),
      'is version 3.2.1, and the queue needs 6.2 or newer',
    ],
    ['what no protocol says', () => '?!\r\n', 'is not Redis'],
    ['too many clients', () => '-ERR max number of clients reached\r\n', 'maxclients'],
  ])(
    'a server that answers %s is named, is asked again with pauses, and does not delay a stop',
    async (_, reply, words) => {
      const server = await startFakeRedis(reply);
      const { queue, commit, isIdle } = await openBench({ redis: { url: new Secret(server.url) } });
      await commit(increment('M1', 1));
      await vi.waitFor(() => expect(queue.status().redis.detail).toContain(words), PATIENCE);
      expect(queue.status().redis.up).toBe(false);
      const before = server.commands();
      await wait(1000);
      expect(server.commands() - before).toBeLessThan(BUSY);
      expect(isIdle()).toBe(false);
      await queue.stop(0);
    },
  );

  it('INFO of Redis 5 is named with the version that the queue needs', async () => {
    const info = infoReply().replace('redis_version:7.0.15', 'redis_version:5.0.70');
    const { url } = await startFakeRedis(command => (command === 'info' ? info : '+OK\r\n'));
    const { log } = await openBench({ redis: { url: new Secret(url) } });
    await vi.waitFor(
      () => expect(JSON.stringify(log.lines)).toContain('is version 5.0.70, and the queue needs 6.2 or newer'),
      PATIENCE,
    );
  });

  it('a web server at the address of Redis is named', async () => {
    const { url } = await startHttpServer((_, response) => void response.end('hello'));
    const { queue } = await openBench({ redis: { url: new Secret(url.replace('http:', 'redis:')) } });
    await vi.waitFor(() => expect(queue.status().redis.detail).toContain('is not Redis'), PATIENCE);
  });

  it('a Redis without TLS is named when the address asks for TLS', async () => {
    const { url } = await startFakeRedis(() => '+OK\r\n');
    const web = await startHttpServer((_, response) => void response.end('hello'));
    for (const address of [web.url.replace('http:', 'rediss:'), url.replace('redis:', 'rediss:')]) {
      const { queue } = await openBench({ redis: { url: new Secret(address) } });
      await vi.waitFor(() => expect(queue.status().redis.detail).toMatch(/TLS|no connection/), PATIENCE);
      expect(queue.status().redis.up).toBe(false);
    }
  });

  it('an answer that repeats the password does not reach the log', async () => {
    const server = await startFakeRedis(command => `-ERR unknown command ${command} with args hunter2canary\r\n`);
    const { queue, log } = await openBench({
      redis: { url: new Secret(server.url.replace('//', '//:hunter2canary@')) },
    });
    await vi.waitFor(() => expect(queue.status().redis.detail).toContain('unknown command'), PATIENCE);
    expect(JSON.stringify([queue.status(), log.lines])).not.toContain('hunter2canary');
  });
});

describe('the words for a refusal', () => {
  it.each([
    ["NOPERM this user has no permissions to run the 'info' command", '+info'],
    ["NOPERM this user has no permissions to run the 'client|setname' command", '+client|setname'],
    ["NOPERM User app has no permissions to run the 'evalsha' command", '+evalsha'],
    ["NOPERM this user has no permissions to run the 'info' command or its subcommand", '+info'],
    [
      "ACL failure in script: User app has no permissions to run the 'hset' command script: f(1), on @user_script:1.",
      '+hset',
    ],
    ['NOPERM this user has no permissions to access one of the keys used as arguments', "'~{l2l*'"],
    ['NOPERM No permissions to access a key', "'~{l2l*'"],
    ['NOPERM this user has no permissions to access one of the channels used as arguments', "'&*'"],
    [
      "ERR The user executing the script can't run this command or subcommand script: f(1), on @user_script:1.",
      "'~{l2l*' +@all -@dangerous +info",
    ],
  ])('the words for a refusal say how to correct it: %s', (message, rule) =>
    expect(refusalWords(message)).toContain(`ACL SETUSER NAME ${rule}`),
  );

  it('the words for several refusals name all missing rights at once', () => {
    const missing = (command: string) => `NOPERM this user has no permissions to run the '${command}' command`;
    expect(allRefusalWords([missing('set'), missing('eval'), missing('set')])).toBe(
      'the Redis user of gateway.redis may not run SET, run EVAL, which the queue needs; allow it: redis-cli ACL SETUSER NAME +set +eval',
    );
  });

  it('the check finds nothing wrong with a Redis, a Valkey or a Dragonfly', () => {
    for (const text of [
      'redis_version:7.0.15\r\nloading:0',
      'redis_version:7.2.4\r\nvalkey_version:8.0.1',
      'dragonfly_version:df-v1.2',
    ])
      expect(serverProblem(text)).toBeNull();
  });
});
