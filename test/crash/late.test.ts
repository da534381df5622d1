import { describe, expect, it, vi } from 'vitest';
import { PATIENCE, testGateway } from '../support/gateway.ts';
import { accountOf, mqttPlant } from '../support/mqtt-plant.ts';
import { testSandbox, timeOfDay, UNTIL_RELEASED } from '../support/sandbox.ts';

const WAITS = { timeout: '1s', settle: '1s', batch_settle: '1s' };
const GIVEN_UP = 'no answer to a call: L2L may have taken it; it is looked up, or repeated where that doubles nothing';

describe('a call that L2L applies after the gateway gave it up', () => {
  it.each([
    ['dispatches/open', 'goes on'],
    ['dispatches/close', 'goes on'],
    ['increment_cycle_count', 'goes on'],
    ['record_details_batch/', 'goes on'],
    ['dispatches/open', 'is killed'],
    ['increment_cycle_count', 'is killed'],
    ['record_details_batch/', 'is killed'],
    ['increment_cycle_count', 'stands still meanwhile'],
  ])('the call %s is not doubled when the gateway %s and L2L applies it later', async (path, what) => {
    const [sandbox, plant] = await Promise.all([testSandbox(), mqttPlant(1)]);
    const gateway = testGateway({ l2l: sandbox.url, sources: plant.source, rules: plant.rules, waits: WAITS });
    await gateway.start();
    await gateway.untilReady();
    await plant.begin();
    await gateway.untilSeen();
    sandbox.setFaults([{ kind: 'hang', ms: UNTIL_RELEASED, path, method: 'POST', count: 1 }]);

    const start = Date.now();
    await plant.publish('weld1', { running: false, strokes: 1004, ts: start });
    await plant.publish('weld1', { running: true, strokes: 1004, ts: start + 1000 });
    await vi.waitFor(() => expect(sandbox.state().faults[0]?.struck).toBe(1), PATIENCE);
    // The look-ups hang until L2L has applied the call, so the result does not depend on the speed of this host.
    sandbox.setFaults([{ kind: 'hang', ms: UNTIL_RELEASED, method: 'GET' }]);
    const apply = () => {
      sandbox.setFaults([]);
      sandbox.endWaits();
    };
    if (what === 'goes on') {
      await vi.waitFor(() => expect(gateway.logged(GIVEN_UP).length).toBeGreaterThan(0), PATIENCE);
      apply();
    }
    if (what === 'is killed') {
      await gateway.kill();
      await gateway.start();
      apply();
    }
    if (what === 'stands still meanwhile') {
      gateway.freeze();
      apply();
      await vi.waitFor(() => expect(accountOf(sandbox.state())['WELD-01']?.cycles).toBe(4), PATIENCE);
      gateway.thaw();
    }

    const expected = { story: [`open ${timeOfDay(start)}`, `close ${timeOfDay(start + 1000)}`], cycles: 4, good: 4 };
    await vi.waitFor(() => expect(accountOf(sandbox.state())['WELD-01']).toEqual(expected), PATIENCE);
    await gateway.untilDelivered();
    expect(accountOf(sandbox.state())['WELD-01']).toEqual(expected);
  });
});
