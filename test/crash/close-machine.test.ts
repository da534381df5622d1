import { describe, expect, it, vi } from 'vitest';
import { PATIENCE, testGateway } from '../support/gateway.ts';
import { mqttPlant } from '../support/mqtt-plant.ts';
import { API_KEY, dispatchesOf, dispatchStory, testSandbox, timeOfDay, UNTIL_RELEASED } from '../support/sandbox.ts';

const RULES = `
  press1_down:
    when: not press1.running
    on_delay: 200ms
    dispatch: { machine: PRESS-01, type: DOWN, trade: MAINT, if_found_open: open, description: it stands, when_cleared: close_machine, note: runs }
  weld1_reset: { when: weld1.running, on_delay: 200ms, close: { machine: WELD-01, type: DOWN, note: "runs at {{ weld1.strokes }}" } }`;

type TestSandbox = Awaited<ReturnType<typeof testSandbox>>;

/** A person opens a dispatch; it was reported a minute ago. */
async function personOpens(sandbox: TestSandbox, machine: string): Promise<number> {
  const fields = { site: '43', machinecode: machine, dispatchtypecode: 'DOWN', trade: 'MAINT', user: 'kim' };
  const response = await fetch(`${sandbox.url}/api/1.0/dispatches/open/`, {
    method: 'POST',
    headers: { l2lauth: API_KEY },
    body: new URLSearchParams({ ...fields, auth: API_KEY, realuser: 'kim', description: 'seen by kim' }),
  });
  const { data } = (await response.json()) as { readonly data: { readonly id: number } };
  const dispatch = sandbox.state().dispatches.find(({ id }) => id === data.id);
  if (!dispatch) throw new Error('L2L has no such dispatch');
  Object.assign(dispatch, { reported: dispatch.reported - 60_000 });
  return data.id;
}

describe('a crash while every dispatch of a machine is closed', () => {
  it.each(['L2L never applied the call', 'L2L applied the call'] as const)(
    'killed, and %s: people and rule have their dispatches closed once, with the true time and the note',
    async when => {
      const [sandbox, plant] = await Promise.all([testSandbox(), mqttPlant(1)]);
      const gateway = testGateway({ l2l: sandbox.url, sources: plant.source, rules: RULES });
      await gateway.start();
      await gateway.untilConnected();
      await plant.publish('press1', { running: false, strokes: 1000, ts: Date.now() - 5000 });
      await plant.publish('weld1', { running: false, strokes: 7, ts: Date.now() - 5000 });
      await vi.waitFor(() => expect(dispatchesOf(sandbox.state(), 'PRESS-01')).toHaveLength(1), PATIENCE);
      const [own] = dispatchesOf(sandbox.state(), 'PRESS-01');
      const kims = [await personOpens(sandbox, 'PRESS-01'), await personOpens(sandbox, 'WELD-01')];
      await gateway.untilDelivered();

      sandbox.setFaults([{ kind: 'hang', ms: UNTIL_RELEASED, path: 'dispatches/closemachine', count: 2 }]);
      const ran = Date.now();
      await plant.publish('press1', { running: true, strokes: 1000, ts: ran });
      await plant.publish('weld1', { running: true, strokes: 7, ts: ran });
      // Both calls are out, and L2L works on them.
      await vi.waitFor(() => expect(sandbox.state().faults).toMatchObject([{ struck: 2 }]), PATIENCE);
      await gateway.kill();
      if (when === 'L2L applied the call') sandbox.endWaits();
      await gateway.start();
      await gateway.untilDelivered();

      const closed = { completed: Math.floor(ran / 1000) * 1000, closed: expect.any(Number) };
      const { dispatches } = sandbox.state();
      expect(dispatches).toMatchObject([
        { id: own?.id, ...closed, notes: ['runs'] },
        { id: kims[0], ...closed, notes: ['runs'] },
        { id: kims[1], ...closed, notes: ['runs at 7'] },
      ]);
      const end = `closemachine ${timeOfDay(ran)}`;
      expect(dispatchStory(sandbox.state(), 'PRESS-01').filter(step => !step.startsWith('open'))).toEqual([end, end]);
      expect(dispatchStory(sandbox.state(), 'WELD-01').filter(step => !step.startsWith('open'))).toEqual([end]);
    },
  );
});
