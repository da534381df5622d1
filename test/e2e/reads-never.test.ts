import { connectAsync } from 'mqtt';
import { expect, it, onTestFinished, vi } from 'vitest';
import { PATIENCE, runToEnd, testGateway } from '../support/gateway.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { dispatchesOf, testSandbox } from '../support/sandbox.ts';

it('with a key that may only write, a gateway with l2l.reads: never sends no read, and says what is weaker', async () => {
  const broker = await startMosquitto();
  onTestFinished(broker.close);
  const sandbox = await testSandbox();
  sandbox.setManners({ rights: 'write_only' });
  const gateway = testGateway({
    l2l: sandbox.url,
    waits: { reads: 'never' },
    sources: `
  broker:
    protocol: mqtt
    url: ${broker.url}
    client_id: gateway_under_test
    signals:
      press.alarm: { topic: press/alarm, json: $.on, as: bool }`,
    rules: `
  press_down:
    when: press.alarm
    on_delay: 0s
    off_delay: 0s
    dispatch: { machine: PRESS-01, type: DOWN, trade: MAINT, description: Alarm, if_closed_by_person: reopen }`,
  });
  const client = await connectAsync(broker.url);
  onTestFinished(() => client.endAsync(true));
  const publish = (on: boolean) => client.publishAsync('press/alarm', JSON.stringify({ on }), { qos: 1, retain: true });
  await gateway.start();
  await publish(true);
  await vi.waitFor(() => expect(dispatchesOf(sandbox.state(), 'PRESS-01')).toHaveLength(1), PATIENCE);
  await publish(false);
  await vi.waitFor(
    () => expect(dispatchesOf(sandbox.state(), 'PRESS-01')).toMatchObject([{ closed: expect.any(Number) }]),
    PATIENCE,
  );
  await gateway.kill();
  await gateway.start();
  await publish(true);
  await vi.waitFor(() => expect(dispatchesOf(sandbox.state(), 'PRESS-01')).toHaveLength(2), PATIENCE);

  // A close that was sent before the kill may be sent again.
  expect(new Set(sandbox.state().calls.map(({ method }) => method))).toEqual(new Set(['POST']));
  const weaker = [
    /time zone/,
    /open dispatch of a person/,
    /lost answer/,
    /one by one/,
    /press_down: .*reopen does nothing/,
  ];
  expect(await gateway.status()).toMatchObject({
    reads: 'never',
    weaker: weaker.map(words => expect.stringMatching(words)),
  });
  const { code, out } = await runToEnd(['check', gateway.file]);
  expect(code).toBe(0);
  for (const words of weaker) {
    expect(out).toMatch(words);
    expect(gateway.lines().some(line => words.test(JSON.stringify(line)))).toBe(true);
  }
  const calls = sandbox.state().calls.length;
  const online = await runToEnd(['check', '--online', gateway.file]);
  expect(online.err).toContain('l2l.reads: never, so L2L is not asked');
  expect(sandbox.state().calls).toHaveLength(calls);
});
