/**
 * The L2L sandbox as a process of its own. The key comes from the environment as L2L_API_KEY. Says `{"url":…}` on stdout when it
 * listens, and ends with SIGTERM or with its stdin.
 *
 *   node src/simulation/sandbox-main.ts [--port 0] [--host 127.0.0.1] [--world FILE.json] [--seed 1] [--batch-delay 1s]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { errorMessage } from '../core/errors.ts';
import { parseDuration } from '../core/fields.ts';
import { say, untilTold } from './lifetime.ts';
import { startSandbox } from './sandbox/sandbox.ts';
import { type SandboxWorld, SMALL_WORLD } from './sandbox/world.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    world: { type: 'string' },
    seed: { type: 'string', default: '1' },
    'batch-delay': { type: 'string', default: '1s' },
  },
});

try {
  const key = process.env.L2L_API_KEY;
  if (!key) throw new Error('the key is missing: set L2L_API_KEY to whatever the gateway is to send');
  const sandbox = await startSandbox({
    port: Number(values.port),
    host: values.host,
    key,
    world: values.world === undefined ? SMALL_WORLD : (JSON.parse(readFileSync(values.world, 'utf8')) as SandboxWorld),
    seed: Number(values.seed),
    manners: { batchDelay: parseDuration(values['batch-delay']) ?? 1000 },
  });
  say({ url: sandbox.url });
  await untilTold();
  await sandbox.stop();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exit(1);
}
