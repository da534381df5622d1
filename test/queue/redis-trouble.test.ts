import { Queue } from 'bullmq';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { Secret } from '../../src/core/secret.ts';
import { closeDispatch, increment, openDispatch } from '../support/actions.ts';
import { reservedPort } from '../support/port.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { type Bench, openBench, PATIENCE } from './harness.ts';
import { DELIVERED } from './scripted-delivery.ts';

const REFUSES = 'Redis refuses commands of the queue; calls wait in the journal';
const SILENT = 'Redis does not answer; calls wait in the journal';
const BACK = 'Redis answers again';

/** A queue on a Redis that somebody else runs. */
async function benchOn(...settings: readonly string[]) {
  const redis = await startRedisServer(await reservedPort(), ...settings);
  const bench = await openBench({ redis: { url: new Secret(redis.url) }, sweepEvery: 20 });
  /** The details in its log lines. */
  const causes = (message: string) =>
    bench.log.lines.filter(line => line.message === message).map(({ fields }) => String(Object(fields).detail));
  const logged = (message: string) => causes(message).length;
  return { ...bench, redis, logged, causes };
}

function actions(machines: number, episodes: number): readonly Action[] {
  const of = (machine: number) =>
    Array.from({ length: episodes }, (_, n) => [openDispatch(`M${machine}`, n), closeDispatch(`M${machine}`, n)]);
  return Array.from({ length: machines }, (_, machine) => of(machine).flat()).flat();
}

/** Each action once, the actions of a lane in their order. */
function expectOnceInOrder({ delivery }: Pick<Bench, 'delivery'>, made: readonly Action[]): void {
  const sent = delivery.sent.flatMap(({ keys }) => keys);
  for (const lane of new Set(made.map(action => action.lane))) {
    const keys = made.filter(action => action.lane === lane).map(action => action.key);
    expect(sent.filter(key => keys.includes(key))).toEqual(keys);
  }
  expect(sent).toHaveLength(made.length);
  expect(delivery.mostAtOnce).toBe(1);
}

/** A fault of a Redis during its work, the words on the status page, and the correction. */
const TROUBLES: readonly {
  readonly what: string;
  readonly begin: (redis: RedisServer) => Promise<unknown>;
  readonly words: string;
  readonly correct: (redis: RedisServer) => Promise<unknown>;
}[] = [
  {
    what: 'has no memory left',
    begin: ({ client }) => client.config('SET', 'maxmemory', '1'),
    words: 'CONFIG SET maxmemory',
    correct: ({ client }) => client.config('SET', 'maxmemory', '0'),
  },
  {
    what: 'becomes a read-only replica',
    begin: ({ client }) => client.replicaof('127.0.0.1', 1),
    words: 'read-only replica; put the address of its primary into gateway.redis',
    correct: ({ client }) => client.replicaof('NO', 'ONE'),
  },
  {
    what: 'takes the right to write away',
    begin: ({ client }) => client.acl('SETUSER', 'default', '-@write'),
    words: 'ACL SETUSER',
    correct: ({ client }) => client.acl('SETUSER', 'default', '+@all'),
  },
];

describe('call queue on a Redis that is in trouble', () => {
  it.each(TROUBLES)(
    'the queue loses and doubles nothing when Redis $what, shows that in the status, and goes on when that is corrected',
    async trouble => {
      const bench = await benchOn();
      const { delivery, commit, queue, redis, isIdle, logged, causes } = bench;
      const made = actions(10, 5);
      let begun: Promise<unknown> | undefined;
      delivery.on.send = async () => {
        if (delivery.sent.length === 20) begun = trouble.begin(redis);
        await begun;
        return DELIVERED;
      };

      await commit(...made);
      await vi.waitFor(() => expect(queue.status().redis.detail).toContain(trouble.words), PATIENCE);
      expect(queue.status().redis.up).toBe(false);
      const late = increment('M99', 1);
      await commit(late);
      await vi.waitFor(() => expect(logged(REFUSES)).toBeGreaterThan(0), PATIENCE);
      expect(isIdle()).toBe(false);

      await trouble.correct(redis);
      await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
      expectOnceInOrder(bench, [...made, late]);
      await vi.waitFor(() => {
        expect(queue.status().redis).toMatchObject({ up: true, detail: 'connected' });
        // Each cause is logged once, although a user may lack the right to several commands.
        expect(causes(REFUSES)).toEqual([...new Set(causes(REFUSES))]);
        expect(logged(BACK)).toBe(1);
      }, PATIENCE);
    },
  );

  it('the queue waits while Redis stands still, shows that in the status, and goes on', async () => {
    const bench = await benchOn();
    const { delivery, commit, queue, redis, isIdle } = bench;
    const made = actions(10, 5);
    delivery.on.send = () => {
      if (delivery.sent.length === 20) redis.freeze();
      return DELIVERED;
    };
    await commit(...made);
    // The connection is silent: an answer that does not come for ten seconds counts as missing.
    await vi.waitFor(() => expect(queue.status().redis.detail).toContain('does not answer'), PATIENCE);
    expect(queue.status().redis.up).toBe(false);
    await commit(increment('M99', 1));

    redis.thaw();
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    expectOnceInOrder(bench, [...made, increment('M99', 1)]);
    await vi.waitFor(() => expect(queue.status().redis.up).toBe(true), PATIENCE);
  });

  it('the queue waits while Redis is gone, and fills it again when it comes back empty', async () => {
    const bench = await benchOn();
    const { delivery, commit, queue, redis, isIdle, logged } = bench;
    const made = actions(10, 5);
    let killed: Promise<void> | undefined;
    delivery.on.send = () => {
      if (delivery.sent.length === 20) killed = redis.kill();
      return DELIVERED;
    };
    await commit(...made);
    await vi.waitFor(() => expect(queue.status().redis.detail).toContain('ECONNREFUSED'), PATIENCE);
    await killed;
    // The jobs that were taken before go on without Redis.
    await vi.waitFor(() => expect(queue.status().running).toBe(0), PATIENCE);
    const before = delivery.sent.length;
    await commit(increment('M99', 1));
    expect(delivery.sent).toHaveLength(before);

    await redis.start();
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    expectOnceInOrder(bench, [...made, increment('M99', 1)]);
    await vi.waitFor(() => expect([logged(SILENT), logged(BACK)]).toEqual([1, 1]), PATIENCE);
  });

  it('the queue sends nothing twice when a failover brings old jobs back', async () => {
    const bench = await benchOn();
    const { delivery, commit, redis, isIdle, journal } = bench;
    const made = actions(30, 3);
    const enough = Promise.withResolvers<void>();
    delivery.on.send = async () => {
      if (delivery.sent.length > 20) await enough.promise;
      return DELIVERED;
    };
    await commit(...made);
    await vi.waitFor(() => expect(delivery.sent.length).toBeGreaterThan(20), PATIENCE);
    const prefix = `{l2l:${journal.id}:${journal.epoch}}:l2l`;
    const queue = new Queue('calls', { connection: redis.client, prefix });
    onTestFinished(() => queue.close());
    const remembered = () => queue.getJobCountByTypes('waiting', 'active', 'delayed');
    await vi.waitFor(async () => expect(await remembered()).toBeGreaterThan(10), PATIENCE);

    const keys = await redis.client.keys('*:calls:*');
    const dumped = await Promise.all(keys.map(async key => ({ key, dump: await redis.client.dumpBuffer(key) })));
    // A job may end between the two reads.
    const old = dumped.filter(({ dump }) => dump !== null);
    enough.resolve();
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    await redis.client.flushall();
    const revival = redis.client.multi();
    for (const { key, dump } of old) revival.restore(key, 0, dump, 'REPLACE');
    expect((await revival.exec())?.map(([error]) => error)).toEqual(old.map(() => null));

    // The jobs that waited are taken once more and do nothing. New jobs go through between them.
    await commit(increment('M99', 1));
    await vi.waitFor(async () => expect(await queue.getJobCountByTypes('waiting', 'delayed')).toBe(0), PATIENCE);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    expectOnceInOrder(bench, [...made, increment('M99', 1)]);
  });

  it.each([
    ['has a password and the address none', '', 'Redis asks for a password'],
    ['has another password', ':not-this-one@', 'Redis does not take the user or the password'],
  ])(
    'the queue says how to correct it when Redis %s, and goes on after the correction',
    async (_what, login, words) => {
      const port = await reservedPort();
      const { client } = await startRedisServer(port, '--requirepass', 'right');
      const { queue, log, commit, isIdle } = await openBench({
        redis: { url: new Secret(`redis://${login}127.0.0.1:${port}`) },
      });
      const logged = () => log.lines.filter(({ level }) => level !== 'debug').map(({ message }) => message);
      await commit(increment('M1', 1));
      await vi.waitFor(() => expect(queue.status().redis.detail).toContain(words), PATIENCE);
      await vi.waitFor(() => expect(logged()).toEqual([REFUSES]), PATIENCE);
      expect(JSON.stringify([log.lines, queue.status()])).not.toContain('not-this-one');

      await client.config('SET', 'requirepass', '');
      await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    },
  );

  it('the status shows the command that keeps Redis from dropping jobs, until the setting is right', async () => {
    const { queue, log, redis } = await benchOn('--maxmemory-policy', 'allkeys-lru');
    const line = 'redis-cli CONFIG SET maxmemory-policy noeviction';
    await vi.waitFor(() => expect(queue.status().redisProblems.join()).toContain(line), PATIENCE);
    expect(log.lines.filter(({ level, message }) => level === 'error' && message.includes(line))).toHaveLength(1);

    await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
    await vi.waitFor(() => expect(queue.status().redisProblems).toEqual([]), PATIENCE);
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});
