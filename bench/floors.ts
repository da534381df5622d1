import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { startEmbeddedRedis } from '../src/queue/embedded-redis.ts';
import { temporaryFolder } from './gateway.ts';
import type { Figure, Options } from './report.ts';
import { median } from './statistics.ts';

/** Measures what this host can do without the gateway. These are the upper limits of the other measurements. */
export async function measureFloors({ runs, scale }: Options): Promise<Figure[]> {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const redis = await startEmbeddedRedis({ runtimeDir: temporaryFolder(), journal: 'bench', epoch: 1, log });
  try {
    const jobs: number[] = [];
    const single: number[] = [];
    const grouped: number[] = [];
    await bullmqFloor(redis.socket, 1000, 64);
    for (let run = 0; run < runs; run++) {
      jobs.push(await bullmqFloor(redis.socket, Math.round(10_000 * scale), 64));
      single.push(sqliteFloor(1, Math.round(2000 * scale)));
      grouped.push(sqliteFloor(100, Math.round(100_000 * scale)));
    }
    const figure = (name: string, unit: string, values: readonly number[]) => ({
      name,
      unit,
      value: median(values),
      runs: values,
    });
    return [
      figure('raw BullMQ, no-op jobs, 64 at once', 'jobs/s', jobs),
      figure('raw SQLite, 1 row a commit', 'rows/s', single),
      figure('raw SQLite, 100 rows a commit', 'rows/s', grouped),
    ];
  } finally {
    await redis.stop();
  }
}

/** Measures the rows a second that SQLite commits with WAL and FULL, `group` rows in a commit, on the disk of the journal. */
export function sqliteFloor(group: number, rows: number): number {
  const db = new DatabaseSync(join(temporaryFolder(), 'floor.db'));
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)');
    const insert = db.prepare('INSERT INTO t (v) VALUES (?)');
    const text = 'x'.repeat(400);
    const start = performance.now();
    for (let row = 0; row < rows; row += group) {
      db.exec('BEGIN IMMEDIATE');
      for (let n = 0; n < group; n++) insert.run(text);
      db.exec('COMMIT');
    }
    return rows / ((performance.now() - start) / 1000);
  } finally {
    db.close();
  }
}

/** Measures the jobs a second through BullMQ and Redis when the jobs do nothing. */
export async function bullmqFloor(socket: string, jobs: number, concurrency: number): Promise<number> {
  const connection = new Redis({ path: socket, maxRetriesPerRequest: null });
  const name = `floor-${randomUUID()}`;
  const queue = new Queue(name, { connection });
  const settings = { removeOnComplete: true, removeOnFail: true };
  const done = Promise.withResolvers<void>();
  let left = jobs;
  const start = performance.now();
  const worker = new Worker(
    name,
    async () => {
      left -= 1;
      if (left === 0) done.resolve();
    },
    { connection, concurrency },
  );
  try {
    for (let sent = 0; sent < jobs; sent += 50) {
      await Promise.all(Array.from({ length: 50 }, () => queue.add('noop', { body: 'x'.repeat(200) }, settings)));
    }
    await done.promise;
    return jobs / ((performance.now() - start) / 1000);
  } finally {
    await worker.close();
    await queue.obliterate({ force: true });
    await queue.close();
    connection.disconnect();
  }
}
