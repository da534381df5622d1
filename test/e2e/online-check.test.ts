import { connectAsync } from 'mqtt';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PATIENCE, runToEnd, testGateway } from '../support/gateway.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { dispatchesOf, testSandbox, UNTIL_RELEASED } from '../support/sandbox.ts';

async function plant(options: { readonly mode?: 'live' | 'shadow' } = {}) {
  const broker = await startMosquitto();
  onTestFinished(broker.close);
  const sandbox = await testSandbox();
  const gateway = testGateway({
    ...options,
    l2l: sandbox.url,
    sources: `
  broker:
    protocol: mqtt
    url: ${broker.url}
    client_id: gateway_under_test
    signals:
      press.alarm: { topic: press/alarm, json: $.on, as: bool }
      press.parts: { topic: press/parts, json: $.n, as: number, counter: { wraps: never, max_rate: 60000/min } }`,
    rules: `
  press_down:
    when: press.alarm
    on_delay: 0s
    dispatch: { machine: PRESS-01, type: DOWN, description: Alarm }
  press_count:
    cycles: { machine: PRES-02, counter: press.parts, every: 1h, mode: increment }`,
  });
  const client = await connectAsync(broker.url);
  onTestFinished(() => client.endAsync(true));
  const say = (topic: string, body: object) => client.publishAsync(topic, JSON.stringify(body), { qos: 1 });
  return { sandbox, gateway, say };
}

const WRONG = 'L2L does not agree with the config';

describe('the gateway compares its config with L2L', () => {
  it('a wrong code is in the log once and on /status, before a call meets it; check shows it; the gateway runs on', async () => {
    const { gateway, say, sandbox } = await plant();
    await gateway.start();
    await vi.waitFor(() => expect(gateway.logged(WRONG)).toHaveLength(1), PATIENCE);
    const finding = { what: 'machine', code: 'PRES-02' };
    expect(gateway.logged(WRONG)).toMatchObject([{ ...finding, at: expect.stringMatching(/gateway\.yaml:\d+:\d+$/) }]);
    const status = (await gateway.status()) as unknown as {
      readonly comparedWithL2l: { readonly wrong: readonly object[] };
    };
    expect(status.comparedWithL2l).toMatchObject({
      wrong: [{ ...finding, words: expect.stringContaining('did you mean `PRESS-02`?') }],
      unchecked: [],
    });
    await say('press/alarm', { on: true });
    await vi.waitFor(() => expect(dispatchesOf(sandbox.state(), 'PRESS-01')).toHaveLength(1), PATIENCE);

    await gateway.kill();
    await gateway.start();
    await vi.waitFor(() => expect(gateway.logged('the config is compared with L2L')).toHaveLength(2), PATIENCE);
    expect(gateway.logged(WRONG)).toHaveLength(1);
    await sandbox.stop();
    const { code, out } = await runToEnd(['check', gateway.file]);
    expect(code).toBe(0);
    expect(out).toMatch(/WRONG +machine +PRES-02 .*did you mean `PRESS-02`/);
  });

  it('a list that L2L never gives, and a right that the key lacks, hold up no dispatch', async () => {
    const { gateway, say, sandbox } = await plant();
    sandbox.setFaults([
      { kind: 'hang', ms: UNTIL_RELEASED, path: 'dispatchtypes', method: 'GET' },
      { kind: 'status', status: 403, path: 'machines', method: 'GET' },
    ]);
    await gateway.start();
    await vi.waitFor(
      () => expect(sandbox.state().faults.find(({ kind }) => kind === 'hang')).toMatchObject({ struck: 1 }),
      PATIENCE,
    );
    await say('press/alarm', { on: true });
    await vi.waitFor(() => expect(dispatchesOf(sandbox.state(), 'PRESS-01')).toHaveLength(1), PATIENCE);
    sandbox.endWaits();
    await vi.waitFor(
      () =>
        expect(gateway.logged('a part of the config could not be compared with L2L')).toMatchObject([
          { detail: expect.stringMatching(/^machine: the key lacks the right to read \/machines\//) },
        ]),
      PATIENCE,
    );
  });

  it('in mode shadow L2L is not asked', async () => {
    const { gateway, sandbox } = await plant({ mode: 'shadow' });
    await gateway.start();
    await gateway.untilConnected();

    expect(await gateway.stop()).toBe(0);
    expect(sandbox.state().calls).toEqual([]);
  });
});
