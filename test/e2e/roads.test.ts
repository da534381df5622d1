import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Sandbox } from '../../src/simulation/sandbox/sandbox.ts';
import { isRunning, PATIENCE, pidOf, type TestGateway, testGateway } from '../support/gateway.ts';
import { PLCS, rulesFor, type Shown, type TestPlc, type TestProtocol } from '../support/plcs.ts';
import { startPymodbus } from '../support/pymodbus.ts';
import { API_KEY, cyclesOf, dispatchesOf, dispatchStory, partsOf, testSandbox } from '../support/sandbox.ts';

const PROTOCOLS = Object.keys(PLCS) as TestProtocol[];
const RUNS: Shown = { running: true, strokes: 100, scrap: 5 };
/** Without a time of the PLC's own: how long after the event the gateway may see it. */
const SEEN_WITHIN = 1500;

type Stop = { readonly start: number; readonly end: number };

function gatewayFor(plcs: readonly TestPlc[], sandbox: Sandbox, mode: 'live' | 'shadow' = 'live'): TestGateway {
  return testGateway({
    l2l: sandbox.url,
    mode,
    sources: plcs.map(plc => plc.source).join(''),
    rules: plcs.map(rulesFor).join(''),
  });
}

/**
 * Twelve strokes with two scrap, a stop, five strokes more. Resolves to when the stop truly was. An interval may close between the
 * strokes and their scrap: then the scrap is taken off the next good parts, so there have to be some.
 */
async function playShift(plc: TestPlc, isOpen: () => boolean): Promise<Stop> {
  await plc.show({ ...RUNS, strokes: 112, scrap: 7 });
  const start = Date.now();
  await plc.show({ running: false, strokes: 112, scrap: 7 });
  await vi.waitFor(() => expect(isOpen()).toBe(true), PATIENCE);
  const end = Date.now();
  await plc.show({ running: true, strokes: 117, scrap: 7 });
  return { start, end };
}

/** L2L keeps whole seconds, so a true time may look up to a second early. */
function expectTime(told: number | null | undefined, truly: number, plc: TestPlc): void {
  expect(told).toBeGreaterThan(truly - 1000);
  // Shown a moment after it was read from the clock here.
  expect(told).toBeLessThanOrEqual(truly + (plc.ownTime ? 100 : SEEN_WITHIN));
}

async function expectDelivered(plc: TestPlc, stop: Stop, sandbox: Sandbox): Promise<void> {
  await vi.waitFor(() => {
    const state = sandbox.state();
    expect({ cycles: cyclesOf(state, plc.machine), ...partsOf(state, plc.line) }).toEqual({
      cycles: 17,
      good: 15,
      scrap: 2,
    });
    expect(dispatchesOf(state, plc.machine).map(({ closed }) => closed !== null)).toEqual([true]);
  }, PATIENCE);
  const [dispatch] = dispatchesOf(sandbox.state(), plc.machine);
  expectTime(dispatch?.reported, stop.start, plc);
  expectTime(dispatch?.completed, stop.end, plc);
  expect(dispatch?.description).toMatch(new RegExp(`^${plc.name} stands still after 112 strokes `));
}

describe('the road from a signal to L2L', () => {
  it.each(PROTOCOLS)('%s: a stop, cycles and parts are told with their true times', async protocol => {
    const [sandbox, plc] = await Promise.all([testSandbox(), PLCS[protocol](RUNS)]);
    const gateway = gatewayFor([plc], sandbox);
    await gateway.start();
    await gateway.untilSeen();

    const stop = await playShift(plc, () => dispatchesOf(sandbox.state(), plc.machine).length > 0);

    await expectDelivered(plc, stop, sandbox);
    await gateway.untilDelivered();
    expect(sandbox.state().log.flatMap(({ ignored = [] }) => ignored)).toEqual([]);
  });

  it('all three protocols at once; SIGTERM ends everything; no secret shows', async () => {
    const [sandbox, ...plcs] = await Promise.all([testSandbox(), ...PROTOCOLS.map(protocol => PLCS[protocol](RUNS))]);
    const gateway = gatewayFor(plcs, sandbox);
    await gateway.start();
    await gateway.untilReady();
    await gateway.untilSeen();
    const { mode, epoch, notReady } = await gateway.status();
    expect({ mode, epoch, notReady }).toEqual({ mode: 'live', epoch: 1, notReady: [] });

    await Promise.all(
      plcs.map(async plc => {
        const stop = await playShift(plc, () => dispatchesOf(sandbox.state(), plc.machine).length > 0);
        await expectDelivered(plc, stop, sandbox);
        expect(dispatchStory(sandbox.state(), plc.machine).map(step => step.split(' ')[0])).toEqual(['open', 'close']);
      }),
    );
    await gateway.untilDelivered();

    const redis = await pidOf(await gateway.redis());
    expect(isRunning(redis)).toBe(true);
    const sessions = () => Promise.all(plcs.flatMap(plc => plc.sessions() ?? []));
    expect(await sessions()).toEqual([1]);
    expect(await gateway.stop()).toBe(0);
    expect(isRunning(redis)).toBe(false);
    expect(await sessions()).toEqual([0]);
    expect(gateway.logged('gateway stopped')).toHaveLength(1);

    const written = globSync(join(gateway.dataFolder, '*')).map(file => readFileSync(file, 'latin1'));
    expect(written.join('').length).toBeGreaterThan(1000);
    expect([...written, gateway.output()].filter(text => text.includes(API_KEY))).toEqual([]);
  });

  it('shadow mode evaluates and journals, and tells L2L nothing', async () => {
    const [sandbox, plc] = await Promise.all([testSandbox(), PLCS.mqtt(RUNS)]);
    const gateway = gatewayFor([plc], sandbox, 'shadow');
    await gateway.start();
    await gateway.untilSeen();
    const kinds = () => gateway.logged('action made').map(({ action }) => (action as { readonly kind: string }).kind);

    await playShift(plc, () => kinds().includes('open_dispatch'));
    await vi.waitFor(
      () =>
        expect(new Set(kinds())).toEqual(
          new Set(['open_dispatch', 'close_dispatch', 'increment_cycles', 'record_details']),
        ),
      PATIENCE,
    );

    const { journal, mode } = await gateway.status();
    expect(mode).toBe('shadow');
    expect(journal.actionsWaiting).toBe(0);
    expect(journal.shadow).toBe(kinds().length);
    expect(await gateway.stop()).toBe(0);
    const { calls, log } = sandbox.state();
    expect([calls, log]).toEqual([[], []]);
    expect(gateway.logged('shadow: not sent')).toHaveLength(kinds().length);
  });

  it('a 64-bit counter beyond 2^53 is counted exactly, and the status page shows it', async () => {
    const sandbox = await testSandbox();
    const words = (low: number) => [0x0020, 0, 0, low];
    const plc = await startPymodbus({ 1: { holding: { 0: words(1) } } });
    onTestFinished(plc.kill);
    const gateway = testGateway({
      l2l: sandbox.url,
      sources: `
  meter:
    protocol: modbus
    host: 127.0.0.1
    port: ${plc.port}
    first_register: 0
    poll: 50ms
    signals:
      meter.pulses: { unit: 1, holding: 0, as: uint64, counter: { wraps: full, max_rate: 1000/s } }`,
      rules: `
  pulses: { cycles: { machine: PRESS-02, counter: meter.pulses, every: 1s } }`,
    });
    await gateway.start();
    await gateway.untilSeen();

    await plc.set(1, 'holding', 0, words(8));

    await vi.waitFor(() => expect(cyclesOf(sandbox.state(), 'PRESS-02')).toBe(7), PATIENCE);
    const { signals } = await gateway.status();
    expect(signals.map(({ value }) => value)).toEqual([String(2n ** 53n + 8n)]);
  });

  it('SIGTERM lets the call under way end, and keeps what is left for the next start', async () => {
    const [sandbox, plc] = await Promise.all([testSandbox(), PLCS.mqtt(RUNS)]);
    const gateway = gatewayFor([plc], sandbox);
    await gateway.start();
    await gateway.untilSeen();
    sandbox.setFaults([{ kind: 'slow', ms: 1000, method: 'POST', path: 'dispatches/open' }]);

    await plc.show({ running: false, strokes: 100, scrap: 5 });
    await vi.waitFor(() => expect(sandbox.state().faults[0]?.struck).toBe(1), PATIENCE);
    await plc.show(RUNS);
    await vi.waitFor(() => expect(gateway.logged('action made')).toHaveLength(2), PATIENCE);

    expect(await gateway.stop()).toBe(0);
    expect(dispatchStory(sandbox.state(), plc.machine)).toHaveLength(1);

    await gateway.start();
    await vi.waitFor(() => expect(dispatchStory(sandbox.state(), plc.machine)).toHaveLength(2), PATIENCE);
    await gateway.untilDelivered();
    expect(sandbox.state().faults[0]?.struck).toBe(1);
  });
});
