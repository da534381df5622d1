import { readFileSync, writeFileSync } from 'node:fs';
import { connectAsync } from 'mqtt';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PATIENCE, runToEnd, testGateway } from '../support/gateway.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { cyclesOf, dispatchesOf, testSandbox } from '../support/sandbox.ts';

/** A wrong setting has to be named within this time. */
const NAMED = 5000;
/** The settings of real gateways: the budget of L2L, and a breaker that opens after five failures. */
const RULES = `
  press_down:
    when: press.alarm
    on_delay: 0s
    dispatch: { machine: PRESS-01, type: DOWN, description: Alarm }
  press_count:
    cycles: { machine: PRESS-99, counter: press.parts, every: 1s, mode: increment }`;

async function plant(options: { readonly key?: string; readonly edit?: (yaml: string) => string } = {}) {
  const broker = await startMosquitto();
  onTestFinished(broker.close);
  const sandbox = await testSandbox();
  const gateway = testGateway({
    l2l: sandbox.url,
    sources: `
  broker:
    protocol: mqtt
    url: ${broker.url}
    client_id: gateway_under_test
    signals:
      press.alarm: { topic: press/alarm, json: $.on, as: bool }
      press.parts: { topic: press/parts, json: $.n, as: number, counter: { wraps: never, max_rate: 60000/min } }`,
    rules: RULES,
    ...(options.key !== undefined && { env: { L2L_API_KEY: options.key } }),
  });
  if (options.edit) edit(options.edit);
  function edit(change: (yaml: string) => string): void {
    writeFileSync(gateway.file, change(readFileSync(gateway.file, 'utf8')));
  }
  const client = await connectAsync(broker.url);
  onTestFinished(() => client.endAsync(true));
  const say = (topic: string, body: object) => client.publishAsync(topic, JSON.stringify(body), { qos: 1 });
  const lineOf = (key: string) =>
    `${gateway.file}:${
      readFileSync(gateway.file, 'utf8')
        .split('\n')
        .findIndex(line => line.trim().startsWith(key)) + 1
    }`;
  return { sandbox, gateway, say, edit, lineOf };
}

describe('the first mistake towards L2L', () => {
  it.each([
    ['key', { key: 'not-the-key' }, /does not take the API key.*Invalid API key/, 'api_key:'],
    [
      'site',
      { edit: (yaml: string) => yaml.replace('site: 43', 'site: 44') },
      /no site 44 for this key; the key's sites are 43/,
      'site:',
    ],
    [
      'zone',
      { edit: (yaml: string) => yaml.replace(/timezone: .*/, 'timezone: Europe/Berlin') },
      /config says Europe\/Berlin, L2L site 43 is in America\/Phoenix; fix l2l.timezone at /,
      'timezone:',
    ],
  ] as const)('a wrong %s is named at the start, and nothing is sent', async (_, options, words, key) => {
    const { gateway, say, sandbox, lineOf } = await plant(options);
    await gateway.start();
    const began = Date.now();
    await vi.waitFor(async () => {
      const { code, missing } = await gateway.ready();
      expect(code).toBe(503);
      expect(missing.join('\n')).toMatch(words);
      expect(missing.join('\n')).toContain(lineOf(key));
    }, PATIENCE);
    expect(Date.now() - began).toBeLessThan(NAMED);
    expect(gateway.output()).toContain(lineOf(key));
    expect(gateway.output()).not.toContain('not-the-key');

    await gateway.untilConnected();
    await say('press/alarm', { on: true });
    await vi.waitFor(async () => expect((await gateway.status()).journal.actionsWaiting).toBe(1), PATIENCE);
    const { queue } = await gateway.status();
    expect(queue.words).toMatch(/1 call waits.*; nothing is sent: /);
    expect(queue.paused[0]?.words).toBe('nothing is sent');
    expect(queue.paused[0]?.detail).toMatch(words);
    const { calls } = sandbox.state();
    expect(calls.filter(({ method }) => method === 'POST')).toEqual([]);
    expect(await gateway.stop()).toBe(0);
  });

  it('a user whom L2L does not know is named with its place in the config, and a retry sends the dispatch after the correction', async () => {
    const { gateway, say, sandbox, edit, lineOf } = await plant({
      edit: yaml => yaml.replace(/user: .*/, 'user: nobody'),
    });
    await gateway.start();
    await gateway.untilReady();
    await say('press/alarm', { on: true });
    const words = `Invalid user: there is no user nobody; correct l2l.user at ${lineOf('user:')}`;
    const listed = async () => (await runToEnd(['queue', 'list', gateway.file])).out;
    await vi.waitFor(async () => expect(await listed()).toContain(words), PATIENCE);
    await vi.waitFor(() => expect(gateway.output()).toMatch(/"level":50.*correct l2l.user at .*dead letter/), PATIENCE);
    expect(await gateway.stop()).toBe(0);

    edit(yaml => yaml.replace(/user: .*/, 'user: gateway'));
    await gateway.start();
    expect(await runToEnd(['queue', 'retry', '1', gateway.file])).toMatchObject({ code: 0 });
    await vi.waitFor(() => expect(dispatchesOf(sandbox.state(), 'PRESS-01')).toHaveLength(1), PATIENCE);
  });

  it('a count for a machine that L2L does not know delays no dispatch', async () => {
    const { gateway, say, sandbox } = await plant();
    await gateway.start();
    await gateway.untilReady();
    for (let n = 0; n < 5; n += 1) await say('press/parts', { n });
    await vi.waitFor(async () => {
      expect(gateway.output()).toMatch(/"level":40.*no machine PRESS-99 at site 43.*did you mean/);
    }, PATIENCE);
    expect(gateway.output()).toMatch(new RegExp(`press_count.*${gateway.file}:\\d+`));

    const began = Date.now();
    await say('press/alarm', { on: true });
    await vi.waitFor(() => expect(dispatchesOf(sandbox.state(), 'PRESS-01')).toHaveLength(1), PATIENCE);
    expect(Date.now() - began).toBeLessThan(NAMED);
    expect(gateway.output()).not.toMatch(/all calls wait/);
    const held = new RegExp(
      `rule press_count \\(${gateway.file}:\\d+\\) wait: .*PRESS-99.* Correct the code in the rule`,
    );
    expect((await gateway.ready()).missing).toEqual([expect.stringMatching(held)]);
    const { queue } = await gateway.status();
    expect(queue.words).toMatch(held);
    expect((await runToEnd(['queue', 'list', gateway.file])).out).toMatch(held);
    expect(queue.heldUp).toMatchObject([{ lanes: ['cycles:PRESS-99'], rules: [{ rule: 'press_count' }] }]);
  });

  it('a code that is corrected in the file reaches the waiting actions, and a dead letter through queue retry --as-rule', async () => {
    const { gateway, say, sandbox, edit } = await plant({ edit: yaml => yaml.replace('type: DOWN', 'type: DWN') });
    await gateway.start();
    await gateway.untilReady();
    const start = Date.now();
    for (let n = 0; n < 5; n += 1) await say('press/parts', { n });
    await say('press/alarm', { on: true });
    await vi.waitFor(async () => expect((await gateway.status()).journal.deadLetters).toBe(1), PATIENCE);
    await vi.waitFor(() => expect(gateway.output()).toMatch(/no machine PRESS-99/), PATIENCE);
    expect(gateway.output()).toMatch(/"level":50.*DWN.*dead letter/);
    expect(await gateway.stop()).toBe(0);

    edit(yaml => yaml.replace('type: DWN', 'type: DOWN').replace('PRESS-99', 'PRESS-02'));
    await gateway.start();
    await vi.waitFor(() => expect(cyclesOf(sandbox.state(), 'PRESS-02')).toBe(4), PATIENCE);

    const { out: listed } = await runToEnd(['queue', 'list', gateway.file, '--state', 'dead', '--json']);
    const { id } = JSON.parse(listed) as { readonly id: number };
    const shown = await runToEnd(['queue', 'show', String(id), gateway.file]);
    expect(shown.out).toMatch(new RegExp(`queue retry ${id} --as-rule .*\n  effect +.*type DWN -> DOWN`));
    const retried = await runToEnd(['queue', 'retry', String(id), gateway.file, '--as-rule']);
    expect(retried).toMatchObject({ code: 0, out: expect.stringContaining('type DWN -> DOWN') });
    await vi.waitFor(() => expect(dispatchesOf(sandbox.state(), 'PRESS-01')).toHaveLength(1), PATIENCE);
    const [dispatch] = dispatchesOf(sandbox.state(), 'PRESS-01');
    expect(Math.abs((dispatch?.reported ?? 0) - start)).toBeLessThan(10_000);

    await say('press/alarm', { on: false });
    await vi.waitFor(() => expect(dispatchesOf(sandbox.state(), 'PRESS-01')[0]?.closed).not.toBeNull(), PATIENCE);
    await gateway.untilDelivered();
  });

  it('a code that is corrected in the file reaches the counts that the rule has not sent yet', async () => {
    const { gateway, say, sandbox, edit } = await plant({ edit: yaml => yaml.replace('every: 1s', 'every: 1h') });
    await gateway.start();
    await gateway.untilReady();
    for (let n = 0; n < 5; n += 1) await say('press/parts', { n });
    await vi.waitFor(async () => expect(JSON.stringify(await gateway.status())).toMatch(/4 to be sent/), PATIENCE);
    expect(await gateway.stop()).toBe(0);

    edit(yaml => yaml.replace('PRESS-99', 'PRESS-02'));
    await gateway.start();
    await vi.waitFor(() => expect(cyclesOf(sandbox.state(), 'PRESS-02')).toBe(4), PATIENCE);
    await gateway.untilDelivered();
    expect(gateway.output()).toMatch(/machine PRESS-99 -> PRESS-02/);
  });
});
