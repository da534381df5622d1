import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { BREAKER_DEFAULTS } from '../../src/queue/breaker.ts';
import type { FaultInput } from '../../src/simulation/sandbox/faults.ts';
import { openBench, PATIENCE, QUICK } from '../queue/harness.ts';
import { increment } from '../support/actions.ts';
import { testDelivery } from '../support/delivery.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { testSandbox } from '../support/sandbox.ts';
import { episode } from './episode.ts';

const MACHINES = ['PRESS-01', 'PRESS-02', 'WELD-01', 'WELD-02'];

/** The sandbox, and a queue with the breaker of real gateways. The key may read other areas. */
async function openPlant() {
  const sandbox = await testSandbox();
  const { delivery } = testDelivery({
    url: sandbox.url,
    clock: systemClock(),
    log: recordingLogger(),
    chainOf: chain => bench.journal.chain(chain),
    settings: { askKey: async () => 'takes', verify: async () => {}, unverified: () => null },
  });
  const timings = { ...QUICK.timings, firstMend: 30, longestMend: 60 };
  const bench = await openBench({ real: delivery, l2l: { timings, breaker: BREAKER_DEFAULTS } });
  return { ...bench, sandbox };
}

const LACKS: readonly (readonly [string, FaultInput])[] = [
  ['401', { kind: 'status', status: 401 }],
  ['403', { kind: 'status', status: 403 }],
  ['success:false', { kind: 'refuse', error: 'You do not have permission to perform this action.' }],
];

/** Rights in L2L are per record area. */
describe('a key without a right', () => {
  it.each(LACKS)(
    'without the right to write machines (%s), the counts wait with the name of the area, and dispatches open',
    async (_, lack) => {
      const { sandbox, commit, queue, journal, isIdle } = await openPlant();
      sandbox.setFaults([{ ...lack, path: 'machines', method: 'POST' }]);
      await commit(...MACHINES.map(machine => increment(machine, 1)));
      await vi.waitFor(() => expect(queue.status().heldUp[0]?.lanes).toHaveLength(4), PATIENCE);
      await commit(episode(1, 60_000, 0).open);
      await vi.waitFor(() => expect(sandbox.state().dispatches).toHaveLength(1), PATIENCE);

      expect(queue.status().paused).toEqual([]);
      expect(queue.status().heldUp).toMatchObject([
        { reason: 'rights', detail: expect.stringMatching(/^writing \/machines\/: .*lacks the right/) },
      ]);
      sandbox.setFaults([]);
      await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
      expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
    },
  );

  it.each(LACKS)('without the right to read dispatches (%s), a dispatch opens once and closes', async (_, lack) => {
    const { sandbox, commit, journal, isIdle } = await openPlant();
    sandbox.setFaults([{ ...lack, path: 'dispatches', method: 'GET' }]);
    const one = episode(1, 60_000, 0);
    await commit(one.open);
    await vi.waitFor(() => expect(sandbox.state().dispatches).toHaveLength(1), PATIENCE);
    await commit(one.close);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(sandbox.state().dispatches).toMatchObject([{ closed: expect.any(Number) }]);
    expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
  });

  it('without the right to read dispatches, an open that L2L refuses for another dispatch waits, and the words name the area', async () => {
    const { sandbox, commit, queue, journal } = await openPlant();
    await commit(episode(1, 60_000, 0, { rule: 'other', machine: 'PRESS-01' }).open);
    await vi.waitFor(() => expect(sandbox.state().dispatches).toHaveLength(1), PATIENCE);
    sandbox.setFaults([{ kind: 'status', status: 403, path: 'dispatches', method: 'GET' }]);
    await commit(episode(2, 30_000, 0, { rule: 'ours', machine: 'PRESS-01' }).open);
    await vi.waitFor(() => expect(queue.status().heldUp).toMatchObject([{ reason: 'rights' }]), PATIENCE);
    expect(queue.status().heldUp[0]?.detail).toMatch(/reading \/dispatches\//);

    sandbox.setFaults([]);
    await vi.waitFor(() => expect(journal.openCalls()).toEqual([]), PATIENCE);
    expect(sandbox.state().dispatches).toHaveLength(1);
  });
});
