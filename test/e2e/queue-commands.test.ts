import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { HistoryRecord } from '../../src/core/history.ts';
import type { Sandbox } from '../../src/simulation/sandbox/sandbox.ts';
import { testFolder } from '../support/folder.ts';
import { type Ended, PATIENCE, runToEnd, type TestGateway, testGateway } from '../support/gateway.ts';
import { PLCS, type Shown, type TestPlc } from '../support/plcs.ts';
import { API_KEY, cyclesOf, dispatchesOf, dispatchStory, partsOf, testSandbox } from '../support/sandbox.ts';

const RUNS: Shown = { running: true, strokes: 100, scrap: 0 };
const STANDS: Shown = { ...RUNS, running: false };

type World = { readonly sandbox: Sandbox; readonly plc: TestPlc; readonly gateway: TestGateway };

type More = { readonly waits?: Readonly<Record<string, string>>; readonly codes?: string };

async function world(rules: string, more: More = {}): Promise<World> {
  const [sandbox, plc] = await Promise.all([testSandbox(), PLCS.mqtt(RUNS)]);
  const gateway = testGateway({ l2l: sandbox.url, sources: plc.source, rules, ...more });
  await gateway.start();
  await gateway.untilSeen();
  return { sandbox, plc, gateway };
}

const DOWN = `
  robot1_down:
    when: not robot1.running
    on_delay: 100ms
    dispatch: { machine: ROBOT-01, type: DOWN, description: Robot 1 stands still }`;
const CYCLES = `
  robot1_cycles: { cycles: { machine: ROBOT-01, counter: robot1.strokes, every: 1s } }`;
const PARTS = `
  line3_parts:
    production:
      line: LINE-3
      total: robot1.strokes
      product: "{{ codes[robot1.scrap].product }}"
      every: 1s
      lateness: 0s`;

/** Runs a command on the gateway's config, without the API key in its environment. No output may show the key. */
async function say(gateway: TestGateway, ...words: string[]): Promise<Ended> {
  const ended = await runToEnd([...words, gateway.file], { L2L_API_KEY: undefined });
  expect(`${ended.out}${ended.err}`).not.toContain(API_KEY);
  return ended;
}

/** Waits until the gateway has this many actions in a state, and returns them. */
async function listed(gateway: TestGateway, state: string, count: number): Promise<HistoryRecord[]> {
  return vi.waitFor(async () => {
    const { out, code } = await say(gateway, 'queue', 'export', '--state', state);
    const records = ndjson(out);
    expect({ code, count: records.length }).toEqual({ code: 0, count });
    return records;
  }, PATIENCE);
}

function ndjson(text: string): HistoryRecord[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as HistoryRecord);
}

describe('queue and journal commands', () => {
  it('a refused open is listed, shown, retried when L2L takes it, and delivered once', async () => {
    const { sandbox, plc, gateway } = await world(DOWN + CYCLES);
    sandbox.setFaults([{ kind: 'refuse', error: 'No such machine', path: 'dispatches/open' }]);
    await plc.show(STANDS);
    await vi.waitFor(() => expect(sandbox.state().faults[0]?.struck).toBeGreaterThan(0), PATIENCE);
    await plc.show({ ...STANDS, strokes: 103 });
    const [dead] = await listed(gateway, 'dead', 1);
    const id = String(dead?.id);

    const list = await say(gateway, 'queue', 'list');
    expect(list.code).toBe(0);
    expect(list.out).toMatch(
      new RegExp(
        `^ *${id} +dead +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d \\S+ +ROBOT-01 +open DOWN +robot1_down +No such machine$`,
        'm',
      ),
    );
    const show = await say(gateway, 'queue', 'show', id);
    expect(show.code).toBe(0);
    for (const part of [
      `${id}  open dispatch DOWN at ROBOT-01`,
      'dead: a dead letter',
      'why         No such machine',
      /rule +robot1_down {2}.*gateway\.yaml:\d+/,
      /true time +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d MST$/m,
      'robot1.running = false (good',
      /dispatchtypecode += DOWN/,
      /description += Robot 1 stands still \[gw [0-9a-f]{10}\]/,
      // The refusal is about a code of the call, so no evidence about other calls has to be awaited.
      /attempt 1 .* refused No such machine/,
      /answer \{.*No such machine/,
      `queue retry ${id} ${gateway.file}\n  effect      its episode is still active`,
    ]) {
      expect(show.out).toMatch(part);
    }
    expect((await gateway.status()).journal).toMatchObject({ newestUnsettled: [{ id: Number(id) }] });

    sandbox.setFaults([]);
    const both = await Promise.all([say(gateway, 'queue', 'retry', id), say(gateway, 'queue', 'retry', id)]);
    expect(both.map(({ code, err }) => [code, err])).toEqual([
      [0, ''],
      [0, ''],
    ]);

    await gateway.untilDelivered();
    expect(dispatchStory(sandbox.state(), 'ROBOT-01').map(step => step.split(' ')[0])).toEqual(['open']);
    const again = await say(gateway, 'queue', 'retry', id);
    expect([again.code, again.out]).toEqual([0, `${id}: L2L has it: there is nothing to retry\n`]);
    const journal = await say(gateway, 'journal', 'show', id);
    expect(journal.out).toMatch(/retried by \S+, /);
    expect((await say(gateway, 'queue', 'list', '--state', 'dead')).out).toContain('there is no dead letter');
  });

  it('a refused open whose episode is over is put back with its close', async () => {
    const { sandbox, plc, gateway } = await world(DOWN + CYCLES);
    sandbox.setFaults([{ kind: 'refuse', error: 'No such machine', path: 'dispatches/open' }]);
    await plc.show(STANDS);
    await vi.waitFor(() => expect(sandbox.state().faults[0]?.struck).toBeGreaterThan(0), PATIENCE);
    await plc.show({ ...RUNS, strokes: 103 });
    const [dead] = await listed(gateway, 'dead', 1);
    await vi.waitFor(async () => {
      const { out } = await say(gateway, 'journal', 'list', '--kind', 'close_dispatch');
      expect(out).toMatch(/ROBOT-01 +close DOWN/);
    }, PATIENCE);

    const retried = await say(gateway, 'queue', 'retry', '--all', '--rule', 'robot1_down');

    expect(retried.code).toBe(0);
    expect(retried.out).toContain(
      `${dead?.id}: its episode is over: one finished dispatch DOWN at ROBOT-01 is sent to L2L`,
    );
    const detail = ndjson((await say(gateway, 'queue', 'show', String(dead?.id), '--json')).out)[0];
    expect(detail?.params).toMatchObject({ ifMissed: 'add' });
  });

  it('a parked increment waits for a person, who retries or drops it', async () => {
    // Before the gateway looks it up, somebody else has changed the count.
    const { sandbox, plc, gateway } = await world(CYCLES, { waits: { settle: '3s' } });
    const before = cyclesOf(sandbox.state(), 'ROBOT-01');
    const doubt = async (strokes: number, parked: number) => {
      // L2L does not get the increment, and somebody else changes the count meanwhile. So the present count decides nothing.
      sandbox.setFaults([{ kind: 'reset', path: 'increment_cycle_count', method: 'POST', count: 1 }]);
      await plc.show({ ...RUNS, strokes });
      await vi.waitFor(() => expect(sandbox.state().faults[0]?.struck).toBe(1), PATIENCE);
      await somebodyCounts(sandbox, 100);
      return listed(gateway, 'parked', parked);
    };

    const [first] = await doubt(107, 1);
    const id = String(first?.id);
    const asked = await say(gateway, 'queue', 'retry', id);
    expect(asked.code).toBe(1);
    expect(asked.err).toMatch(
      /add 7 cycles to ROBOT-01: nobody knows whether L2L has it \(ROBOT-01 stood at \d+, stands at \d+/,
    );
    expect(asked.err).toContain('run the command again with --yes');
    expect((await say(gateway, 'queue', 'retry', id, '--yes')).out).toContain('it waits to be sent again');
    await gateway.untilDelivered();
    expect(cyclesOf(sandbox.state(), 'ROBOT-01') - before).toBe(107);

    const [second] = await doubt(112, 1);
    const dropped = await say(gateway, 'queue', 'drop', String(second?.id), '--yes', '--why', 'seen in L2L');
    expect([dropped.code, dropped.err]).toEqual([0, '']);
    await gateway.untilDelivered();
    expect(cyclesOf(sandbox.state(), 'ROBOT-01') - before).toBe(207);
    const shown = await say(gateway, 'journal', 'show', String(second?.id));
    expect(shown.out).toMatch(/why +dropped by \S+: seen in L2L/);
  });

  it('production without a product is parked, and sent with the product that a person or a corrected lookup names', async () => {
    const { sandbox, plc, gateway } = await world(PARTS, { codes: 'recipe;product\n99;P-99\n' });
    const codes = join(dirname(gateway.file), 'codes.csv');
    await plc.show({ ...RUNS, strokes: 107 });
    const [set] = await listed(gateway, 'parked', 1);
    const id = String(set?.id);
    const why = 'lookup codes has no row for robot1.scrap = 0';
    expect(gateway.logged('production is parked: its product is not known')).toMatchObject([
      { level: 50, line: 'LINE-3', detail: expect.stringContaining(why), actions: [set?.id] },
    ]);

    const show = await say(gateway, 'queue', 'show', id);
    for (const part of ['record 7 good, 0 scrap of a product that is not known on LINE-3', `why         ${why}`])
      expect(show.out).toContain(part);
    expect((await say(gateway, 'queue', 'retry', id)).err).toContain(`its product is not known (${why})`);
    expect((await say(gateway, 'queue', 'retry', '--all', '--product', 'P-1')).code).toBe(64);
    const named = await say(gateway, 'queue', 'retry', id, '--product', 'P-100');
    expect([named.code, named.out]).toEqual([
      0,
      `${id}: it waits to be sent: record 7 good, 0 scrap of P-100 on LINE-3\n`,
    ]);
    await vi.waitFor(() => expect(partsOf(sandbox.state(), 'LINE-3').good).toBe(7), PATIENCE);

    await plc.show({ ...RUNS, strokes: 112 });
    const [later] = await listed(gateway, 'parked', 1);
    await gateway.stop();
    writeFileSync(codes, 'recipe;product\n0;P-200\n');
    await gateway.start();
    await gateway.untilDelivered();
    await vi.waitFor(() => expect(partsOf(sandbox.state(), 'LINE-3').good).toBe(12), PATIENCE);
    expect((await say(gateway, 'journal', 'show', String(later?.id))).out).toMatch(
      /retried by the gateway, .*\n +why +as product P-200; the config names it now/,
    );
  });

  it('the commands read the journal of a gateway that does not run, and change nothing in it', async () => {
    const { sandbox, plc, gateway } = await world(DOWN + CYCLES);
    await plc.show(STANDS);
    await vi.waitFor(() => expect(dispatchesOf(sandbox.state(), 'ROBOT-01')).toHaveLength(1), PATIENCE);
    await gateway.untilDelivered();
    const socket = join(gateway.dataFolder, 'control.sock');
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    const whileItRuns = await say(gateway, 'journal', 'export');

    await gateway.kill();
    expect(existsSync(socket)).toBe(true);

    const afterwards = await say(gateway, 'journal', 'export');
    expect(afterwards).toEqual(whileItRuns);
    expect(ndjson(afterwards.out)[0]).toMatchObject({
      kind: 'open_dispatch',
      state: 'delivered',
      calls: [{ state: 'delivered' }],
    });
    const data = await runToEnd(['journal', 'list', '--data', gateway.dataFolder], { L2L_API_KEY: undefined });
    expect(data.out).toMatch(/delivered .* ROBOT-01 +open DOWN/);
    const retry = await say(gateway, 'queue', 'retry', '1');
    expect(retry.code).toBe(1);
    expect(retry.err).toContain(`no gateway runs on ${gateway.dataFolder}: start it, then run this command again`);

    await gateway.start();
    expect((await say(gateway, 'queue', 'retry', '99')).err).toBe('99: the journal has no action 99\n');
    expect((await say(gateway, 'queue', 'show', '99')).code).toBe(1);
    expect(await gateway.stop()).toBe(0);
    expect(existsSync(socket)).toBe(false);
  });

  it('the gateway answers commands when the path of its data folder is too long for a socket', async () => {
    const sandbox = await testSandbox();
    const data = join(testLongFolder(), 'data');
    const gateway = testGateway({
      l2l: sandbox.url,
      data,
      sources: `
  sim: { protocol: simulated, signals: { a.running: { as: bool, script: [ { for: 1s, value: true } ] } } }`,
      rules: `
  down: { when: not a.running, on_delay: 1s, dispatch: { machine: ROBOT-01, type: DOWN, description: x } }`,
    });
    await gateway.start();

    expect(readFileSync(join(data, 'control.path'), 'utf8')).toMatch(/control\.sock\n$/);
    expect((await say(gateway, 'queue', 'retry', '99')).err).toBe('99: the journal has no action 99\n');
    await gateway.kill();
    expect((await say(gateway, 'queue', 'retry', '99')).err).toContain('no gateway runs');
    await gateway.start();
    expect((await say(gateway, 'queue', 'list')).out).toContain('nothing waits');
    expect(await gateway.stop()).toBe(0);
    expect(existsSync(join(data, 'control.path'))).toBe(false);
  });
});

function testLongFolder(): string {
  return join(testFolder(), 'a-folder-with-a-name-that-is-much-too-long'.repeat(3));
}

async function somebodyCounts(sandbox: Sandbox, cycles: number): Promise<void> {
  const response = await fetch(`${sandbox.url}/api/1.0/machines/increment_cycle_count/`, {
    method: 'POST',
    headers: { l2lauth: API_KEY, 'content-type': 'application/x-www-form-urlencoded' },
    body: `site=43&code=ROBOT-01&cyclecount=${cycles}`,
  });
  expect(await response.json()).toMatchObject({ success: true });
}
