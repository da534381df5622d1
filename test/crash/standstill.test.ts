import { describe, expect, it, vi } from 'vitest';
import { PATIENCE, testGateway } from '../support/gateway.ts';
import { mqttPlant } from '../support/mqtt-plant.ts';
import { API_KEY, dispatchesOf, testSandbox, UNTIL_RELEASED } from '../support/sandbox.ts';

/** Longer than a process may stand still without noticing it. */
const AWAY = 5000;

describe('a gateway that stands still between its look at L2L and its call', () => {
  it('after a standstill the gateway reads L2L again before it sends, and keeps what a person did meanwhile', async () => {
    const [sandbox, plant] = await Promise.all([testSandbox(), mqttPlant(1)]);
    const waits = { timeout: '1h' };
    const gateway = testGateway({ l2l: sandbox.url, sources: plant.source, rules: plant.rules, waits });
    await gateway.start();
    await gateway.untilReady();
    await plant.begin();
    await gateway.untilSeen();

    // L2L's answer that no dispatch is open waits in the socket of the process that stands still.
    sandbox.setFaults([{ kind: 'hang', ms: UNTIL_RELEASED, path: 'dispatches/', method: 'GET', count: 1 }]);
    const listed = () =>
      sandbox.state().calls.filter(({ method, path }) => method === 'GET' && path.endsWith('/dispatches/'));
    await plant.publish('weld1', { running: false, strokes: 1000, ts: Date.now() });
    await vi.waitFor(() => expect(sandbox.state().faults[0]?.struck).toBe(1), PATIENCE);
    gateway.freeze();
    const frozen = Date.now();
    sandbox.endWaits();
    await vi.waitFor(() => expect(listed()).toHaveLength(1), PATIENCE);
    const person = await fetch(`${sandbox.url}/api/1.0/dispatches/open/`, {
      method: 'POST',
      headers: { l2lauth: API_KEY, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'site=43&dispatchtypecode=DOWN&machinecode=WELD-01&description=by+Kim&user=kim&trade=MAINT',
    });
    expect(await person.json()).toMatchObject({ success: true });
    await vi.waitFor(() => expect(Date.now() - frozen).toBeGreaterThan(AWAY), PATIENCE);
    gateway.thaw();

    await gateway.untilDelivered();
    expect(listed().length).toBeGreaterThan(1);
    expect(dispatchesOf(sandbox.state(), 'WELD-01').map(({ description }) => description)).toEqual(['by Kim']);
  });
});
