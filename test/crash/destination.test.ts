import { describe, expect, it, vi } from 'vitest';
import { PATIENCE, testGateway } from '../support/gateway.ts';
import { accountOf, mqttPlant } from '../support/mqtt-plant.ts';
import { testSandbox, timeOfDay } from '../support/sandbox.ts';

describe('another L2L address while actions wait', () => {
  it('another L2L address gets no action that was made for the first one: no counts, and no close of a dispatch of the first one', async () => {
    const [first, second, plant] = await Promise.all([testSandbox(), testSandbox(), mqttPlant(1)]);
    const before = testGateway({ l2l: first.url, sources: plant.source, rules: plant.rules });
    await before.start();
    await before.untilReady();
    await plant.begin();
    await before.untilSeen();
    const stopped = Date.now();
    await plant.publish('weld1', { running: false, strokes: 1000, ts: stopped });
    const opened = [`open ${timeOfDay(stopped)}`];
    await vi.waitFor(() => expect(accountOf(first.state())['WELD-01']?.story).toEqual(opened), PATIENCE);
    await before.untilDelivered();

    first.setFaults([{ kind: 'status', status: 401, when: 'before' }]);
    await plant.publish('press1', { running: true, strokes: 1004, ts: Date.now() });
    // Waits for cycles and production of the counts so far. The log line comes after the write to disk; the status page would be a moment
    // too early.
    const kinds = () => before.logged('action made').map(({ action }) => (action as { readonly kind: string }).kind);
    await vi.waitFor(
      () => expect(kinds()).toEqual(expect.arrayContaining(['increment_cycles', 'record_details'])),
      PATIENCE,
    );
    await before.kill();

    const after = testGateway({
      l2l: second.url,
      sources: plant.source,
      rules: plant.rules,
      data: before.dataFolder,
    });
    await after.start();
    await after.untilReady();
    const start = Date.now();
    await plant.publish('weld1', { running: true, strokes: 1000, ts: start });
    await plant.publish('press1', { running: true, strokes: 1010, ts: start });
    await plant.publish('robot1', { running: false, strokes: 1000, ts: start });
    await plant.publish('robot1', { running: true, strokes: 1000, ts: start + 1000 });

    const nothing = { story: [], cycles: 0, good: 0 };
    const expected = {
      'PRESS-01': { story: [], cycles: 6, good: 6 },
      'WELD-01': nothing,
      'ROBOT-01': { ...nothing, story: [`open ${timeOfDay(start)}`, `close ${timeOfDay(start + 1000)}`] },
    };
    await vi.waitFor(() => expect(accountOf(second.state())).toEqual(expected), PATIENCE);
    await vi.waitFor(async () => expect((await after.status()).journal.actionsWaiting).toBe(0), PATIENCE);
    expect(accountOf(second.state())).toEqual(expected);
    expect(accountOf(first.state())).toMatchObject({ 'PRESS-01': nothing, 'WELD-01': { ...nothing, story: opened } });
    const { parked, deadLetters } = (await after.status()).journal;
    expect({ parked, deadLetters }).toEqual({ parked: 2, deadLetters: 0 });
    expect(after.logged('some calls wait for a person')).toHaveLength(1);
  });
});
