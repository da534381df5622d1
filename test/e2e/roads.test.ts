import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import type { Sandbox } from '../../src/simulation/sandbox/sandbox.ts';
import { type GatewayOptions, isRunning, PATIENCE, pidOf, type TestGateway, testGateway } from '../support/gateway.ts';
import { ON_DELAY, PLCS, rulesFor, type Shown, type TestPlc, type TestProtocol } from '../support/plcs.ts';
import { startPymodbus } from '../support/pymodbus.ts';
import {
  API_KEY,
  cyclesOf,
  dispatchesOf,
  dispatchStory,
  partsOf,
  testSandbox,
  UNTIL_RELEASED,
} from '../support/sandbox.ts';

const PROTOCOLS = Object.keys(PLCS) as TestProtocol[];
const RUNS: Shown = { running: true, strokes: 100, scrap: 5 };
type Stop = { readonly start: number; readonly end: number };

function gatewayFor(
  plcs: readonly TestPlc[],
  sandbox: Sandbox,
  change: Partial<Pick<GatewayOptions, 'mode' | 'waits'>> = {},
): TestGateway {
  return testGateway({
    l2l: sandbox.url,
    ...change,
    sources: plcs.map(plc => plc.source).join(''),
    rules: plcs.map(rulesFor).join(''),
  });
}

/**
 * Makes twelve strokes with two scrap, a stop, and five more strokes. Resolves to the true time of the stop. An interval may end between
 * the strokes and their scrap. Then the scrap is subtracted from the next good parts, so more parts have to follow.
 */
async function playShift(plc: TestPlc, isOpen: () => boolean): Promise<Stop> {
  await plc.show({ ...RUNS, strokes: 112, scrap: 7 });
  const start = await plc.show({ running: false, strokes: 112, scrap: 7 });
  await vi.waitFor(() => expect(isOpen()).toBe(true), PATIENCE);
  const end = await plc.show({ running: true, strokes: 117, scrap: 7 });
  return { start, end };
}

/**
 * L2L keeps whole seconds, so a true time may be up to a second early. When the PLC gives no time, the time is that of the gateway's
 * reading: some time before `known`, when the test saw the value there.
 */
function expectTime(told: number | null | undefined, truly: number, known: number, plc: TestPlc): void {
  if (plc.ownTime) {
    expect(told).toBe(Math.floor(truly / 1000) * 1000);
    return;
  }
  expect(told).toBeGreaterThan(truly - 1000);
  expect(told).toBeLessThanOrEqual(known);
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
  // The stop was sent after its delay.
  expectTime(dispatch?.reported, stop.start, stop.end - ON_DELAY, plc);
  expectTime(dispatch?.completed, stop.end, Date.now(), plc);
  expect(dispatch?.description).toMatch(new RegExp(`^${plc.name} stands still after 112 strokes `));
}

describe('the road from a signal to L2L', () => {
  it.each(PROTOCOLS)('a stop, cycles and parts from %s are sent with their true times', async protocol => {
    const [sandbox, plc] = await Promise.all([testSandbox(), PLCS[protocol](RUNS)]);
    const gateway = gatewayFor([plc], sandbox);
    await gateway.start();
    await gateway.untilSeen();

    const stop = await playShift(plc, () => dispatchesOf(sandbox.state(), plc.machine).length > 0);

    await expectDelivered(plc, stop, sandbox);
    await gateway.untilDelivered();
    expect(sandbox.state().log.flatMap(({ ignored = [] }) => ignored)).toEqual([]);
    const [dispatch] = dispatchesOf(sandbox.state(), plc.machine);
    const named = { level: 30, machine: plc.machine, dispatch: dispatch?.dispatchnumber };
    const sum = (message: string, field: string) =>
      gateway.logged(message).reduce((all, line) => all + Number(line[field]), 0);
    await vi.waitFor(() => {
      expect([gateway.logged('dispatch opened'), gateway.logged('dispatch closed')]).toMatchObject([[named], [named]]);
      expect([sum('cycle count sent', 'added'), sum('production recorded', 'good')]).toEqual([17, 15]);
    }, PATIENCE);
  });

  it('the gateway reads all three protocols at once, SIGTERM ends everything, and no secret is shown', async () => {
    const [sandbox, ...plcs] = await Promise.all([testSandbox(), ...PROTOCOLS.map(protocol => PLCS[protocol](RUNS))]);
    const gateway = gatewayFor(plcs, sandbox);
    await gateway.start();
    await gateway.untilReady();
    await gateway.untilSeen();
    const { mode, starts, notReady } = await gateway.status();
    expect({ mode, starts, notReady }).toEqual({ mode: 'live', starts: 1, notReady: [] });

    await Promise.all(
      plcs.map(async plc => {
        const stop = await playShift(plc, () => dispatchesOf(sandbox.state(), plc.machine).length > 0);
        await expectDelivered(plc, stop, sandbox);
        expect(dispatchStory(sandbox.state(), plc.machine).map(step => step.split(' ')[0])).toEqual(['open', 'close']);
      }),
    );
    await gateway.untilDelivered();

    const page = JSON.stringify(await gateway.status());
    expect(page).not.toMatch(/"fingerprint"|"epoch"|\[\\"|\{\\"/);
    expect(page.match(/"\d{4}-\d\d-\d\d[^"]*"/g)?.filter(time => !/T[\d:.]{12}-0[67]:00"$/.test(time))).toEqual([]);

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

  it('in shadow mode the gateway evaluates and records, and sends nothing to L2L', async () => {
    const [sandbox, plc] = await Promise.all([testSandbox(), PLCS.mqtt(RUNS)]);
    const gateway = gatewayFor([plc], sandbox, { mode: 'shadow' });
    await gateway.start();
    await gateway.untilSeen();
    const made = () => gateway.logged('action made').map(({ action }) => action as Action);
    const kinds = () => made().map(({ kind }) => kind);

    await playShift(plc, () => kinds().includes('open_dispatch'));
    // These are all actions of the shift: nothing more is made after them.
    await vi.waitFor(() => {
      const params = made().map(action => action.params);
      const cycles = params.reduce((sum, one) => sum + ('count' in one ? one.count : 0), 0);
      const good = params.reduce((sum, one) => sum + ('actual' in one ? one.actual : 0), 0);
      const scrap = params.reduce((sum, one) => sum + ('scrap' in one ? one.scrap : 0), 0);
      expect({ cycles, good, scrap }).toEqual({ cycles: 17, good: 15, scrap: 2 });
      expect(kinds()).toEqual(expect.arrayContaining(['open_dispatch', 'close_dispatch']));
    }, PATIENCE);

    await vi.waitFor(async () => expect((await gateway.status()).journal.shadow).toBe(kinds().length), PATIENCE);
    const { journal, mode } = await gateway.status();
    expect(mode).toBe('shadow');
    expect(journal.actionsWaiting).toBe(0);
    expect(await gateway.stop()).toBe(0);
    const { calls, log } = sandbox.state();
    expect([calls, log]).toEqual([[], []]);
    const would = gateway.lines().filter(({ msg }) => msg.startsWith('would '));
    expect(would).toHaveLength(kinds().length);
    expect(would.find(({ msg }) => msg === 'would open dispatch')).toMatchObject({
      level: 30,
      machine: plc.machine,
      description: expect.stringContaining('stands still'),
      reported: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*-0[67]:00$/),
    });
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

  it('SIGTERM lets the call under way end, and the waiting actions stay for the next start', async () => {
    const [sandbox, plc] = await Promise.all([testSandbox(), PLCS.mqtt(RUNS)]);
    const gateway = gatewayFor([plc], sandbox, { waits: { timeout: '1h' } });
    await gateway.start();
    await gateway.untilSeen();
    sandbox.setFaults([{ kind: 'slow', ms: UNTIL_RELEASED, method: 'POST', path: 'dispatches/open' }]);

    await plc.show({ running: false, strokes: 100, scrap: 5 });
    await vi.waitFor(() => expect(sandbox.state().faults[0]?.struck).toBe(1), PATIENCE);
    await plc.show(RUNS);
    await vi.waitFor(() => expect(gateway.logged('action made')).toHaveLength(2), PATIENCE);

    const stopped = gateway.stop();
    // The socket for people's commands closes last, before the queue takes no more actions.
    await vi.waitFor(() => expect(existsSync(join(gateway.dataFolder, 'control.sock'))).toBe(false), PATIENCE);
    sandbox.endWaits();
    expect(await stopped).toBe(0);
    expect(gateway.logged('call answered')).toMatchObject([{ outcome: { kind: 'delivered' } }]);
    expect(dispatchStory(sandbox.state(), plc.machine)).toHaveLength(1);

    await gateway.start();
    await vi.waitFor(() => expect(dispatchStory(sandbox.state(), plc.machine)).toHaveLength(2), PATIENCE);
    await gateway.untilDelivered();
    expect(sandbox.state().faults[0]?.struck).toBe(1);
  });
});
