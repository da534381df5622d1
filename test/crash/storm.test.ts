import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { between, seededRandom } from '../../src/simulation/random.ts';
import type { FaultInput } from '../../src/simulation/sandbox/faults.ts';
import { PATIENCE, testGateway } from '../support/gateway.ts';
import { accountOf, mqttPlant } from '../support/mqtt-plant.ts';
import { testSandbox } from '../support/sandbox.ts';

const PLAY_MS = 12_000;
const KILLS = 4;

/** The connection or the answer breaks before or after L2L has applied the call. */
const TROUBLE: readonly FaultInput[] = [
  { kind: 'slow', ms: 60, probability: 0.4 },
  { kind: 'reset', when: 'before', method: 'POST', probability: 0.05 },
  { kind: 'reset', when: 'after', method: 'POST', probability: 0.08 },
  { kind: 'status', status: 500, when: 'before', method: 'POST', probability: 0.04 },
  { kind: 'status', status: 500, when: 'after', method: 'POST', probability: 0.08 },
  { kind: 'status', status: 502, when: 'before', method: 'POST', probability: 0.04 },
  { kind: 'status', status: 502, when: 'after', method: 'POST', probability: 0.08 },
  { kind: 'status', status: 429, retryAfter: 0, method: 'POST', probability: 0.03 },
  { kind: 'reset', when: 'before', method: 'GET', probability: 0.03 },
];

describe('SIGKILL at random while L2L breaks connections', () => {
  it.each([11, 12])(
    'the gateway loses and doubles nothing in a storm of kills, and keeps order and times (seed %i)',
    async seed => {
      const random = seededRandom(seed);
      const [sandbox, plant] = await Promise.all([testSandbox({ seed }), mqttPlant(seed)]);
      const gateway = testGateway({ l2l: sandbox.url, sources: plant.source, rules: plant.rules });
      await gateway.start();
      await gateway.untilReady();
      await plant.begin();
      await gateway.untilSeen();
      sandbox.setFaults(TROUBLE, seed);

      const played = plant.play(PLAY_MS);
      for (let kill = 0; kill < KILLS; kill += 1) {
        await wait(between(random, 200, 2000));
        await gateway.kill();
        await wait(between(random, 0, 1000));
        await gateway.start();
      }
      await played;
      const struck = () => sandbox.state().faults.filter(fault => fault.kind !== 'slow' && fault.struck > 0).length;
      await plant.playUntil(() => struck() > 1);
      sandbox.setFaults([]);

      await vi.waitFor(() => expect(accountOf(sandbox.state())).toEqual(plant.truth()), PATIENCE);
      await gateway.untilDelivered();
      expect(accountOf(sandbox.state())).toEqual(plant.truth());
      expect((await gateway.status()).starts).toBe(KILLS + 1);
    },
  );
});
