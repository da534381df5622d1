import { describe, expect, it, vi } from 'vitest';
import { PATIENCE, testGateway } from '../support/gateway.ts';
import { mqttPlant } from '../support/mqtt-plant.ts';
import { partsOf, testSandbox, UNTIL_RELEASED } from '../support/sandbox.ts';

const RULES = `
  line1:
    production:
      line: LINE-1
      total: press1.strokes
      scrap: { CRACK: weld1.strokes, BURR: robot1.strokes }
      operators: 2
      product: P-100
      every: 2s
      lateness: 300ms`;

describe('a crash while scrap is sent', () => {
  it.each(['L2L never applied the call', 'L2L applied the call'] as const)(
    'killed, and %s: each category is in L2L once, and the sets have no scrap of their own',
    async outcome => {
      const [sandbox, plant] = await Promise.all([testSandbox(), mqttPlant(1)]);
      const gateway = testGateway({ l2l: sandbox.url, sources: plant.source, rules: RULES });
      await gateway.start();
      await gateway.untilConnected();
      await plant.begin();
      await gateway.untilSeen();
      sandbox.setFaults([{ kind: 'hang', ms: UNTIL_RELEASED, path: 'add_scrap_detail', count: 1 }]);
      const ts = Date.now();
      await plant.publish('weld1', { running: true, strokes: 1003, ts });
      await plant.publish('robot1', { running: true, strokes: 1002, ts });
      await plant.publish('press1', { running: true, strokes: 1020, ts });
      await vi.waitFor(() => expect(sandbox.state().faults).toMatchObject([{ struck: 1 }]), PATIENCE);
      await gateway.kill();
      if (outcome === 'L2L applied the call') sandbox.endWaits();
      await gateway.start();
      await plant.publish('press1', { running: true, strokes: 1030, ts: Date.now() });
      await vi.waitFor(() => expect(partsOf(sandbox.state(), 'LINE-1')).toEqual({ good: 25, scrap: 0 }), PATIENCE);
      await gateway.untilDelivered();

      const { scraps, details, log } = sandbox.state();
      expect(scraps.map(({ category, scrap }) => [category, scrap]).toSorted()).toEqual([
        ['BURR', 2],
        ['CRACK', 3],
      ]);
      expect(new Set(details.map(one => one.operator_count))).toEqual(new Set([2]));
      const times = log.filter(({ what }) => what.startsWith('scrapdetail')).map(({ change }) => Number(change.at));
      // The last second of an interval of two seconds, not before the one in which the scrap was counted.
      expect(times.map(time => time % 2000)).toEqual([1000, 1000]);
      expect(Math.min(...times)).toBeGreaterThanOrEqual(Math.floor(ts / 2000) * 2000 + 1000);
    },
  );
});
