import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { between, seededRandom } from '../../src/simulation/random.ts';
import { isRunning, PATIENCE, pidOf, testGateway } from '../support/gateway.ts';
import { accountOf, mqttPlant } from '../support/mqtt-plant.ts';
import { testSandbox } from '../support/sandbox.ts';

const SEED = 21;
const TROUBLES = 18;

/** Process ids of every redis-server whose command line names this folder. */
function redisServersIn(folder: string): readonly number[] {
  return globSync('/proc/[0-9]*/cmdline')
    .filter(file => {
      try {
        const [command, ...rest] = readFileSync(file, 'utf8').split('\0');
        return command?.includes('redis-server') && rest.concat(command).join(' ').includes(folder);
      } catch {
        return false; // The process ended while the list was read.
      }
    })
    .map(file => Number(file.split('/')[2]));
}

describe('the gateway’s own Redis', () => {
  it(`nothing is lost, doubled or out of order while Redis is wiped and killed (seed ${SEED})`, async () => {
    const random = seededRandom(SEED);
    const [sandbox, plant] = await Promise.all([testSandbox(), mqttPlant(SEED)]);
    const gateway = testGateway({ l2l: sandbox.url, sources: plant.source, rules: plant.rules });
    await gateway.start();
    await gateway.untilReady();
    await plant.begin();
    await gateway.untilSeen();
    sandbox.setFaults([{ kind: 'slow', ms: 150 }]);
    const redis = await gateway.redis();

    let troubles = 0;
    const played = plant.playUntil(() => troubles === TROUBLES);
    while (troubles < TROUBLES) {
      await wait(between(random, 50, 700));
      if (random() < 0.3) process.kill(await pidOf(redis), 'SIGKILL');
      else await redis.flushall();
      troubles += 1;
    }
    await played;

    await vi.waitFor(() => expect(accountOf(sandbox.state())).toEqual(plant.truth()), PATIENCE);
    await gateway.untilDelivered();
    expect(accountOf(sandbox.state())).toEqual(plant.truth());
    expect(gateway.logged("the gateway's own Redis ended; it is started again").length).toBeGreaterThan(0);
  });

  it('Redis ends with the gateway, however often the gateway is killed', async () => {
    const plant = await mqttPlant(1);
    const gateway = testGateway({ l2l: 'http://127.0.0.1:1', sources: plant.source, rules: plant.rules });
    const folder = dirname(gateway.file);
    const seen: number[] = [];

    for (let life = 0; life < 3; life += 1) {
      await gateway.start();
      const pid = await pidOf(await gateway.redis());
      expect(redisServersIn(folder).filter(isRunning)).toEqual([pid]);
      seen.push(pid);
      await gateway.kill();
      await vi.waitFor(() => expect(seen.filter(isRunning)).toEqual([]), PATIENCE);
    }

    expect(new Set(seen).size).toBe(3);
    expect(redisServersIn(folder).filter(isRunning)).toEqual([]);
  });
});
