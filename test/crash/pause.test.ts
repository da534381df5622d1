import { describe, expect, it, vi } from 'vitest';
import type { FaultInput } from '../../src/simulation/sandbox/faults.ts';
import { PATIENCE, testGateway } from '../support/gateway.ts';
import { accountOf, mqttPlant, STATIONS } from '../support/mqtt-plant.ts';
import { testSandbox, timeOfDay } from '../support/sandbox.ts';

describe('SIGKILL while all calls are paused', () => {
  it.each<[string, FaultInput, RegExp]>([
    ['L2L fails', { kind: 'status', status: 503, when: 'before' }, /^L2L can't be reached/],
    ['L2L refuses everybody', { kind: 'refuse', error: 'Closed', method: 'POST' }, /^L2L refuses everything/],
    [
      'the key is switched off',
      { kind: 'status', status: 403, when: 'before' },
      /^L2L \(\S+\) does not take the API key \(since /,
    ],
  ])(
    'while all calls are paused (%s) the gateway gives no call up, and delivers every call once when L2L is back',
    async (_what, fault, words) => {
      const [sandbox, plant] = await Promise.all([testSandbox(), mqttPlant(1)]);
      const gateway = testGateway({ l2l: sandbox.url, sources: plant.source, rules: plant.rules });
      await gateway.start();
      await gateway.untilReady();
      await plant.begin();
      await gateway.untilSeen();
      sandbox.setFaults([fault]);
      const start = Date.now();
      for (const { name } of STATIONS) {
        await plant.publish(name, { running: false, strokes: 1004, ts: start });
        await plant.publish(name, { running: true, strokes: 1004, ts: start + 2000 });
      }
      const paused = async () => expect((await gateway.ready()).missing.join('\n')).toMatch(new RegExp(words, 'm'));
      await vi.waitFor(paused, PATIENCE);

      await gateway.kill();
      await gateway.start();
      await vi.waitFor(paused, PATIENCE);
      await gateway.kill();
      sandbox.setFaults([]);
      await gateway.start();

      const expected = { story: [`open ${timeOfDay(start)}`, `close ${timeOfDay(start + 2000)}`], cycles: 4, good: 4 };
      const all = Object.fromEntries(STATIONS.map(({ machine }) => [machine, expected]));
      await vi.waitFor(() => expect(accountOf(sandbox.state())).toEqual(all), PATIENCE);
      await gateway.untilDelivered();
      expect(accountOf(sandbox.state())).toEqual(all);
      expect((await gateway.status()).starts).toBe(3);
    },
  );
});
