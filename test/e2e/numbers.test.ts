import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PATIENCE, testGateway } from '../support/gateway.ts';
import { startOpcuaServer, TEST_NAMESPACE } from '../support/opcua.ts';
import { dispatchesOf, testSandbox } from '../support/sandbox.ts';

/** Each condition is true by the value on the status page. By the bits of a float or a rounded integer it would be false. */
const CONDITIONS = {
  'PRESS-01': 'screw.torque = 0.1',
  'PRESS-02': 'screw.torque + 0.2 = screw.limit',
  'WELD-01': 'screw.turns > screw.turns_before and screw.turns - screw.turns_before = 1',
};

describe('numbers', () => {
  it('a number in a condition means the value that the status page shows', async () => {
    const plc = await startOpcuaServer({
      nodes: [
        { id: 's=torque', type: 'Float', value: 0.1 },
        { id: 's=limit', type: 'Double', value: 0.3 },
        { id: 's=turns', type: 'Int64', value: [0x20_0000, 1] },
        { id: 's=turns_before', type: 'Int64', value: [0x20_0000, 0] },
      ],
    });
    onTestFinished(plc.kill);
    const sandbox = await testSandbox();
    const gateway = testGateway({
      l2l: sandbox.url,
      sources: `
  press_plc:
    protocol: opcua
    endpoint: ${plc.endpoint}
    namespace: ${TEST_NAMESPACE}
    signals:
      screw.torque: { node: s=torque, as: float32 }
      screw.limit: { node: s=limit, as: float64 }
      screw.turns: { node: s=turns, as: int64 }
      screw.turns_before: { node: s=turns_before, as: int64 }`,
      rules: Object.entries(CONDITIONS)
        .map(
          ([machine, when], index) => `
  rule_${index}:
    when: ${when}
    on_delay: 0s
    dispatch: { machine: ${machine}, type: DOWN, description: "Torque {{ screw.torque }}" }`,
        )
        .join(''),
    });

    await gateway.start();
    await gateway.untilSeen();

    const { signals } = await gateway.status();
    expect(Object.fromEntries(signals.map(({ definition, value }) => [definition.name, value]))).toEqual({
      'screw.torque': 0.1,
      'screw.limit': 0.3,
      'screw.turns': '9007199254740993',
      'screw.turns_before': '9007199254740992',
    });
    await vi.waitFor(() => {
      const opened = Object.keys(CONDITIONS).filter(machine => dispatchesOf(sandbox.state(), machine).length === 1);
      expect(opened).toEqual(Object.keys(CONDITIONS));
    }, PATIENCE);
  });
});
