import { silentLogger } from '../../src/core/logger.ts';
import { startEmbeddedRedis } from '../../src/queue/embedded-redis.ts';

/** The test starts this as its own process, and kills it. */
const redis = await startEmbeddedRedis({
  runtimeDir: process.argv[2] ?? '',
  journal: 'test',
  epoch: 1,
  log: silentLogger,
});
process.stdout.write(`${redis.socket}\n`);
setInterval(() => {}, 60_000);
