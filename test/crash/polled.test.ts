import { describe, expect, it, vi } from 'vitest';
import { PATIENCE, testGateway } from '../support/gateway.ts';
import { PLCS, rulesFor } from '../support/plcs.ts';
import { cyclesOf, dispatchesOf, partsOf, testSandbox } from '../support/sandbox.ts';

describe('SIGKILL of a gateway whose PLC keeps nothing for it', () => {
  it.each(['opcua', 'modbus'] as const)(
    '%s: after a SIGKILL the gateway counts the movement of its absence and closes its open dispatch',
    async protocol => {
      const [sandbox, plc] = await Promise.all([
        testSandbox(),
        PLCS[protocol]({ running: true, strokes: 100, scrap: 5 }),
      ]);
      const gateway = testGateway({ l2l: sandbox.url, sources: plc.source, rules: rulesFor(plc) });
      await gateway.start();
      await gateway.untilSeen();
      const dispatches = () => dispatchesOf(sandbox.state(), plc.machine);
      const counts = () => ({ cycles: cyclesOf(sandbox.state(), plc.machine), ...partsOf(sandbox.state(), plc.line) });

      // A stop that begins before the kill and ends after the next start. Its strokes happen while nobody reads.
      await plc.show({ running: false, strokes: 104, scrap: 5 });
      await vi.waitFor(() => expect(dispatches()).toHaveLength(1), PATIENCE);
      await gateway.kill();
      await plc.show({ running: false, strokes: 111, scrap: 6 });
      await gateway.start();
      await vi.waitFor(() => expect(counts()).toEqual({ cycles: 11, good: 10, scrap: 1 }), PATIENCE);
      expect(dispatches().map(({ closed }) => closed !== null)).toEqual([false]);

      // A stop that ends while nobody reads. Its end can lie neither before the kill nor after the first reading.
      await gateway.kill();
      const killed = Date.now();
      await plc.show({ running: true, strokes: 112, scrap: 6 });
      await gateway.start();
      await vi.waitFor(() => expect(dispatches().map(({ closed }) => closed !== null)).toEqual([true]), PATIENCE);
      await vi.waitFor(() => expect(counts()).toEqual({ cycles: 12, good: 11, scrap: 1 }), PATIENCE);
      await gateway.untilDelivered();

      expect(dispatches()).toHaveLength(1);
      expect(dispatches()[0]?.completed).toBeGreaterThan(killed - 1000);
      expect(counts()).toEqual({ cycles: 12, good: 11, scrap: 1 });
    },
  );
});
