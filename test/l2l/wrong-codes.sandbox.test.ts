import { describe, expect, it, vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { systemClock } from '../../src/core/clock.ts';
import { BREAKER_DEFAULTS } from '../../src/queue/breaker.ts';
import { openBench, PATIENCE, QUICK } from '../queue/harness.ts';
import { increment, recordSet } from '../support/actions.ts';
import { testDelivery } from '../support/delivery.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { testSandbox } from '../support/sandbox.ts';
import { episode } from './episode.ts';

const SOON = { ...QUICK.timings, firstMend: 30, longestMend: 60, refusalHold: 3_600_000 };

/** The sandbox, and a queue with the breaker of real gateways; `askKey` gives the answers for other areas. */
async function openPlant(askKey: 'takes' | 'refuses' = 'takes', timings: typeof SOON = SOON) {
  const sandbox = await testSandbox();
  const log = recordingLogger();
  const { delivery } = testDelivery({
    url: sandbox.url,
    clock: systemClock(),
    log,
    chainOf: chain => bench.journal.chain(chain),
    settings: { askKey: async () => askKey, verify: async () => {}, unverified: () => null },
  });
  const bench = await openBench({ real: delivery, log, l2l: { timings, breaker: BREAKER_DEFAULTS } });
  const pauses = () => log.lines.filter(({ level, message }) => level === 'error' && /wait/.test(message));
  return { ...bench, sandbox, log, pauses };
}

function cycles(rule: string, machine: string, where: string): Action {
  return { ...increment(machine, 1), rule, cause: { rule, where, text: '', values: [] } };
}

function set(line: string, minute: number, product: string): Action {
  const { params, ...plain } = recordSet(line, minute);
  return { ...plain, params: { ...params, product } } as Action;
}

const opensOf = (plant: Awaited<ReturnType<typeof openPlant>>) => plant.sandbox.state().dispatches.length;

describe('a wrong code stops nobody else', () => {
  it('counts of a machine that L2L does not know wait alone, and the log names the code, the rule and its line', async () => {
    const plant = await openPlant();
    await plant.commit(cycles('press_count', 'PRESS-99', 'plant.yaml:31'));
    await vi.waitFor(() => expect(plant.log.lines.some(({ level }) => level === 'warn')).toBe(true), PATIENCE);
    const [warning] = plant.log.lines.filter(({ level }) => level === 'warn');
    expect(JSON.stringify(warning)).toMatch(/no machine PRESS-99/);
    expect(JSON.stringify(warning)).toMatch(/press_count.*plant\.yaml:31/);

    // Far more attempts than the failures that the breaker allows.
    await vi.waitFor(() => expect(plant.sandbox.state().calls.length).toBeGreaterThan(0), PATIENCE);
    await plant.commit(episode(1, 60_000, 0).open);
    await vi.waitFor(() => expect(opensOf(plant)).toBe(1), PATIENCE);
    expect(plant.queue.status().paused).toEqual([]);
    expect(plant.pauses()).toEqual([]);
    expect(plant.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(plant.journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
  });

  it('thirty misspelt machines in counts, dispatches and production are thirty problems, and not a general one', async () => {
    const plant = await openPlant();
    const machines = Array.from({ length: 30 }, (_, index) => `PRES-${index}`);
    await plant.commit(
      ...machines.map(machine => cycles(`count_${machine}`, machine, 'plant.yaml:31')),
      ...machines.map((machine, index) => episode(index, 60_000, 0, { rule: `down_${machine}`, machine }).open),
      ...machines.map(
        (type, index) => episode(index, 60_000, 0, { rule: `type_${type}`, machine: 'WELD-01', type }).open,
      ),
    );
    await vi.waitFor(() => expect(plant.journal.counts().deadLetters).toBe(60), PATIENCE);
    await plant.commit(episode(1, 60_000, 0, { rule: 'healthy' }).open, cycles('healthy', 'WELD-01', 'plant.yaml:60'));
    await vi.waitFor(() => expect(opensOf(plant)).toBe(1), PATIENCE);
    await vi.waitFor(
      () => expect(plant.sandbox.state().machines.find(({ code }) => code === 'WELD-01')?.cyclecount).toBe(501),
      PATIENCE,
    );
    expect(plant.pauses()).toEqual([]);
    expect(plant.queue.status().paused).toEqual([]);
    const waiting = plant.journal.openCalls().filter(({ lanes }) => lanes[0]?.startsWith('cycles:PRES-'));
    expect(waiting.map(({ reason }) => reason)).toEqual(machines.map(() => 'code'));
  });

  it.each([401, 403] as const)(
    'an area that the key may not use (%i) holds up only the calls that need it',
    async status => {
      const plant = await openPlant();
      plant.sandbox.setFaults([{ kind: 'status', status, path: 'machines' }]);
      await plant.commit(
        ...['PRESS-01', 'PRESS-02', 'WELD-01', 'WELD-02'].map(code => cycles('c', code, 'plant.yaml:31')),
      );
      await vi.waitFor(() => expect(plant.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(4), PATIENCE);
      await plant.commit(episode(1, 60_000, 0).open);
      await vi.waitFor(() => expect(opensOf(plant)).toBe(1), PATIENCE);
      expect(plant.pauses()).toEqual([]);

      plant.sandbox.setFaults([]);
      await vi.waitFor(() => expect(plant.isIdle()).toBe(true), PATIENCE);
      expect(plant.journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
    },
  );

  it('an opaque refusal of all writes and reads pauses everything and makes no dead letter', async () => {
    const plant = await openPlant('refuses');
    plant.sandbox.setFaults([{ kind: 'refuse', error: 'The site is closed' }]);
    await plant.commit(
      ...['PRESS-01', 'PRESS-02', 'WELD-01', 'WELD-02'].map(
        (machine, index) => episode(index, 60_000, 0, { rule: `down_${machine}`, machine }).open,
      ),
    );
    await vi.waitFor(() => expect(plant.queue.status().paused[0]?.cause).toBe('refused'), PATIENCE);
    expect(plant.journal.counts().deadLetters).toBe(0);
  });

  it('a set of production whose product is created within the hour is recorded once, and other lines do not wait', async () => {
    const plant = await openPlant('takes', { ...SOON, giveUpAfter: 3_600_000 });
    const now = Math.floor(Date.now() / 60_000) - 60;
    const good = set('LINE-1', now, 'P-100');
    const bad = set('LINE-2', now, 'P-NEW');
    await plant.commit(good, bad);
    await vi.waitFor(() => expect(plant.queue.status().heldUp).toHaveLength(1), PATIENCE);
    expect(plant.queue.status().heldUp[0]).toMatchObject({ lanes: ['production:LINE-2'] });
    expect(plant.queue.status().heldUp[0]?.detail).toMatch(/P-NEW/);
    await vi.waitFor(() => expect(plant.sandbox.state().details).toHaveLength(1), PATIENCE);

    plant.sandbox.setManners({ unknown_product: 'create' });
    await vi.waitFor(() => expect(plant.isIdle()).toBe(true), PATIENCE);
    expect(plant.sandbox.state().details).toHaveLength(2);
    expect(plant.journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
  });
});
